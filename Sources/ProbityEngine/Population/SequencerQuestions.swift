import IntegrityCore

/// Asks the sequencer, or gives it commands, from a thread that waits for the answers.
final class SequencerQuestions: Sendable {
  private let queue: JobQueue

  init(_ queue: JobQueue) { self.queue = queue }

  /// Where answers wait for who asked.
  private final class Inbox: ReplySink {
    let answers = WaitingQueue<(number: UInt32, outcome: JobOutcome)>(countMax: .max)

    func deliver(_ outcomes: [(EngineJob.Ticket, JobOutcome)]) {
      for (ticket, outcome) in outcomes { _ = answers.offer((ticket.stream, outcome)) }
    }
  }

  /// Waits for the answer; nil where the engine has ended.
  func ask(_ question: DeskQuestion) -> DeskReport? {
    let inbox = Inbox()
    guard push(.ask(question), 0, to: inbox),
      case .told(let report, _)? = inbox.answers.take()?.outcome
    else { return nil }
    return report
  }

  private func push(_ work: EngineJob.Work, _ number: UInt32, to inbox: Inbox) -> Bool {
    let job = EngineJob(
      work, deadlineNanoseconds: .max,
      ticket: EngineJob.Ticket(connection: 0, stream: number), replyTo: inbox)
    while true {
      switch queue.push(job) {
      case .accepted: return true
      case .closed: return false
      case .full: EngineThread.rest(nanoseconds: 1_000_000)
      }
    }
  }

  /// Commands in flight, so many at a time, each with a number of its own.
  struct Pipeline {
    private let questions: SequencerQuestions
    private let inbox = Inbox()
    private var sentCount: UInt32 = 0
    private(set) var inFlightCount = 0

    static let countMax = 128

    init(_ questions: SequencerQuestions) { self.questions = questions }

    var isFull: Bool { inFlightCount == Self.countMax }

    /// - Returns: the command's number; nil where the engine has ended.
    mutating func send(_ command: DeskCommand) -> UInt32? {
      sentCount &+= 1
      if !questions.push(.desk(command), sentCount, to: inbox) { return nil }
      inFlightCount += 1
      return sentCount
    }

    /// Waits for the next answer to any of them.
    mutating func next() -> (number: UInt32, outcome: JobOutcome)? {
      if inFlightCount == 0 { return nil }
      inFlightCount -= 1
      return inbox.answers.take()
    }
  }

  func pipeline() -> Pipeline { Pipeline(self) }
}
