import IntegrityCore
import Synchronization

/// One call on its way through the sequencer: commands to be logged, or a question that is
/// to be answered in order with them.
public final class EngineJob: Sendable {
  public enum Work: Sendable {
    /// Of one source, with increasing sequences; one at least.
    case record([Command])
    case desk(DeskCommand)
    case ask(DeskQuestion)
  }

  public let work: Work
  /// Monotonic nanoseconds after which it is not to be begun.
  public let deadlineNanoseconds: UInt64
  /// Who asked, in the asker's own terms.
  public let ticket: Ticket
  public let replyTo: any ReplySink
  private let cancelled = Atomic<Bool>(false)

  /// Names the connection and stream of a request to the `ReplySink`.
  public struct Ticket: Hashable, Sendable {
    public let connection: UInt64
    public let stream: UInt32

    public init(connection: UInt64, stream: UInt32) {
      self.connection = connection
      self.stream = stream
    }
  }

  public init(
    _ work: Work, deadlineNanoseconds: UInt64, ticket: Ticket, replyTo: any ReplySink
  ) {
    self.work = work
    self.deadlineNanoseconds = deadlineNanoseconds
    self.ticket = ticket
    self.replyTo = replyTo
  }

  /// - Precondition: all commands are of one source, with increasing sequences.
  public convenience init(
    commands: [Command], deadlineNanoseconds: UInt64, ticket: Ticket, replyTo: any ReplySink
  ) {
    self.init(
      .record(commands), deadlineNanoseconds: deadlineNanoseconds, ticket: ticket,
      replyTo: replyTo)
  }

  /// Takes effect if the job is not yet begun. Any thread.
  public func cancel() { cancelled.store(true, ordering: .relaxed) }

  var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  /// The commands of a Record; none of other work.
  public var commands: [Command] {
    if case .record(let commands) = work { commands } else { [] }
  }

  /// Commands that it puts into the log.
  var loggedCount: Int {
    switch work {
    case .record(let commands): commands.count
    case .desk: 1
    case .ask: 0
    }
  }

  /// What it weighs in the queue and in a group: a question as much as a command, a
  /// policy's document as many commands as have its size.
  var queuedCount: Int {
    if case .desk(let command) = work, case .putPolicy(let text) = command.action {
      return 1 + text.utf8.count / CommandCoding.sizeBytes
    }
    return max(loggedCount, 1)
  }
}

/// What became of a job.
public enum JobOutcome: Sendable, Equatable {
  case done(applied: Int, duplicates: Int, highestSequence: UInt64, position: LogPosition)
  /// A command of the desk was logged and applied.
  case answered(DeskAnswer, position: LogPosition)
  /// It was refused, most often behind being logged: nothing has changed but the time.
  case refused(DeskRefusal)
  /// A question was answered.
  case told(DeskReport, position: LogPosition)
  case deadlineExceeded
  case cancelled
  /// The table or the list of sources is full.
  case storeFull(String)
  /// The log failed: whether the commands are in it is unknown.
  case logFailed(String)
}

/// Takes answers of a group back to where they were asked: one per event loop.
public protocol ReplySink: AnyObject, Sendable {
  /// Called by the sequencer once a group, with all outcomes for this sink.
  func deliver(_ outcomes: [(EngineJob.Ticket, JobOutcome)])
}
