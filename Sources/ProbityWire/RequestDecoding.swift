import CProbityMessages
import IntegrityCore

/// What the server reads.
extension Codec {
  /// The hottest message: read by hand where it is as encoders write it.
  @inlinable
  public func decodeScore(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> AccountRequest {
    if let request = unsafe ScoreRequestForm.read(bytes) { return request }
    return unsafe try decodeAnyScore(bytes)
  }

  /// Whatever is a ScoreRequest; also what `decodeScore` is tested against.
  public func decodeAnyScore(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> AccountRequest {
    let message = unsafe try unpack(
      bytes, "ScoreRequest", probity__v1__score_request__unpack)
    return unsafe try accountRequest(
      message.pointee.account, message.pointee.kind, asOf: message.pointee.as_of)
  }

  public func decodeExplain(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> AccountRequest {
    let message = unsafe try unpack(
      bytes, "ExplainRequest", probity__v1__explain_request__unpack)
    return unsafe try accountRequest(
      message.pointee.account, message.pointee.kind, asOf: message.pointee.as_of)
  }

  /// - Parameter body: gets kind, time (nil = the server's clock), the ids, and
  ///   columns for the answer; ids and columns are gone when it returns.
  public func decodeScoreBatch(
    _ bytes: UnsafeRawBufferPointer,
    _ body: (AccountKind, UnixSeconds?, Span<UInt64>, ScoreColumns) -> Void
  ) throws(CallFailure) {
    let message = unsafe try unpack(
      bytes, "ScoreBatchRequest", probity__v1__score_batch_request__unpack)
    let kind = unsafe try accountKind(message.pointee.kind)
    let asOf = unsafe try time(message.pointee.as_of, "as_of")
    let count = unsafe message.pointee.n_accounts
    guard (1...ProtocolLimits.batchAccountsMax).contains(count) else {
      throw invalid(
        "accounts", "must hold 1 to \(ProtocolLimits.batchAccountsMax) ids, but holds \(count)")
    }
    let ids = unsafe UnsafeBufferPointer(start: message.pointee.accounts, count: count)
    if let index = unsafe ids.firstIndex(of: 0) {
      throw invalid("accounts[\(index)]", "must be a number from 1 to 2^64-1")
    }
    let hasSourcing = unsafe message.pointee.sourcing != 0
    if hasSourcing && kind != .merchant { throw invalid("sourcing", "is for merchants") }
    guard let columns = ScoreColumns(count: count, hasSourcing: hasSourcing, in: arena) else {
      throw CallFailure(.resourceExhausted, "no memory for the answer: send fewer ids")
    }
    body(kind, asOf, unsafe ids.span, columns)
  }

  /// Source and commands; the events are not yet checked (`Event.fault`).
  public func decodeRecord(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> [Command] {
    let message = unsafe try unpack(
      bytes, "RecordRequest", probity__v1__record_request__unpack)
    let source = unsafe message.pointee.source
    if source == 0 { throw invalid("source", "must be a number from 1 to 2^64-1") }
    let count = unsafe message.pointee.n_commands
    guard (1...ProtocolLimits.recordCommandsMax).contains(count) else {
      throw invalid(
        "commands",
        "must hold 1 to \(ProtocolLimits.recordCommandsMax) commands, but holds \(count)")
    }
    var commands: [Command] = []
    commands.reserveCapacity(count)
    var lastSequence: UInt64 = 0
    for index in 0..<count {
      guard let command = unsafe message.pointee.commands[index]?.pointee else { continue }
      do throws(CallFailure) {
        let sequence = unsafe command.sequence
        if sequence <= lastSequence {
          throw invalid("sequence", "must be 1 or more and greater than that of the command before")
        }
        lastSequence = sequence
        commands.append(
          Command(source: source, sequence: sequence, event: unsafe try event(command)))
      } catch {
        throw Self.inCommand(index, error)
      }
    }
    return commands
  }

  /// - Returns: the service asked about: "", "lookups" or "recording".
  public func decodeHealth(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> String {
    let message = unsafe try unpack(
      bytes, "HealthRequest", probity__v1__health_request__unpack)
    return unsafe text(message.pointee.service, bytesMax: 64)
  }

  public func decodeStatus(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) {
    _ = unsafe try unpack(bytes, "StatusRequest", probity__v1__status_request__unpack)
  }

  /// Says in which command a fault lies.
  public static func inCommand(_ index: Int, _ fault: CallFailure) -> CallFailure {
    var fault = fault
    let path = "commands[\(index)].\(fault.field)"
    fault.message = fault.message.replacingPrefix(fault.field, with: path)
    fault.field = path
    fault.commandIndex = index
    return fault
  }

  private func accountRequest(
    _ id: UInt64, _ kind: Probity__V1__AccountKind, asOf: UInt64
  ) throws(CallFailure) -> AccountRequest {
    if id == 0 { throw invalid("account", "must be a number from 1 to 2^64-1") }
    let key = AccountKey(try accountKind(kind), AccountID(id))
    return AccountRequest(account: key, asOf: try time(asOf, "as_of"))
  }

  func accountKind(
    _ kind: Probity__V1__AccountKind, _ field: String = "kind"
  ) throws(CallFailure) -> AccountKind {
    guard let raw = UInt8(exactly: kind.rawValue), let kind = AccountKind(rawValue: raw) else {
      throw invalid(field, "must be BUYER (1) or MERCHANT (2)")
    }
    return kind
  }

  /// nil where it says 0.
  func time(_ seconds: UInt64, _ field: String) throws(CallFailure) -> UnixSeconds? {
    guard let value = UInt32(exactly: seconds) else {
      throw invalid(field, "must be UTC seconds before the year 2106")
    }
    return value == 0 ? nil : UnixSeconds(value)
  }
}

extension String {
  func replacingPrefix(_ prefix: String, with replacement: String) -> String {
    hasPrefix(prefix) ? replacement + dropFirst(prefix.count) : self
  }
}
