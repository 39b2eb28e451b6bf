import Glibc
import IntegrityCore

/// Fits one scorecard of a policy to what followed in a history, and says where each of
/// its numbers comes from.
///
/// For each half-life: each dimension's prior is the spread of the accounts' rates
/// (`BetaPrior`), its weight is that of a logistic regression of what went wrong on how far
/// the account's odds were from the prior's (`LogisticFit`), and those of history and age
/// likewise. The half-life is taken that makes the outcomes most likely. Everything is rounded to what
/// is written. The same history gives the same policy.
public struct PolicyFit: Sendable {
  public let policy: Policy
  /// To make a store with.
  public let halfLifeDays: Int
  public let tried: [Candidate]
  /// Every claim weighs alike, whoever makes it: outcomes are likelier so.
  public let hasEqualWords: Bool
  public let dimensions: [Dimension]
  /// Orders that were fitted to, and how many of them went wrong.
  public let orderCount: Int
  public let wrongCount: Int

  /// What came of one half-life.
  public struct Candidate: Sendable {
    public let halfLifeDays: Int
    /// With every claim weighing alike; else by its claimant's credibility.
    public let hasEqualWords: Bool
    /// Mean over the orders, natural logarithm.
    public let meanLogLikelihood: Double
  }

  /// Where the numbers of one dimension come from.
  public struct Dimension: Sendable {
    public let name: String
    /// Incidents in the evidence of all accounts at the end of the fit; below
    /// `PolicyFit.incidentsMin` the dimension's numbers are those of the policy before.
    public let incidents: Double
    public let isFitted: Bool
    /// Factor by which the odds rise where those of the incident double.
    public let oddsFactor: Double
  }

  /// What can be wrong with a history.
  public enum Refusal: Error, Sendable {
    /// Too few orders, or of one sort only.
    case tooFewOrders(count: Int, wrongCount: Int, wrongMin: Int)
  }

  /// Half-lives that are tried if nobody says otherwise, in days.
  public static let halfLivesTried = [30, 60, 90, 180, 365, 730, 1_460, 3_650]
  /// Fewer orders of either sort say nothing.
  public static let wrongMin = 50
  /// A dimension with fewer incidents is left as it was.
  public static let incidentsMin = 30.0
  /// Log-likelihood, over all orders, that must be won before every claim weighs alike:
  /// what one number more has to be worth. Source: Akaike, 1974.
  static let equalWordsGainMin = 2.0
  /// Points that halve the odds, at most: less where what was seen would not fit between 0
  /// and 1,000 around the base, with some room.
  static let pointsPerHalvingMax = 80.0
  static let room = 0.9

  /// - Parameters:
  ///   - base: what is not fitted is taken from it, and its version is raised by one.
  ///   - halfLivesDays: at least one; in the range of `EvidenceSchema`.
  ///   - scaleOnly: leave priors and weights as they are: say what the scores mean.
  ///   - triesEqualWords: also try that every claim weighs alike. Throwaway accounts then
  ///     weigh in full: what it forecasts better it protects less.
  /// - Throws: where there is too little to learn from.
  public init(
    _ history: FitHistory, base: Policy, halfLivesDays: [Int] = Self.halfLivesTried,
    scaleOnly: Bool = false, triesEqualWords: Bool = false
  ) throws(Refusal) {
    let fitted = history.orders.filter { history.part(of: $0) == .fit }
    let wrong = fitted.count { $0.wentWrong }
    if min(wrong, fitted.count - wrong) < Self.wrongMin {
      throw .tooFewOrders(count: fitted.count, wrongCount: wrong, wrongMin: Self.wrongMin)
    }
    let bases = triesEqualWords ? [base, base.withEqualWords] : [base]
    let fits = bases.flatMap { base in
      halfLivesDays.sorted().map { days in
        scaleOnly
          ? CardFit(scaleOf: base, history, halfLifeDays: days)
          : CardFit(history, base: base, halfLifeDays: days)
      }
    }
    let chosen = Self.chosen(fits, orderCount: fitted.count)
    halfLifeDays = chosen.halfLifeDays
    hasEqualWords = chosen.hasEqualWords
    tried = fits.map {
      Candidate(
        halfLifeDays: $0.halfLifeDays, hasEqualWords: $0.hasEqualWords,
        meanLogLikelihood: $0.meanLogLikelihood)
    }
    dimensions = chosen.dimensions
    orderCount = fitted.count
    wrongCount = wrong
    policy = (chosen.hasEqualWords ? base.withEqualWords : base)
      .replacing(chosen.rules, of: history.kind)
  }

  /// The likeliest; of equal ones the longest half-life: evidence fades no faster than the
  /// data ask for.
  private static func chosen(_ fits: [CardFit], orderCount: Int) -> CardFit {
    func best(_ fits: [CardFit]) -> CardFit? {
      let most = fits.map(\.meanLogLikelihood).max() ?? 0
      return fits.last { $0.meanLogLikelihood >= most }
    }
    let weighed = best(fits.filter { !$0.hasEqualWords }) ?? fits[0]
    guard let alike = best(fits.filter(\.hasEqualWords)) else { return weighed }
    let gain = (alike.meanLogLikelihood - weighed.meanLogLikelihood) * Double(orderCount)
    return gain > equalWordsGainMin ? alike : weighed
  }
}

extension EvidenceSchema {
  /// - Precondition: as many days as `halfLifeRange` allows.
  public init(days: Int) { self.init(halfLifeSeconds: UInt32(days) * 86_400) }
}

extension Policy {
  /// With every claim weighing as much as one can.
  var withEqualWords: Policy {
    var credibility = credibility
    credibility.weightMin = 1
    return Policy(
      version: version, buyer: buyerRules, merchant: merchantRules, tiers: tiers,
      credibility: credibility, claims: claims, subsidy: subsidy, governance: governance)
  }

  /// The next version, with another card.
  func replacing(_ card: CardRules, of kind: AccountKind) -> Policy {
    Policy(
      version: version == .max ? version : version + 1, buyer: kind == .buyer ? card : buyerRules,
      merchant: kind == .merchant ? card : merchantRules, tiers: tiers, credibility: credibility,
      claims: claims, subsidy: subsidy, governance: governance)
  }
}
