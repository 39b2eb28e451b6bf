import IntegrityCore

/// An account that one policy judges otherwise than another.
public struct RescoreRow: Sendable, Equatable {
  /// What one of the policies makes of it.
  public struct Verdict: Sendable, Equatable {
    public var score: Int
    public var scoreFloor: Int
    public var tier: Tier
    /// The strongest first; empty where they were not asked for.
    public var reasons: [ReasonCode]

    public init(score: Int, scoreFloor: Int, tier: Tier, reasons: [ReasonCode] = []) {
      self.score = score
      self.scoreFloor = scoreFloor
      self.tier = tier
      self.reasons = reasons
    }

    init(_ judgement: Judgement, withReasons: Bool) {
      self.init(
        score: judgement.score, scoreFloor: judgement.scoreFloor, tier: judgement.tier,
        reasons: withReasons ? judgement.reasons.map(\.code) : [])
    }
  }

  public var account: AccountKey
  public var before: Verdict
  public var after: Verdict

  public init(account: AccountKey, before: Verdict, after: Verdict) {
    self.account = account
    self.before = before
    self.after = after
  }

  public init(
    _ account: AccountKey, before: Judgement, after: Judgement, withReasons: Bool
  ) {
    self.init(
      account: account, before: Verdict(before, withReasons: withReasons),
      after: Verdict(after, withReasons: withReasons))
  }

  /// Points won (> 0) or lost.
  public var change: Int { after.score - before.score }
}
