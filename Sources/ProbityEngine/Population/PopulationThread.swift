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

  /// Work that is taken and not at its end: one is at work, one waits.
  static let takenMax = 2

  private let queue = WaitingQueue<Job>(countMax: takenMax)
  private let thread: EngineThread
  private let means: Means
  private let taken: Taken

  private final class Taken: Sendable {
    let count = Mutex(0)
  }

  init(_ means: Means) {
    self.means = means
    let taken = Taken()
    self.taken = taken
    thread = EngineThread { [queue] in
      EngineThread.giveWayToAll()
      while let job = queue.take() {
        Self.run(job, means)
        taken.count.withLock { $0 -= 1 }
      }
    }
  }

  private static func run(_ job: Job, _ means: Means) {
    if means.stop.isSet { return job.sink.end(.closed) }
    if job.sink.isCancelled { return job.sink.end(.cancelled) }
    switch job.work {
    case .rescore(let order): job.sink.end(RescoreRun(order, means, job.sink).run())
    case .figures(let from, let to):
      job.sink.end(KeyFiguresRun(from: from, to: to, means, job.sink).run())
    case .sweep(let at, let actor, let reason):
      job.sink.end(SweepRun(at: at, actor: actor, reason: reason, means, job.sink).run())
    }
  }

  func submit(_ work: PopulationWork, to sink: any PopulationSink) -> PopulationAdmission {
    taken.count.withLock { count in
      if count == Self.takenMax {
        let gone = queue.remove { $0.sink.isCancelled }
        for job in gone { job.sink.end(.cancelled) }
        count -= gone.count
      }
      if count == Self.takenMax { return .full }
      switch queue.offer(Job(work: work, sink: sink)) {
      case .accepted:
        count += 1
        return count == 1 ? .accepted : .waits
      case .full: return .full
      case .closed: return .closed
      }
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
