import AccountStore
import IntegrityCore
import Synchronization

/// Does population work, one after the other: one is at work, one may wait.
final class PopulationThread: Sendable {
  private struct Job: Sendable {
    let work: PopulationWork
    let sink: any PopulationSink
  }

  /// What the work needs of the engine.
  struct Means: Sendable {
    let table: AccountTable
    let schema: EvidenceSchema
    let policies: PolicyBoard
    let questions: SequencerQuestions
    let compile: PolicyCompiler
    let receipts: (any ReceiptArchive)?
    /// Of the last command applied.
    let position: @Sendable () -> LogPosition
    let clock: any EngineClock
    let workerCount: Int
    let stop: StopFlag
  }

  /// Work that waits for the one that is at work.
  static let waitingMax = 1

  private let queue = WaitingQueue<Job>(countMax: waitingMax)
  private let thread: EngineThread
  private let means: Means
  private let isBusy: Busy

  private final class Busy: Sendable {
    let flag = Atomic<Bool>(false)
  }

  init(_ means: Means) {
    self.means = means
    let busy = Busy()
    isBusy = busy
    thread = EngineThread { [queue] in
      EngineThread.giveWayToAll()
      while let job = queue.take() {
        busy.flag.store(true, ordering: .relaxed)
        Self.run(job, means)
        busy.flag.store(false, ordering: .relaxed)
      }
    }
  }

  private static func run(_ job: Job, _ means: Means) {
    if means.stop.isSet { return job.sink.end(.closed) }
    if job.sink.isCancelled { return job.sink.end(.cancelled) }
    switch job.work {
    case .rescore(let order): job.sink.end(RescoreRun(order, means, job.sink).run())
    case .sweep(let at, let actor, let reason):
      job.sink.end(SweepRun(at: at, actor: actor, reason: reason, means, job.sink).run())
    }
  }

  func submit(_ work: PopulationWork, to sink: any PopulationSink) -> PopulationAdmission {
    switch queue.offer(Job(work: work, sink: sink)) {
    case .accepted: isBusy.flag.load(ordering: .relaxed) ? .waits : .accepted
    case .full: .full
    case .closed: .closed
    }
  }

  /// Ends what is at work, and what waits. Blocks until then. Once only.
  func end() {
    means.stop.set()
    queue.close()
    thread.join()
  }
}

/// Whether population work is taken.
public enum PopulationAdmission: Sendable {
  case accepted
  /// It begins when the one that is at work has ended.
  case waits
  /// One is at work and one waits already.
  case full
  case closed
}
