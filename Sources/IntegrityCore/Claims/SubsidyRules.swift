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

/// Nobody is paid more than its own trade bears: with shares below the commission, what a ring
/// of accounts can get is less than what its trade has cost it.
///
/// Trade is what was ordered, or sold, less what was claimed or came back. It fades as all
/// evidence does, and of what has not faded yet each window pays for the part that fades in it:
/// over all windows that is the share of the trade and no more, whatever the half-life and
/// however the trade was timed.
public struct TurnoverRules: Sendable, Equatable {
  /// Most that a buyer is paid in 365 days: 0 … 10^15 minor units, and of all its trade, ever,
  /// this share: 0 … 1.
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

  func buyerCap(_ buyer: AccountRecord, at clock: DecayClock) -> Minor {
    let evidence = buyer.evidence(at: clock)
    let trade = evidence[BuyerCounter.valueOrdered] - evidence[BuyerCounter.valueClaimed]
    return Self.cap(buyerBase, buyerShare, trade, .buyer365Days, clock)
  }

  func merchantCap(_ merchant: AccountRecord, at clock: DecayClock) -> Minor {
    let evidence = merchant.evidence(at: clock)
    let trade = evidence[MerchantCounter.valueSold] - evidence[MerchantCounter.valueDisputed]
    return Self.cap(merchantBase, merchantShare, trade, .merchant30Days, clock)
  }

  private static func cap(
    _ base: Minor, _ share: Float, _ trade: Float, _ scope: SubsidyScope, _ clock: DecayClock
  ) -> Minor {
    let halfLives = Double(scope.days * 86_400) / Double(clock.schema.halfLifeSeconds)
    let fading = 1 - DeterministicMath.exp2(-halfLives)
    let earned = Double(share) * Double(Swift.max(trade, 0)) * fading
    let most = SubsidyAmounts.capMax
    return Swift.min(Minor(base.rawValue + Int64(Swift.min(earned, Double(most.rawValue)))), most)
  }
}

extension SubsidyRules {
  /// The caps for claims between two accounts, as of the clock's moment, where no budget was
  /// set by command.
  public func caps(
    buyer: AccountRecord, merchant: AccountRecord, at clock: DecayClock
  ) -> SubsidyAmounts {
    var bound = caps
    bound[.buyer365Days] = Swift.min(
      caps[.buyer365Days], turnover.buyerCap(buyer, at: clock))
    bound[.merchant30Days] = Swift.min(
      caps[.merchant30Days], turnover.merchantCap(merchant, at: clock))
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
