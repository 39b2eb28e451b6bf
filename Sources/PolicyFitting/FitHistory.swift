import IntegrityCore

/// One order as a fit sees it: what the scorecard measured of its account before.
struct FitSample {
  let account: AccountKey
  let incidents: SIMD8<Float>
  let exposure: SIMD8<Float>
  let wentWrong: Bool
}

/// A history and its orders, parted at a moment: what is fitted to, and what is judged by.
public struct FitHistory: Sendable {
  /// In order of time.
  public let events: [Event]
  public let orders: [OrderOutcome]
  /// Whose card it is about.
  public let kind: AccountKind
  /// What the outcomes say, in a word.
  public let outcome: String
  public let until: UnixSeconds

  /// - Parameters:
  ///   - events: in order of time.
  ///   - until: a fit knows what happened before this moment, and nothing else.
  public init(_ events: [Event], _ fault: OrderFault, within: UInt32, until: UnixSeconds) {
    let outcomes = OrderOutcomes(events, fault, within: within)
    self.events = events
    orders = outcomes.orders
    ordersUnnamed = outcomes.withoutOrder
    kind = fault.kind
    outcome = fault.rawValue
    self.until = until
    toldUntil = events.last?.at ?? .zero
  }

  /// With outcomes that somebody else knows, at once.
  ///
  /// - Parameter orders: in order of time, of accounts of one kind.
  public init(_ events: [Event], orders: [OrderOutcome], until: UnixSeconds) {
    self.events = events
    self.orders = orders
    ordersUnnamed = 0
    let kind = orders.first?.account.kind ?? .merchant
    precondition(orders.allSatisfy { $0.account.kind == kind }, "buyers and merchants")
    self.kind = kind
    outcome = "answers"
    self.until = until
    toldUntil = .init(.max)
  }

  /// Of what comes later nobody has told: an order that was to be known then is open.
  private let toldUntil: UnixSeconds

  /// Events that would say how an order went, but name none.
  public let ordersUnnamed: Int

  /// Where an order lies on the time line.
  public enum Part: String, Sendable {
    /// Its outcome was known: it is fitted to.
    case fit
    /// Asked before, known after, or not known when the history ends: it belongs to neither.
    case gap
    /// Asked about after everything that was fitted to.
    case judge
  }

  public func part(of order: OrderOutcome) -> Part {
    if order.knownAt > toldUntil { return .gap }
    if order.askedAt >= until { return .judge }
    return order.knownAt < until ? .fit : .gap
  }

  /// What the card of `policy` measured before each order of the first part.
  func samples(schema: EvidenceSchema, policy: Policy) -> [FitSample] {
    let fitted = orders.filter { part(of: $0) == .fit }
    let card = policy.card(kind)
    var samples: [FitSample] = []
    var replay = EvidenceReplay(schema: schema, policy: policy)
    replay.run(events, moments: fitted.map { ($0.account, $0.askedAt) }) { index, view in
      let measured = card.measured(view.record.evidence(at: view.clock), kind: kind)
      samples.append(
        FitSample(
          account: fitted[index].account, incidents: measured.incidents,
          exposure: measured.exposure, wentWrong: fitted[index].wentWrong))
    }
    return samples
  }
}
