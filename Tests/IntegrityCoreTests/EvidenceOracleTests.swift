import Foundation
import IntegrityCore
import Testing

/// The records after thousands of events, against a naive model: lists of dated
/// weights by name, summed with the C library's functions in Double.
struct EvidenceOracleTests {
  /// A counter as the list of what was ever added to it.
  private struct History {
    var entries: [(weight: Double, time: UnixSeconds)] = []

    func sum(at now: UnixSeconds, halfLife: Double, of measure: (Double) -> Double = { $0 })
      -> Double
    {
      entries.reduce(0) { sum, entry in
        let age = Double(now.rawValue) - Double(entry.time.rawValue)
        return sum + measure(entry.weight) * Foundation.pow(2, -age / halfLife)
      }
    }
  }

  /// Accounts by name, counters by name: "buyer 3" → "claimsOpened" → history.
  private struct Model {
    var accounts: [String: [String: History]] = [:]

    mutating func add(
      _ weight: Double, _ counter: String, of account: String, at time: UnixSeconds
    ) {
      accounts[account, default: [:]][counter, default: History()].entries.append((weight, time))
    }

    /// The rules once more, in the words of the domain.
    mutating func apply(_ event: Event, credibility: Double) {
      let buyer = "buyer \(event.buyer.rawValue)"
      let merchant = "merchant \(event.merchant.rawValue)"
      let amount = Double(event.amount.rawValue)
      switch event.detail {
      case .settled:
        add(1, "ordersSettled", of: buyer, at: event.at)
        add(amount, "valueOrdered", of: buyer, at: event.at)
        add(1, "ordersSettled", of: merchant, at: event.at)
        add(amount, "valueSold", of: merchant, at: event.at)
      case .pickedUp(let late):
        if late { add(1, "pickupsLate", of: merchant, at: event.at) }
      case .cancelled(let by, let cause):
        if by == .merchant && cause == .outOfStock {
          add(1, "cancelledNoStock", of: merchant, at: event.at)
        }
      case .carrierProof(let proof):
        let counter = proof == .emptyParcel ? "parcelsEmpty" : "shipmentsFalse"
        add(1, counter, of: merchant, at: event.at)
      case .claimOpened(_, let allegation):
        claim(1, allegation, amount, of: buyer, at: event.at)
        add(amount, "valueDisputed", of: merchant, at: event.at)
      case .claimWithdrawn(let openedAt, let allegation):
        claim(-1, allegation, amount, of: buyer, at: openedAt)
        add(-amount, "valueDisputed", of: merchant, at: openedAt)
      case .claimDecided(let kind, let verdict):
        decide(kind, verdict, amount, credibility, buyer: buyer, merchant: merchant, at: event.at)
      case .returnInspected(let condition):
        let counter = condition == .asSold ? "returnsAsSold" : "returnsMismatched"
        add(1, counter, of: buyer, at: event.at)
        add(-amount, "valueOrdered", of: buyer, at: event.at)
        add(amount, "valueDisputed", of: merchant, at: event.at)
      case .compensated:
        add(amount, "valueCompensated", of: buyer, at: event.at)
      }
    }

    private mutating func claim(
      _ sign: Double, _ allegation: Allegation, _ amount: Double, of buyer: String,
      at time: UnixSeconds
    ) {
      add(sign, "claimsOpened", of: buyer, at: time)
      add(sign * amount, "valueClaimed", of: buyer, at: time)
      if [.notReceived, .parcelEmpty].contains(allegation) {
        add(sign, "claimsNotReceived", of: buyer, at: time)
      }
    }

    private mutating func decide(
      _ kind: ClaimKind, _ verdict: Verdict, _ amount: Double, _ credibility: Double,
      buyer: String, merchant: String, at time: UnixSeconds
    ) {
      switch (kind, verdict) {
      case (_, .rejected): break
      case (_, .abuse):
        add(1, "claimsAbusive", of: buyer, at: time)
        add(1, "claimsAbusedByBuyers", of: merchant, at: time)
      case (.quality, .upheld):
        add(1, "claimsUpheld", of: buyer, at: time)
        add(credibility, "qualityClaimsUpheld", of: merchant, at: time)
        add(credibility * amount, "valueRefundedForQuality", of: merchant, at: time)
      case (.nonQuality, .upheld):
        add(1, "claimsUpheld", of: buyer, at: time)
      }
    }
  }

  /// Half-life in days, over three years of events: several epochs, one, one.
  @Test(arguments: [8, 30, 180])
  func recordsAgreeWithTheNaiveModel(halfLifeDays: UInt32) {
    var generator = Generator.forTest(71)
    let schema = EvidenceSchema(halfLifeSeconds: halfLifeDays * 86_400)
    let rules = EvidenceRules(schema: schema, policy: .plain)
    var model = Model()
    var buyers = (0..<6).map { AccountRecord(AccountKey(.buyer, AccountID($0 + 1))) }
    var merchants = (0..<4).map { AccountRecord(AccountKey(.merchant, AccountID($0 + 1))) }
    var openClaims: [Event] = []
    for _ in 1...4000 {
      let event = Self.event(&openClaims, &generator)
      let b = Int(event.buyer.rawValue) - 1
      let m = Int(event.merchant.rawValue) - 1
      // The score is the core's own: what it weighs is checked elsewhere, and a
      // rounding of the score must not look like an error of a sum here.
      let moment = max(event.at, buyers[b].lastEventAt)
      let score = Policy.plain.score(buyers[b], at: DecayClock(schema, now: moment))
      model.apply(event, credibility: Policy.plain.credibility.weight(ofScore: score))
      rules.apply(event, buyer: &buyers[b], merchant: &merchants[m])
      if event.changesBuyer { #expect(buyers[b].isWellFormed, "\(event)") }
      if event.changesMerchant { #expect(merchants[m].isWellFormed, "\(event)") }
    }
    for days in [0.0, 1, 45, 700] {
      let now = UnixSeconds.today.plus(days: days)
      for record in buyers + merchants {
        Self.compare(record, with: model, at: now, schema, "seed \(generator.seed)")
      }
    }
  }

  private static func compare(
    _ record: AccountRecord, with model: Model, at now: UnixSeconds, _ schema: EvidenceSchema,
    _ comment: Comment
  ) {
    let evidence = record.evidence(at: DecayClock(schema, now: now))
    let counters: [(name: String, value: Float)] =
      record.kind == .buyer
      ? BuyerCounter.allCases.map { ("\($0)", evidence[$0]) }
      : MerchantCounter.allCases.map { ("\($0)", evidence[$0]) }
    let histories = model.accounts["\(record.kind.name) \(record.id.rawValue)"] ?? [:]
    #expect(Set(histories.keys).isSubset(of: counters.map(\.name)))
    let halfLife = Double(schema.halfLifeSeconds)
    for (name, value) in counters {
      let history = histories[name] ?? History()
      let exact = max(history.sum(at: now, halfLife: halfLife), 0)
      // Float32 rounds once per event, relative to all that was ever in the counter.
      let volume = history.sum(at: now, halfLife: halfLife, of: abs)
      #expect(abs(Double(value) - exact) <= 5e-6 * volume + 1e-30, "\(name), \(comment)")
    }
  }

  /// Any event, within three years, not in order; one in ten withdraws a claim.
  private static func event(
    _ openClaims: inout [Event], _ generator: inout Generator
  ) -> Event {
    let at = UnixSeconds.today.plus(days: -Double.random(in: 0...1000, using: &generator))
    if generator.oneIn(10), let index = openClaims.indices.randomElement(using: &generator) {
      var event = openClaims.remove(at: index)
      if case .claimOpened(_, let allegation) = event.detail {
        event.detail = .claimWithdrawn(openedAt: event.at, allegation)
      }
      event.at = max(event.at, at)
      return event
    }
    let event = Event(
      at: at, buyer: AccountID(.random(in: 1...6, using: &generator)),
      merchant: AccountID(.random(in: 1...4, using: &generator)),
      amount: Minor(.random(in: 0...100_000, using: &generator)), detail: detail(&generator))
    if case .claimOpened = event.detail { openClaims.append(event) }
    return event
  }

  private static func detail(_ generator: inout Generator) -> EventDetail {
    let kind: ClaimKind = generator.oneIn(3) ? .nonQuality : .quality
    switch Int.random(in: 0..<12, using: &generator) {
    case 0: return .pickedUp(late: generator.oneIn(2))
    case 1:
      return .cancelled(
        by: generator.oneIn(2) ? .buyer : .merchant,
        cause: generator.oneIn(2) ? .outOfStock : .other)
    case 2:
      return .carrierProof(CarrierProof.allCases.randomElement(using: &generator) ?? .emptyParcel)
    case 3, 4:
      return .claimOpened(kind, Allegation.allCases.randomElement(using: &generator) ?? .other)
    case 5, 6:
      return .claimDecided(kind, Verdict.allCases.randomElement(using: &generator) ?? .upheld)
    case 7:
      return .returnInspected(ReturnCondition.allCases.randomElement(using: &generator) ?? .used)
    case 8: return .compensated
    default: return .settled
    }
  }
}
