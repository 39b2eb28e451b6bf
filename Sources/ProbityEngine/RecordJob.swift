import IntegrityCore
import Synchronization

/// One Record request on its way through the sequencer.
public final class RecordJob: Sendable {
  public let commands: [Command]
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

  /// - Precondition: all commands are of one source, with increasing sequences.
  public init(
    commands: [Command], deadlineNanoseconds: UInt64, ticket: Ticket, replyTo: any ReplySink
  ) {
    self.commands = commands
    self.deadlineNanoseconds = deadlineNanoseconds
    self.ticket = ticket
    self.replyTo = replyTo
  }

  /// Takes effect if the job is not yet begun. Any thread.
  public func cancel() { cancelled.store(true, ordering: .relaxed) }

  var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
}

/// What became of a job.
public enum RecordOutcome: Sendable, Equatable {
  case done(applied: Int, duplicates: Int, highestSequence: UInt64, position: LogPosition)
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
  func deliver(_ outcomes: [(RecordJob.Ticket, RecordOutcome)])
}
