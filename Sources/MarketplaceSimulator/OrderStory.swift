import IntegrityCore

/// All that happens about one order: a function of the seed and the order's number.
///
/// So the stream need not keep stories; it tells them again, one step further
/// each time (about 100 ns).
struct OrderStory {
  /// From the order to the last step: sums the longest delays below.
  static let daysMax = 45

  private struct Step {
    var at = UnixSeconds.zero
    var detail = EventDetail.compensated
  }

  private let order: UInt64
  private let buyer: AccountID
  private let merchant: AccountID
  private let amount: Minor
  /// The longest: pickup, carrier proof, settling, claim, verdict, compensation.
  private var steps = InlineArray<6, Step>(repeating: Step())
  private(set) var stepCount = 0

  /// - Parameters:
  ///   - order: the order's number, which is its claim's number too.
  ///   - generator: the order's own, the same every time.
  init(
    order: UInt64, placedAt: UnixSeconds, population: Population,
    _ generator: inout SplitMix64
  ) {
    self.order = order
    buyer = population.buyers.draw(&generator)
    let buyerRole = population.role(ofBuyer: buyer)
    let partner = buyerRole == .colludingBuyer ? population.partner(ofBuyer: buyer) : nil
    let anyMerchant = population.merchants.draw(&generator)
    let goesToPartner = generator.chance(perMille: Population.ringOrdersPerMille)
    merchant = goesToPartner ? partner ?? anyMerchant : anyMerchant
    amount = Self.amount(&generator)
    let merchantRole = population.role(ofMerchant: merchant)
    tell(
      placedAt: placedAt, merchant: MerchantHabits(merchantRole),
      buyer: BuyerHabits.of(buyerRole, isRing: merchant == partner),
      buyerIsHonest: buyerRole == .honestBuyer, &generator)
  }

  /// The event of a step, 0 ..< `stepCount`; steps are in the order of time.
  func event(_ step: Int) -> Event {
    var event = Event(
      at: steps[step].at, buyer: buyer, merchant: merchant, order: order,
      detail: steps[step].detail)
    switch event.detail {
    case .settled:
      event.amount = amount
    case .claimOpened, .claimDecided, .claimWithdrawn, .compensated:
      event.amount = amount
      event.claim = order
    case .returnInspected:
      event.claim = order
    case .pickedUp, .cancelled, .carrierProof:
      break
    }
    return event
  }

  func time(_ step: Int) -> UnixSeconds { steps[step].at }

  /// Log-normal: median 8,192 minor units, two thirds within a factor of 2.8.
  private static func amount(_ generator: inout SplitMix64) -> Minor {
    Minor(Int64(DeterministicMath.exp2(13 + 1.5 * generator.nearlyNormal())) + 1)
  }

  // MARK: The plot

  private mutating func tell(
    placedAt: UnixSeconds, merchant: MerchantHabits, buyer: BuyerHabits, buyerIsHonest: Bool,
    _ generator: inout SplitMix64
  ) {
    if isCancelled(placedAt, merchant, &generator) { return }

    let isLate = generator.chance(perMille: merchant.latePerMille)
    let pickedUpAt = placedAt + generator.seconds(inHours: isLate ? 49...140 : 2...46)
    add(pickedUpAt, .pickedUp(late: isLate))

    var proof: CarrierProof?
    if generator.chance(perMille: merchant.carrierProofPerMille) {
      let found = generator.pick(Self.proofs)
      add(pickedUpAt + generator.seconds(inHours: 6...72), .carrierProof(found))
      proof = found
    }
    let settledAt = pickedUpAt + generator.seconds(inHours: 73...216)
    add(settledAt, .settled(orderedAt: placedAt))

    if let proof {
      if generator.chance(perMille: Self.claimsAfterProofPerMille) {
        claimProved(proof, settledAt, &generator)
      }
      return
    }
    var claimsPerMille = buyer.claimsPerMille
    if buyerIsHonest {
      claimsPerMille += merchant.extraClaimsPerMille + (isLate ? Self.claimsWhenLatePerMille : 0)
    }
    if generator.chance(perMille: claimsPerMille) { claim(buyer, settledAt, &generator) }
  }

  private static let claimsAfterProofPerMille: UInt64 = 800
  private static let claimsWhenLatePerMille: UInt64 = 30
  private static let proofs: [(weight: UInt64, choice: CarrierProof)] = [
    (40, .trackingInvalid), (15, .scannedBeforeOrder), (20, .wrongDestination), (25, .emptyParcel),
  ]

  private mutating func isCancelled(
    _ placedAt: UnixSeconds, _ merchant: MerchantHabits, _ generator: inout SplitMix64
  ) -> Bool {
    if generator.chance(perMille: merchant.noStockPerMille) {
      let cancelledAt = placedAt + generator.seconds(inHours: 2...48)
      add(cancelledAt, .cancelled(by: .merchant, cause: .outOfStock))
      return true
    }
    if generator.chance(perMille: 20) {
      let by = generator.chance(perMille: 800) ? CancelledBy.buyer : .merchant
      add(placedAt + generator.seconds(inHours: 1...24), .cancelled(by: by, cause: .other))
      return true
    }
    return false
  }

  /// A claim that the carrier's proof decides.
  private mutating func claimProved(
    _ proof: CarrierProof, _ settledAt: UnixSeconds, _ generator: inout SplitMix64
  ) {
    let openedAt = settledAt + generator.seconds(inHours: 1...72)
    let decidedAt = openedAt + generator.seconds(inHours: 1...4)
    add(
      openedAt,
      .claimOpened(.quality, proof == .emptyParcel ? .parcelEmpty : .notReceived))
    add(decidedAt, .claimDecided(.quality, .upheld))
    add(decidedAt + generator.seconds(inHours: 1...24), .compensated)
  }

  private mutating func claim(
    _ buyer: BuyerHabits, _ settledAt: UnixSeconds, _ generator: inout SplitMix64
  ) {
    let openedAt = settledAt + generator.seconds(inHours: 1...240)
    let allegation = generator.pick(buyer.allegations)
    let kind: ClaimKind =
      allegation == .changedMind || allegation == .other ? .nonQuality : .quality
    add(openedAt, .claimOpened(kind, allegation))
    if generator.chance(perMille: buyer.withdrawnPerMille) {
      let withdrawnAt = openedAt + generator.seconds(inHours: 2...96)
      add(withdrawnAt, .claimWithdrawn(openedAt: openedAt, allegation))
      return
    }
    let decidedAt = openedAt + generator.seconds(inHours: 4...144)
    let verdict = generator.pick(buyer.verdicts)
    add(decidedAt, .claimDecided(kind, verdict))
    if verdict != .upheld { return }

    let nothingCame = allegation == .notReceived || allegation == .parcelEmpty
    let isPaid = kind == .quality && generator.chance(perMille: buyer.compensatedPerMille)
    if nothingCame || isPaid {
      add(decidedAt + generator.seconds(inHours: 1...24), .compensated)
    } else {
      let inspectedAt = decidedAt + generator.seconds(inHours: 72...336)
      add(inspectedAt, .returnInspected(generator.pick(buyer.conditions)))
    }
  }

  private mutating func add(_ at: UnixSeconds, _ detail: EventDetail) {
    steps[stepCount] = Step(at: at, detail: detail)
    stepCount += 1
  }
}

private func + (time: UnixSeconds, seconds: UInt32) -> UnixSeconds {
  UnixSeconds(time.rawValue + seconds)
}
