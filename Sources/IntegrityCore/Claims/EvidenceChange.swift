/// What a claim puts into the evidence, piece by piece, and what undoing takes out again.
public enum EvidenceChange: Sendable, Equatable {
  /// It was opened. Buyer.
  case opening(Allegation, amount: Minor, merchant: AccountID)
  /// While it stands, its order is no trade. Merchant; nothing that it did.
  case dispute(amount: Minor)
  /// The carrier has proven a false shipment, or an empty parcel. Merchant.
  case proof(ClaimProofs, buyer: AccountID)
  /// It speaks against the merchant, with the weight that its claimant's word has.
  case complaint(weight: Float, amount: Minor, buyer: AccountID)
  /// A human found it right. Buyer.
  case upheld
  /// A human found it abusive. Both.
  case abuse
  /// The platform has paid. Buyer.
  case payment(Minor)

  public var changesBuyer: Bool {
    switch self {
    case .opening, .upheld, .abuse, .payment: true
    case .dispute, .proof, .complaint: false
    }
  }

  public var changesMerchant: Bool {
    switch self {
    case .dispute, .proof, .complaint, .abuse: true
    case .opening, .payment, .upheld: false
    }
  }
}

extension EvidenceRules {
  /// Adds a piece of evidence, dated `time`, to those of the two records that it changes.
  public func add(
    _ change: EvidenceChange, at time: UnixSeconds, buyer: inout AccountRecord,
    merchant: inout AccountRecord
  ) {
    if change.changesBuyer {
      settleTier(&buyer, before: time)
      buyer.touch(at: time, schema: schema)
      put(change, +1, time, intoBuyer: &buyer)
      updateTier(&buyer, at: buyer.lastEventAt)
    }
    if case .dispute(let amount) = change {
      dispute(amount, +1, at: time, &merchant)
    } else if change.changesMerchant {
      settleTier(&merchant, before: time)
      merchant.touch(at: time, schema: schema)
      put(change, +1, time, intoMerchant: &merchant)
      updateTier(&merchant, at: merchant.lastEventAt)
    }
  }

  /// Takes out exactly what `add` put in with the same change and time.
  ///
  /// The tier is the deserved one at once: it is not held down by what never should have
  /// counted.
  public func retract(
    _ change: EvidenceChange, at time: UnixSeconds, buyer: inout AccountRecord,
    merchant: inout AccountRecord
  ) {
    if change.changesBuyer {
      put(change, -1, time, intoBuyer: &buyer)
      restoreTier(&buyer)
    }
    if case .dispute(let amount) = change {
      dispute(amount, -1, at: time, &merchant)
    } else if change.changesMerchant {
      put(change, -1, time, intoMerchant: &merchant)
      restoreTier(&merchant)
    }
  }

  /// Notes what is no trade, or is some again. That is nothing that the merchant did: no score
  /// hangs on it, and it is not heard of by it.
  func dispute(
    _ amount: Minor, _ sign: Double, at time: UnixSeconds, _ merchant: inout AccountRecord
  ) {
    merchant.rebase(to: schema.epoch(of: time))
    merchant.add(
      sign * Double(amount.rawValue), to: MerchantCounter.valueDisputed.rawValue, at: time,
      schema: schema)
  }

  private func put(
    _ change: EvidenceChange, _ sign: Double, _ time: UnixSeconds,
    intoBuyer buyer: inout AccountRecord
  ) {
    func count(_ weight: Double, _ counter: BuyerCounter) {
      buyer.add(sign * weight, to: counter.rawValue, at: time, schema: schema)
    }
    switch change {
    case .opening(let allegation, let amount, let merchant):
      count(1, .claimsOpened)
      count(Double(amount.rawValue), .valueClaimed)
      if allegation.isNotReceived { count(1, .claimsNotReceived) }
      meet(merchant, sign, &buyer)
    case .upheld: count(1, .claimsUpheld)
    case .abuse: count(1, .claimsAbusive)
    case .payment(let amount): count(Double(amount.rawValue), .valueCompensated)
    case .dispute, .proof, .complaint: break
    }
  }

  private func put(
    _ change: EvidenceChange, _ sign: Double, _ time: UnixSeconds,
    intoMerchant merchant: inout AccountRecord
  ) {
    func count(_ weight: Double, _ counter: MerchantCounter) {
      merchant.add(sign * weight, to: counter.rawValue, at: time, schema: schema)
    }
    switch change {
    case .proof(let proofs, let buyer):
      if proofs.contains(.emptyParcel) { count(1, .parcelsEmpty) }
      if !proofs.isDisjoint(with: [.trackingInvalid, .scannedBeforeOrder, .wrongDestination]) {
        count(1, .shipmentsFalse)
      }
      meet(buyer, sign, &merchant)
    case .complaint(let weight, let amount, let buyer):
      count(Double(weight), .qualityClaimsUpheld)
      count(Double(weight) * Double(amount.rawValue), .valueRefundedForQuality)
      meet(buyer, sign, &merchant)
    case .abuse: count(1, .claimsAbusedByBuyers)
    case .opening, .dispute, .payment, .upheld: break
    }
  }

  private func meet(_ other: AccountID, _ sign: Double, _ record: inout AccountRecord) {
    if sign > 0 { record.sketch.insert(other) } else { record.sketch.remove(other) }
  }

  private func restoreTier(_ record: inout AccountRecord) {
    let clock = DecayClock(schema, now: record.lastEventAt)
    policy.tiers.restore(&record, score: policy.score(record, at: clock))
  }
}
