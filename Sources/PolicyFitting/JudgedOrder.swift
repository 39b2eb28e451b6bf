import IntegrityCore

/// What a policy said of an account before one of its orders, and how that order went.
public struct JudgedOrder: Sendable {
  public let order: OrderOutcome
  public let score: Int
  public let scoreFloor: Int
  /// Forecast that the order goes wrong, 0…1.
  public let probability: Double
  /// Events that had changed the account's record before.
  public let eventCount: Int
  /// The ten counters by name, faded to the moment of asking.
  public let evidence: [EvidenceCount]
  /// Since the account's oldest day with an event, and since its newest event; nil if none.
  public let days: Int?
  public let idleDays: Int?

  init(_ order: OrderOutcome, _ view: EvidenceReplay.View, _ policy: Policy) {
    let judgement = policy.judge(view.record, at: view.clock)
    let kind = order.account.kind
    self.order = order
    score = judgement.score
    scoreFloor = judgement.scoreFloor
    probability = policy.scale(kind).probability(ofScore: judgement.score)
    eventCount = view.eventCount
    evidence = view.record.evidence(at: view.clock).named(kind)
    let today = Int(view.clock.now.day)
    days = eventCount == 0 ? nil : today - Int(view.record.firstEventDay)
    idleDays = eventCount == 0 ? nil : today - Int(view.record.lastEventAt.day)
  }
}

extension Policy {
  /// Judges accounts as they were before each of `orders`.
  ///
  /// - Parameters:
  ///   - events, orders: in order of time.
  ///   - visit: is given each order, in that order.
  public func judge(
    _ orders: [OrderOutcome], events: [Event], schema: EvidenceSchema,
    visit: (JudgedOrder) -> Void
  ) {
    var replay = EvidenceReplay(schema: schema, policy: self)
    replay.run(events, moments: orders.map { ($0.account, $0.askedAt) }) { index, view in
      visit(JudgedOrder(orders[index], view, self))
    }
  }

  /// How well it has forecast one part of a history.
  public func quality(
    in history: FitHistory, _ part: FitHistory.Part, schema: EvidenceSchema
  ) -> ForecastQuality {
    var forecasts: [ForecastQuality.Forecast] = []
    let orders = history.orders.filter { history.part(of: $0) == part }
    judge(orders, events: history.events, schema: schema) { forecasts.append($0.forecast) }
    return ForecastQuality(forecasts)
  }
}

extension JudgedOrder {
  public var forecast: ForecastQuality.Forecast {
    ForecastQuality.Forecast(score: score, probability: probability, wentWrong: order.wentWrong)
  }
}
