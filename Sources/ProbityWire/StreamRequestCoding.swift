import CProbityMessages
import CProtobufC
import IntegrityCore
import Rescoring

/// Requests of streamed calls.
extension Codec {
  // MARK: Decoding, as the server does

  /// - Precondition: `method` is streamed.
  public func decodeStream(
    _ method: Method, _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> StreamRequest {
    switch method {
    case .sweep:
      let m = unsafe try unpack(bytes, "SweepRequest", probity__v1__sweep_request__unpack).pointee
      return unsafe .sweep(
        at: try time(m.at, "at") ?? .zero, actor: text(m.actor), reason: text(m.reason))
    case .rescore: return .rescore(unsafe try rescoreOrder(bytes))
    case .watch: return .watch(unsafe try watchOrder(bytes))
    case .kpi:
      let m = unsafe try unpack(bytes, "KpiRequest", probity__v1__kpi_request__unpack).pointee
      return unsafe .kpi(
        from: try time(m.from, "from") ?? .zero, to: try time(m.to, "to") ?? .zero)
    default: preconditionFailure("\(method.name) is not streamed")
    }
  }

  private func rescoreOrder(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> RescoreOrder {
    let m = unsafe try unpack(
      bytes, "RescoreRequest", probity__v1__rescore_request__unpack
    ).pointee
    guard let rows = unsafe UInt8(exactly: m.rows.rawValue).flatMap(RescoreRows.init) else {
      throw invalid("rows", "must be one of 0 to \(RescoreRows.allCases.count - 1)")
    }
    if unsafe m.claim_days > RescoreOrder.claimDaysMax {
      throw invalid("claim_days", "must be at most \(RescoreOrder.claimDaysMax)")
    }
    let document = unsafe text(m.document, bytesMax: ProtocolLimits.policyBytesMax + 1)
    if document.utf8.count > ProtocolLimits.policyBytesMax {
      throw invalid("document", "must be at most \(ProtocolLimits.policyBytesMax) bytes of UTF-8")
    }
    let hash = unsafe m.policy
    if hash != 0 && !document.isEmpty {
      throw invalid("policy", "must not be given together with `document`")
    }
    let candidate: RescoreOrder.Candidate =
      document.isEmpty ? (hash == 0 ? .active : .put(hash)) : .document(document)
    return unsafe RescoreOrder(
      candidate, asOf: try time(m.as_of, "as_of") ?? .zero, claimDays: m.claim_days, rows: rows,
      firstShard: m.first_shard)
  }

  private func watchOrder(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> WatchOrder {
    let m = unsafe try unpack(bytes, "WatchRequest", probity__v1__watch_request__unpack).pointee
    if unsafe m.n_buyers + m.n_merchants > ProtocolLimits.watchAccountsMax {
      throw invalid(
        "buyers", "and merchants must be at most \(ProtocolLimits.watchAccountsMax) together")
    }
    var order = unsafe WatchOrder(cursor: LogPosition(m.cursor))
    for index in unsafe 0..<m.n_buyers {
      order.accounts.insert(AccountKey(.buyer, unsafe try watched(m.buyers[index], "buyers")))
    }
    for index in unsafe 0..<m.n_merchants {
      order.accounts.insert(
        AccountKey(.merchant, unsafe try watched(m.merchants[index], "merchants")))
    }
    if unsafe m.n_kinds == 0 { return order }
    order.kinds = []
    for index in unsafe 0..<m.n_kinds {
      let kind: ChangeKind = unsafe try choice(m.kinds[index].rawValue, "kinds")
      order.kinds.insert(ChangeKinds(kind))
    }
    return order
  }

  private func watched(_ id: UInt64, _ field: String) throws(CallFailure) -> AccountID {
    if id == 0 { throw invalid(field, "must be numbers from 1 to 2^64-1") }
    return AccountID(id)
  }

  // MARK: Encoding, as the client does

  public func encodeStreamRequest<Sink: FrameSink>(
    _ request: StreamRequest, _ call: Call, to sink: inout Sink
  ) {
    arena.reset()
    switch request {
    case .sweep(let at, let actor, let reason):
      var m = unsafe Probity__V1__SweepRequest()
      unsafe probity__v1__sweep_request__init(&m)
      unsafe m.at = UInt64(at.rawValue)
      unsafe m.actor = unsafe arena.string(actor) ?? m.actor
      unsafe m.reason = unsafe arena.string(reason) ?? m.reason
      unsafe send(.sweep, call, &m, to: &sink)
    case .rescore(let order):
      var m = unsafe Probity__V1__RescoreRequest()
      unsafe probity__v1__rescore_request__init(&m)
      switch order.candidate {
      case .active: break
      case .put(let hash): unsafe m.policy = hash
      case .document(let text): unsafe m.document = unsafe arena.string(text) ?? m.document
      }
      unsafe m.as_of = UInt64(order.asOf.rawValue)
      unsafe m.claim_days = order.claimDays
      unsafe m.rows = .init(rawValue: UInt32(order.rows.rawValue))
      unsafe m.first_shard = order.firstShard
      unsafe send(.rescore, call, &m, to: &sink)
    case .watch(let order): encode(order, call, to: &sink)
    case .kpi(let from, let to):
      var m = unsafe Probity__V1__KpiRequest()
      unsafe probity__v1__kpi_request__init(&m)
      unsafe m.from = UInt64(from.rawValue)
      unsafe m.to = UInt64(to.rawValue)
      unsafe send(.kpi, call, &m, to: &sink)
    }
  }

  private func encode<Sink: FrameSink>(_ order: WatchOrder, _ call: Call, to sink: inout Sink) {
    var m = unsafe Probity__V1__WatchRequest()
    unsafe probity__v1__watch_request__init(&m)
    let buyers = ids(order, .buyer)
    let merchants = ids(order, .merchant)
    let kinds = ChangeKind.allCases.filter { order.kinds.contains($0) }
      .map { Probity__V1__ChangeKind(rawValue: UInt32($0.rawValue)) }
    unsafe (m.n_buyers, m.buyers) = unsafe column(buyers)
    unsafe (m.n_merchants, m.merchants) = unsafe column(merchants)
    unsafe (m.n_kinds, m.kinds) = unsafe column(kinds)
    unsafe m.cursor = order.cursor.rawValue
    unsafe send(.watch, call, &m, to: &sink)
  }

  /// In an order of their own, so that equal requests have equal bytes.
  private func ids(_ order: WatchOrder, _ kind: AccountKind) -> [UInt64] {
    order.accounts.lazy.filter { $0.kind == kind }.map(\.id.rawValue).sorted()
  }

  /// Numbers, copied into the arena; none where it has no room.
  func column<Number: BitwiseCopyable>(
    _ numbers: [Number]
  ) -> (Int, UnsafeMutablePointer<Number>?) {
    guard let column = unsafe arena.allocate(Number.self, count: numbers.count) else {
      return (0, nil)
    }
    for (index, number) in numbers.enumerated() { unsafe column[index] = number }
    return unsafe (numbers.count, column)
  }
}
