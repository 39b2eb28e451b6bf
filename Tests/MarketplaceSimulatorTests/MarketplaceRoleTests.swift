import IntegrityCore
import MarketplaceSimulator
import Testing

/// What the accounts of one role did, all together.
private struct Tally {
  var settled = 0.0
  var pickups = 0.0
  var latePickups = 0.0
  var noStock = 0.0
  var proofs = 0.0
  var claims = 0.0
  var notReceived = 0.0
  var upheld = 0.0
  var abusive = 0.0
  var returns = 0.0
  var mismatched = 0.0
  var compensated = 0.0

  mutating func count(_ detail: EventDetail) {
    switch detail {
    case .settled: settled += 1
    case .pickedUp(let late):
      pickups += 1
      if late { latePickups += 1 }
    case .cancelled(.merchant, .outOfStock): noStock += 1
    case .cancelled, .claimWithdrawn: break
    case .carrierProof: proofs += 1
    case .claimOpened(_, let allegation):
      claims += 1
      if allegation == .notReceived || allegation == .parcelEmpty { notReceived += 1 }
    case .claimDecided(_, .upheld): upheld += 1
    case .claimDecided(_, .abuse): abusive += 1
    case .claimDecided(_, .rejected): break
    case .returnInspected(let condition):
      returns += 1
      if condition != .asSold { mismatched += 1 }
    case .compensated: compensated += 1
    }
  }
}

struct MarketplaceRoleTests {
  private static let marketplace = MarketplaceSimulator(
    accounts: 20_000, orders: 300_000, seed: 11, start: UnixSeconds(1_600_000_000), days: 365)

  /// By role of the buyer, and by role of the merchant for orders of honest buyers.
  private static let tallies = {
    var tallies: [MarketplaceRole: Tally] = [:]
    for event in marketplace {
      guard let buyer = marketplace.role(of: AccountKey(.buyer, event.buyer)),
        let merchant = marketplace.role(of: AccountKey(.merchant, event.merchant))
      else { continue }
      tallies[buyer, default: Tally()].count(event.detail)
      if buyer == .honestBuyer { tallies[merchant, default: Tally()].count(event.detail) }
    }
    return tallies
  }()

  private func tally(_ role: MarketplaceRole) throws -> Tally {
    try #require(Self.tallies[role])
  }

  @Test("About one account in twenty is a merchant, at least two are")
  func counts() {
    for (accounts, merchants) in [(3, 2), (40, 2), (59, 2), (60, 3), (20_000, 1_000)] {
      let marketplace = MarketplaceSimulator(
        accounts: accounts, orders: 0, seed: 1, start: Event.earliest, days: 1)
      #expect(marketplace.merchantCount == merchants)
      #expect(marketplace.buyerCount == accounts - merchants)
    }
  }

  @Test("Shares are as documented, within 4 standard deviations")
  func shares() {
    let marketplace = MarketplaceSimulator(
      accounts: 400_000, orders: 0, seed: 2, start: Event.earliest, days: 1)
    var counts: [MarketplaceRole: Int] = [:]
    for (_, role) in marketplace.truth { counts[role, default: 0] += 1 }
    for role in MarketplaceRole.allCases {
      let total = role.kind == .buyer ? marketplace.buyerCount : marketplace.merchantCount
      let share = Double(role.sharePerMille) / 1000
      let deviation = (Double(total) * share * (1 - share)).squareRoot()
      let distance = Double(counts[role, default: 0]) - Double(total) * share
      #expect(abs(distance) <= 4 * deviation, "\(role)")
    }
    for kind in AccountKind.allCases {
      let roles = MarketplaceRole.allCases.filter { $0.kind == kind }
      #expect(roles.reduce(0) { $0 + $1.sharePerMille } == 1000)
    }
  }

  @Test("The truth names every account once, and nobody else has a role")
  func truth() {
    let marketplace = MarketplaceSimulator(
      accounts: 500, orders: 0, seed: 3, start: Event.earliest, days: 1)
    let truth = Array(marketplace.truth)
    #expect(truth.count == 500)
    #expect(Set(truth.map(\.account)).count == 500)
    for (account, role) in truth {
      #expect(account.kind == role.kind)
      #expect(marketplace.role(of: account) == role)
    }
    #expect(marketplace.role(of: AccountKey(.buyer, .none)) == nil)
    #expect(marketplace.role(of: AccountKey(.buyer, AccountID(476))) == nil)
    #expect(marketplace.role(of: AccountKey(.merchant, AccountID(26))) == nil)
    #expect(marketplace.role(of: AccountKey(.merchant, AccountID(.max))) == nil)
  }

  @Test(
    "Claims per settled order",
    arguments: [
      (.honestBuyer, 0.02...0.032), (.serialRefunder, 0.32...0.38),
      (.emptyBoxClaimant, 0.27...0.33), (.colludingBuyer, 0.24...0.33),
    ] as [(MarketplaceRole, ClosedRange<Double>)])
  func claims(role: MarketplaceRole, range: ClosedRange<Double>) throws {
    let tally = try tally(role)
    #expect(range.contains(tally.claims / tally.settled))
  }

  @Test("What buyers allege, return and get tells their roles apart")
  func buyers() throws {
    let honest = try tally(.honestBuyer)
    let refunder = try tally(.serialRefunder)
    let emptyBox = try tally(.emptyBoxClaimant)
    let colluding = try tally(.colludingBuyer)

    #expect(emptyBox.notReceived / emptyBox.claims > 0.9)
    #expect(refunder.notReceived / refunder.claims < 0.15)
    #expect(honest.notReceived / honest.settled < 0.015)

    #expect(refunder.mismatched / refunder.returns > 0.65)
    #expect(honest.mismatched / honest.returns < 0.12)

    #expect(honest.upheld / honest.claims > 0.75)
    #expect(colluding.upheld / colluding.claims > 0.9)
    #expect(colluding.compensated / colluding.settled > 10 * honest.compensated / honest.settled)
    #expect(refunder.abusive / refunder.claims > 0.1)
    #expect(emptyBox.abusive / emptyBox.claims > 0.15)
    #expect(honest.abusive / honest.claims < 0.01)
  }

  @Test("How merchants ship tells their roles apart")
  func merchants() throws {
    let honest = try tally(.honestMerchant)
    let late = try tally(.lateMerchant)
    let noStock = try tally(.noStockMerchant)
    let falseShipping = try tally(.falseShippingMerchant)

    // Published thresholds: late shipment 4 %, cancellation 2.5 %.
    #expect(honest.latePickups / honest.pickups < 0.03)
    #expect(honest.noStock / (honest.pickups + honest.noStock) < 0.015)
    #expect(honest.proofs == 0)

    #expect(late.latePickups / late.pickups > 0.35)
    #expect(noStock.noStock / (noStock.pickups + noStock.noStock) > 0.2)
    #expect(falseShipping.proofs / falseShipping.pickups > 0.14)

    #expect(late.proofs / late.pickups < 0.01)
    #expect(noStock.latePickups / noStock.pickups < 0.06)
    #expect(falseShipping.noStock / falseShipping.pickups < 0.03)
  }

  @Test("Honest buyers claim more where the merchant is bad")
  func honestClaimsByMerchant() throws {
    func rate(_ role: MarketplaceRole) throws -> Double {
      let tally = try tally(role)
      return tally.claims / tally.settled
    }
    let honest = try rate(.honestMerchant)
    #expect((0.018...0.024).contains(honest))
    #expect(try rate(.lateMerchant) > 1.5 * honest)
    #expect(try rate(.falseShippingMerchant) > 5 * honest)
  }

  @Test("Colluding buyers trade mostly with one colluding merchant each")
  func rings() throws {
    var ordersByPair: [AccountID: [AccountID: Int]] = [:]
    for event in Self.marketplace {
      let role = Self.marketplace.role(of: AccountKey(.buyer, event.buyer))
      guard case .settled = event.detail, role == .colludingBuyer else { continue }
      ordersByPair[event.buyer, default: [:]][event.merchant, default: 0] += 1
    }
    #expect(ordersByPair.count > 200)
    var orders = 0
    var ordersAtPartner = 0
    for byMerchant in ordersByPair.values {
      let total = byMerchant.values.reduce(0, +)
      guard total >= 10, let partner = byMerchant.max(by: { $0.value < $1.value }) else { continue }
      orders += total
      ordersAtPartner += partner.value
      let role = Self.marketplace.role(of: AccountKey(.merchant, partner.key))
      #expect(role == .colludingMerchant)
    }
    #expect((0.66...0.76).contains(Double(ordersAtPartner) / Double(orders)))
  }

  @Test("A few accounts have most of the orders, no account all")
  func activity() {
    var buyers: [AccountID: Int] = [:]
    var merchants: [AccountID: Int] = [:]
    var total = 0.0
    for event in Self.marketplace {
      guard case .settled = event.detail else { continue }
      buyers[event.buyer, default: 0] += 1
      merchants[event.merchant, default: 0] += 1
      total += 1
    }
    func share(ofFirst count: Int, _ orders: [AccountID: Int]) -> Double {
      Double(orders.values.sorted(by: >).prefix(count).reduce(0, +)) / total
    }
    // 19,000 buyers, 1,000 merchants.
    #expect((0.09...0.12).contains(share(ofFirst: 190, buyers)))
    #expect((0.29...0.34).contains(share(ofFirst: 10, merchants)))
    #expect((0.52...0.60).contains(share(ofFirst: 100, merchants)))
    // Most of the long tail is there too.
    #expect(buyers.count > 18_000)
    #expect(merchants.count > 980)
  }
}
