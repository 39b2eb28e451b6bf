/// A merchant's case: where it stands, since when and for what.
public struct StandingCase: Sendable, Equatable {
  public var standing: Standing
  /// When the last step was taken; zero = never.
  public var since: UnixSeconds
  /// What the last step was for; nil = a human's word alone, or it was for the better.
  public var dimension: GovernedDimension?
  /// What that dimension's conduct was then.
  public var conduct: Conduct
  /// Until then nothing gets worse; zero = nothing is held.
  public var heldUntil: UnixSeconds
  /// An appeal against the last step waits: nothing gets worse.
  public var isAppealOpen: Bool
  /// The last notice that it has met in each dimension.
  public var met: [MetNotice]

  public init(
    standing: Standing, since: UnixSeconds, dimension: GovernedDimension? = nil,
    conduct: Conduct = Conduct(incidents: 0, orders: 0), heldUntil: UnixSeconds = .zero,
    isAppealOpen: Bool = false, met: [MetNotice] = []
  ) {
    self.standing = standing
    self.since = since
    self.dimension = dimension
    self.conduct = conduct
    self.heldUntil = heldUntil
    self.isAppealOpen = isAppealOpen
    self.met = met
  }

  /// Of a merchant that nothing was ever done about.
  public static let none = StandingCase(standing: .normal, since: .zero)
}

/// A step that the rules take by themselves.
public struct StandingStep: Sendable, Equatable {
  public var standing: Standing
  /// What it is for, or what a notice that was met was for; nil = things have become better.
  public var finding: ConductFinding?
  /// Until then nothing gets worse.
  public var heldUntil: UnixSeconds

  package init(
    standing: Standing, finding: ConductFinding? = nil, heldUntil: UnixSeconds = .zero
  ) {
    self.standing = standing
    self.finding = finding
    self.heldUntil = heldUntil
  }
}

/// How the notice that a merchant was given has turned out.
public enum NoticeResult: UInt8, Sendable {
  /// Its time is not over, or an appeal waits.
  case pending = 1
  /// It was met: since the notice the rate was below what a merchant is watched for, or what it
  /// was given for was taken back.
  case met = 2
  /// It was not, or too little was sold to say so: a human decides.
  case unmet = 3
}

extension GovernanceRules {
  /// The step that a sweep takes with a merchant, or nil.
  ///
  /// Pure. One step at a time: to the worse no sooner than `stepDays` after the last, to the
  /// better no sooner than `easeDays`; never out of a notice but when its time is over and it
  /// was met; never to `clearedOut`, and never from it. While an appeal is open, none: it is
  /// about the last step. What is held stays held when things become better. Notice is not given
  /// again for what one was met for: something has to have come since.
  public func step(
    _ state: StandingCase, _ assessment: Assessment, certification: Certification?,
    schema: EvidenceSchema, now: UnixSeconds
  ) -> StandingStep? {
    let standing = state.standing
    if standing == .clearedOut || state.isAppealOpen { return nil }
    if standing == .clearOutNotice {
      let result = noticeResult(state, assessment, schema: schema, now: now)
      if result != .met { return nil }
      return StandingStep(
        standing: .restricted, finding: state.dimension.map { assessment.findings[$0.rawValue] },
        heldUntil: state.heldUntil)
    }
    let called = called(assessment, certification)
    if called > standing {
      if now < state.heldUntil { return nil }
      if standing > .normal && !now.isDays(stepDays, after: state.since) { return nil }
      if standing < .restricted {
        return StandingStep(standing: standing.worse, finding: assessment.worst)
      }
      let reason = noticeReason(state, assessment, schema, now)
      return reason.map { StandingStep(standing: .clearOutNotice, finding: $0) }
    }
    // Where support is what keeps it from worse, it is not better that it has become.
    if assessment.standing < standing && now.isDays(easeDays, after: state.since) {
      return StandingStep(standing: standing.better, heldUntil: state.heldUntil)
    }
    return nil
  }

  /// What the evidence calls for, as far as support lets a sweep go.
  public func called(_ assessment: Assessment, _ certification: Certification?) -> Standing {
    Swift.min(
      assessment.standing,
      certification.map { support[$0.track.rawValue].standingMax } ?? .clearOutNotice)
  }

  /// The worst of what calls for notice, without what one was met for and has not come since.
  private func noticeReason(
    _ state: StandingCase, _ assessment: Assessment, _ schema: EvidenceSchema, _ now: UnixSeconds
  ) -> ConductFinding? {
    assessment.findings.filter { whole in
      if whole.standing < .clearOutNotice { return false }
      guard let met = state.met.first(where: { $0.dimension == whole.dimension }) else {
        return true
      }
      let fading = Self.fading(from: met.at, to: now, schema)
      let since = whole.conduct.since(met.conduct, fading: fading)
      return finding(whole.dimension, since).standing > .normal
    }.max { $0.certainRate < $1.certainRate }
  }

  private static func fading(
    from earlier: UnixSeconds, to now: UnixSeconds, _ schema: EvidenceSchema
  ) -> Float {
    Float(
      DeterministicMath.exp2(schema.halfLives(until: earlier) - schema.halfLives(until: now)))
  }

  /// Whether only support keeps a sweep from a step to the worse: a human has to look.
  public func isHeldBySupport(
    _ state: StandingCase, _ assessment: Assessment, certification: Certification?,
    schema: EvidenceSchema, now: UnixSeconds
  ) -> Bool {
    let called = called(assessment, certification)
    if called >= assessment.standing || state.standing < called { return false }
    return step(state, assessment, certification: nil, schema: schema, now: now)?.finding != nil
      && state.standing < .clearOutNotice
  }

  /// Whether a human may give notice to a merchant, or why not: where the evidence calls for it
  /// and a sweep would not be early.
  public func noticeFault(
    _ state: StandingCase, _ assessment: Assessment, now: UnixSeconds
  ) -> String? {
    if assessment.standing < .clearOutNotice { return "its evidence does not call for that" }
    if now < state.heldUntil {
      return "nothing is held against it until \(state.heldUntil.rawValue) (UTC seconds)"
    }
    if !now.isDays(stepDays, after: state.since) {
      let first = state.since.adding(days: stepDays)
      return "the last step is too new: from \(first.rawValue) (UTC seconds) on"
    }
    return nil
  }

  /// - Precondition: a notice was given.
  public func noticeResult(
    _ state: StandingCase, _ assessment: Assessment, schema: EvidenceSchema, now: UnixSeconds
  ) -> NoticeResult {
    if state.isAppealOpen || !now.isDays(noticeDays, after: state.since) { return .pending }
    guard let dimension = state.dimension else { return .unmet }
    let finding = assessment.findings[dimension.rawValue]
    let fading = Self.fading(from: state.since, to: now, schema)
    // Not faded, nor diluted: a tenth at least is not there any more.
    let isTakenBack = finding.conduct.incidents < 0.9 * state.conduct.incidents * fading
    if isTakenBack && finding.standing == .normal { return .met }
    let since = finding.conduct.since(state.conduct, fading: fading)
    let isMet = since.orders >= ordersMin && since.rate < limits[dimension.rawValue].watch
    return isMet ? .met : .unmet
  }

  /// Weight in rankings in thousandths, 0 … 2,000: the score that is safe to assume, times
  /// what the merchant's standing and certification make of it.
  @inlinable
  public func rankingWeight(
    scoreFloor: Int, _ standing: Standing, _ certification: Certification?
  ) -> Int {
    let factor = certification.map { support[$0.track.rawValue].rankingFactor } ?? 1
    let weight = Float(scoreFloor) * rankingFactors[Int(standing.rawValue)] * factor
    return Int(weight + 0.5)
  }
}

extension UnixSeconds {
  /// Whether so many days have passed since `earlier`.
  func isDays(_ days: UInt16, after earlier: UnixSeconds) -> Bool {
    UInt64(rawValue) >= UInt64(earlier.rawValue) + UInt64(days) * 86_400
  }

  /// Ends in 2106.
  package func adding(days: UInt16) -> UnixSeconds {
    UnixSeconds(UInt32(clamping: UInt64(rawValue) + UInt64(days) * 86_400))
  }
}
