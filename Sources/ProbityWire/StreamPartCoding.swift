import CProbityMessages
import CProtobufC
import IntegrityCore
import Rescoring

/// Parts and ends of sweeps and watches, and the one door to all of them.
extension Codec {
  // MARK: Encoding, as the server does

  /// Appends one DATA frame.
  ///
  /// - Returns: the bytes of its payload, which are taken from the stream's credit.
  @discardableResult
  public func encodePart<Sink: FrameSink>(
    _ part: StreamPart, stream: UInt32, to sink: inout Sink
  ) -> Int {
    arena.reset()
    let header = FrameHeader(type: .data, flags: [], stream: stream)
    switch part {
    case .sweep(let part):
      var m = unsafe message(part)
      return unsafe write(header, &m, to: &sink)
    case .rescore(let part):
      var m = unsafe message(part)
      return unsafe write(header, &m, to: &sink)
    case .watch(let part):
      var m = unsafe Probity__V1__WatchPart()
      unsafe probity__v1__watch_part__init(&m)
      unsafe (m.n_changes, m.changes) = unsafe list(part.changes, message)
      unsafe m.cursor = part.cursor.rawValue
      return unsafe write(header, &m, to: &sink)
    case .kpi(let part):
      var m = unsafe Probity__V1__KpiPart()
      unsafe probity__v1__kpi_part__init(&m)
      unsafe m.walked = part.walkedCount
      unsafe m.total = part.totalCount
      return unsafe write(header, &m, to: &sink)
    }
  }

  /// Appends the RESPONSE frame.
  public func encodeEnd<Sink: FrameSink>(
    _ end: StreamEnd, stream: UInt32, to sink: inout Sink
  ) {
    arena.reset()
    switch end {
    case .sweep(let end):
      var m = unsafe message(end)
      unsafe respond(&m, stream, to: &sink)
    case .rescore(let end):
      var m = unsafe message(end)
      unsafe respond(&m, stream, to: &sink)
    case .watch(let cursor):
      var m = unsafe Probity__V1__WatchReply()
      unsafe probity__v1__watch_reply__init(&m)
      unsafe m.cursor = cursor.rawValue
      unsafe respond(&m, stream, to: &sink)
    case .kpi(let figures):
      var m = unsafe message(figures)
      unsafe respond(&m, stream, to: &sink)
    }
  }

  private func message(_ part: SweepPart) -> Probity__V1__SweepPart {
    var m = unsafe Probity__V1__SweepPart()
    unsafe probity__v1__sweep_part__init(&m)
    unsafe (m.n_steps, m.steps) = unsafe list(part.steps, message)
    unsafe m.walked = part.walkedCount
    unsafe m.accounts = part.accountCount
    return unsafe m
  }

  private func message(_ step: SweepStep) -> Probity__V1__SweepStep {
    var m = unsafe Probity__V1__SweepStep()
    unsafe probity__v1__sweep_step__init(&m)
    unsafe m.merchant = step.merchant.rawValue
    unsafe m.before = code(step.before)
    unsafe m.after = code(step.after)
    if let finding = step.finding,
      let conduct = unsafe arena.allocate(Probity__V1__Conduct.self, count: 1)
    {
      unsafe conduct.initialize(to: message(finding))
      unsafe m.conduct = unsafe conduct
    }
    unsafe m.calls_for = code(step.callsFor)
    unsafe m.shadow_calls_for = code(step.shadowCallsFor)
    unsafe m.waiting = step.isWaiting ? 1 : 0
    return unsafe m
  }

  private func message(_ end: SweepEnd) -> Probity__V1__SweepReply {
    var m = unsafe Probity__V1__SweepReply()
    unsafe probity__v1__sweep_reply__init(&m)
    unsafe m.merchants = end.merchantCount
    unsafe (m.n_standings, m.standings) = unsafe column(end.standings)
    unsafe m.worse = end.worseCount
    unsafe m.better = end.betterCount
    unsafe m.waiting = end.waitingCount
    unsafe m.shadow_hash = end.shadowHash ?? 0
    unsafe m.shadow_worse = end.shadowWorseCount
    unsafe m.log_position = end.position.rawValue
    unsafe m.policy_version = end.policyVersion
    unsafe m.policy_hash = end.policyHash
    unsafe m.as_of = UInt64(end.asOf.rawValue)
    unsafe m.refused = end.refusedCount
    return unsafe m
  }

  private func message(_ change: AccountChange) -> Probity__V1__AccountChange {
    var m = unsafe Probity__V1__AccountChange()
    unsafe probity__v1__account_change__init(&m)
    unsafe m.account = change.account.id.rawValue
    unsafe m.kind = .init(rawValue: UInt32(change.account.kind.rawValue))
    unsafe m.what = .init(rawValue: UInt32(change.what.rawValue))
    unsafe m.before = UInt32(change.before)
    unsafe m.after = UInt32(change.after)
    unsafe m.at = UInt64(change.at.rawValue)
    unsafe m.log_position = change.position.rawValue
    return unsafe m
  }

  // MARK: Decoding, as the client does

  public func decodePart(
    _ method: Method, _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> StreamPart {
    switch method {
    case .sweep:
      let m = unsafe try unpack(bytes, "SweepPart", probity__v1__sweep_part__unpack).pointee
      return unsafe .sweep(
        SweepPart(
          steps: (0..<m.n_steps).compactMap { unsafe m.steps[$0].map { unsafe step($0.pointee) } },
          walkedCount: m.walked, accountCount: m.accounts))
    case .rescore: return .rescore(unsafe try decodeRescorePart(bytes))
    case .watch:
      let m = unsafe try unpack(bytes, "WatchPart", probity__v1__watch_part__unpack).pointee
      return unsafe .watch(
        WatchPart(
          changes: (0..<m.n_changes).compactMap {
            unsafe m.changes[$0].flatMap { unsafe change($0.pointee) }
          }, cursor: LogPosition(m.cursor)))
    case .kpi:
      let m = unsafe try unpack(bytes, "KpiPart", probity__v1__kpi_part__unpack).pointee
      return unsafe .kpi(KeyFiguresPart(walkedCount: m.walked, totalCount: m.total))
    default: preconditionFailure("\(method.name) is not streamed")
    }
  }

  public func decodeEnd(
    _ method: Method, _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> StreamEnd {
    switch method {
    case .sweep: return .sweep(unsafe try sweepEnd(bytes))
    case .rescore: return .rescore(unsafe try decodeRescoreEnd(bytes))
    case .watch:
      let m = unsafe try unpack(bytes, "WatchReply", probity__v1__watch_reply__unpack)
      return .watch(LogPosition(unsafe m.pointee.cursor))
    case .kpi: return .kpi(unsafe try decodeKeyFigures(bytes))
    default: preconditionFailure("\(method.name) is not streamed")
    }
  }

  private func step(_ m: Probity__V1__SweepStep) -> SweepStep {
    unsafe SweepStep(
      merchant: AccountID(m.merchant), before: standing(m.before), after: standing(m.after),
      finding: m.conduct.flatMap { unsafe finding($0.pointee) }, callsFor: standing(m.calls_for),
      shadowCallsFor: standing(m.shadow_calls_for), isWaiting: m.waiting != 0)
  }

  private func sweepEnd(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> SweepEnd {
    let m = unsafe try unpack(bytes, "SweepReply", probity__v1__sweep_reply__unpack).pointee
    var end = unsafe SweepEnd(
      policyVersion: m.policy_version, policyHash: m.policy_hash, asOf: seconds(m.as_of))
    end.merchantCount = unsafe m.merchants
    let standings = unsafe Array(UnsafeBufferPointer(start: m.standings, count: m.n_standings))
    if standings.count == end.standings.count { end.standings = standings }
    end.worseCount = unsafe m.worse
    end.betterCount = unsafe m.better
    end.waitingCount = unsafe m.waiting
    end.shadowHash = unsafe m.shadow_hash == 0 ? nil : m.shadow_hash
    end.shadowWorseCount = unsafe m.shadow_worse
    end.position = unsafe LogPosition(m.log_position)
    end.refusedCount = unsafe m.refused
    return end
  }

  /// Nil for a sort of change or account that this client does not know.
  private func change(_ m: Probity__V1__AccountChange) -> AccountChange? {
    guard let kind: AccountKind = unsafe known(m.kind.rawValue),
      let what: ChangeKind = unsafe known(m.what.rawValue)
    else { return nil }
    return unsafe AccountChange(
      account: AccountKey(kind, AccountID(m.account)), what: what,
      before: UInt8(truncatingIfNeeded: m.before), after: UInt8(truncatingIfNeeded: m.after),
      at: seconds(m.at), position: LogPosition(m.log_position))
  }
}
