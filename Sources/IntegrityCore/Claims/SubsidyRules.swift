/// What the policy says about the platform's money.
public struct SubsidyRules: Sendable, Equatable {
  /// Most that is reserved and paid in each scope, unless a budget was set by command.
  public var caps: SubsidyAmounts
  public var turnover: TurnoverRules
  /// Days after which what was reserved and not paid is free again: 1 … 365.
  public var reserveDays: UInt16

  public init(caps: SubsidyAmounts, turnover: TurnoverRules, reserveDays: UInt16) {
    self.caps = caps
    self.turnover = turnover
    self.reserveDays = reserveDays
  }
}

/// Nobody is paid more than its own trade bears: what the platform earned by a ring of
/// accounts is more than the ring can get.
///
/// Trade is what was ordered, or sold, less what was claimed or came back; it fades as all
/// evidence does.
public struct TurnoverRules: Sendable, Equatable {
  /// Most that a buyer is paid in 365 days: so much, and a share of its trade. 0 … 10^15
  /// minor units, and 0 … 1.
  public var buyerBase: Minor
  public var buyerShare: Float
  /// Most that is paid for claims against a merchant in 30 days, likewise.
  public var merchantBase: Minor
  public var merchantShare: Float

  public init(buyerBase: Minor, buyerShare: Float, merchantBase: Minor, merchantShare: Float) {
    self.buyerBase = buyerBase
    self.buyerShare = buyerShare
    self.merchantBase = merchantBase
    self.merchantShare = merchantShare
  }

  /// Minor units.
  func buyerCap(_ evidence: Evidence) -> Minor {
    let trade = evidence[BuyerCounter.valueOrdered] - evidence[BuyerCounter.valueClaimed]
    return Self.cap(buyerBase, buyerShare, trade)
  }

  /// Minor units. What was claimed is not in the value sold.
  func merchantCap(_ evidence: Evidence) -> Minor {
    Self.cap(merchantBase, merchantShare, evidence[MerchantCounter.valueSold])
  }

  private static func cap(_ base: Minor, _ share: Float, _ trade: Float) -> Minor {
    let most = Double(SubsidyAmounts.capMax.rawValue)
    let earned = Swift.min(Double(share) * Double(Swift.max(trade, 0)), most)
    return Swift.min(Minor(base.rawValue + Int64(earned)), SubsidyAmounts.capMax)
  }
}

extension SubsidyRules {
  /// The caps for claims between two accounts, as of the clock's moment, where no budget was
  /// set by command. Two records are brought up to that moment: some 10 ns.
  public func caps(
    buyer: AccountRecord, merchant: AccountRecord, at clock: DecayClock
  ) -> SubsidyAmounts {
    var bound = caps
    bound[.buyer365Days] = Swift.min(
      caps[.buyer365Days], turnover.buyerCap(buyer.evidence(at: clock)))
    bound[.merchant30Days] = Swift.min(
      caps[.merchant30Days], turnover.merchantCap(merchant.evidence(at: clock)))
    return bound
  }

  /// Hash of every number, for the policy's.
  var hash: UInt64 {
    let shares = [turnover.buyerShare, turnover.merchantShare]
    let bases = [turnover.buyerBase, turnover.merchantBase]
    return StateHash.of(
      SubsidyScope.allCases.map { UInt64(bitPattern: caps[$0].rawValue) } + [UInt64(reserveDays)]
        + bases.map { UInt64(bitPattern: $0.rawValue) }
        + shares.map { UInt64($0.bitPattern) })
  }
}
