import IntegrityCore
import ProbityEngine
import ProbityWire
import Reactor

/// Calls of the dispute desk: commands and questions that the sequencer answers in one
/// order with the Records.
extension Connection {
  func askDesk(
    _ method: Method, _ payload: UnsafeRawBufferPointer, stream: UInt32, _ arrival: Arrival,
    _ deadline: UInt64
  ) throws(CallFailure) {
    guard calls.desk.count < limits.deskCallsInFlightMax else { throw .overloaded(limits) }
    let request = unsafe try loop.codec.decodeDesk(method, payload)
    let job = EngineJob(
      try work(of: request, now: arrival.wall), deadlineNanoseconds: deadline,
      ticket: EngineJob.Ticket(connection: id, stream: stream), replyTo: loop)
    switch service.engine.submit(job) {
    case .accepted: calls.await(DeskCall(request, job), stream: stream)
    case .queueFull: throw .overloaded(limits)
    case .closed: throw .draining(retryAfter: limits)
    }
  }

  private func work(
    of request: DeskRequest, now: UnixSeconds
  ) throws(CallFailure) -> EngineJob.Work {
    switch request {
    case .command(var command, _):
      if command.at == .zero { command.at = now }
      try check(command, now: now)
      return .desk(command)
    case .claim(let id): return .ask(.claim(id))
    case .affected(let id, let below): return .ask(.affected(id, below: Self.bound(below)))
    case .budgets: return .ask(.budgets)
    case .overrides(let account): return .ask(.overrides(account))
    case .policies: return .ask(.policies)
    case .standing(let merchant): return .ask(.standing(merchant))
    case .standings(let filter, let below):
      return .ask(.standings(filter, below: Self.bound(below)))
    case .shadow(let below, let countMax):
      let count = countMax == 0 ? ProtocolLimits.shadowCountStandard : countMax
      return .ask(.shadow(below: Self.bound(below), countMax: Int(count)))
    }
  }

  /// Nothing said is from the newest on.
  private static func bound(_ below: UInt32) -> UInt32 { below == 0 ? .max : below }

  private func check(_ command: DeskCommand, now: UnixSeconds) throws(CallFailure) {
    if case .putPolicy(let text) = command.action,
      text.utf8.count > ProtocolLimits.policyBytesMax
    {
      let message = "document must be at most \(ProtocolLimits.policyBytesMax) bytes of UTF-8"
      throw CallFailure(.invalidArgument, message, field: "document")
    }
    if let fault = command.fault(latest: latestEvent(now: now)) {
      let field = DeskField.wireName(of: fault.field, in: command.action)
      throw CallFailure(.invalidArgument, "\(field) \(fault.remedy)", field: field)
    }
  }

  /// The sequencer's answer to a call of the desk; it goes out with the next `flushReplies`.
  func finish(_ call: DeskCall, stream: UInt32, _ outcome: JobOutcome) {
    switch outcome {
    case .answered(let answer, let position):
      send(loop.reply(to: call.request, answer, position), stream)
    case .told(let report, let position):
      do throws(CallFailure) {
        send(try loop.reply(to: call.request, report, position), stream)
      } catch {
        refuse(error, stream: stream)
      }
    case .refused(let refusal): refuse(CallFailure(refusal, call.request), stream: stream)
    case .done: preconditionFailure("a call of the desk was answered as a Record")
    case .deadlineExceeded, .cancelled, .storeFull, .logFailed:
      refuse(failure(for: outcome), stream: stream)
    }
  }

  private func send(_ reply: DeskReply, _ stream: UInt32) {
    loop.codec.encodeDesk(reply, stream: stream, to: &loop.replies)
  }
}

/// A call of the desk that the sequencer works on.
struct DeskCall {
  let request: DeskRequest
  let job: EngineJob

  init(_ request: DeskRequest, _ job: EngineJob) {
    self.request = request
    self.job = job
  }
}

/// Fields of the core's types by their names on the wire.
enum DeskField {
  static func wireName(of field: String, in action: DeskAction?) -> String {
    if case .openClaim = action { return inClaim[field] ?? field }
    return field == "endsAt" ? "ends_at" : field
  }

  private static let inClaim = [
    "claim": "claim.id", "buyer": "claim.buyer", "merchant": "claim.merchant",
    "orderedAt": "claim.ordered_at", "openedAt": "claim.opened_at", "amount": "claim.amount",
    "category": "claim.category", "proofs": "claim.proofs", "allegation": "claim.allegation",
  ]
}

extension DeskRefusal.Kind {
  var status: StatusCode {
    switch self {
    case .invalid: .invalidArgument
    case .notFound: .notFound
    case .precondition: .failedPrecondition
    case .exhausted: .resourceExhausted
    }
  }
}

extension CallFailure {
  /// It was executed: what was refused has its place in the log.
  init(_ refusal: DeskRefusal, _ request: DeskRequest) {
    let status = refusal.kind.status
    var action: DeskAction?
    if case .command(let command, _) = request { action = command.action }
    self.init(
      status, refusal.message, field: DeskField.wireName(of: refusal.field, in: action),
      notExecuted: false)
  }
}
