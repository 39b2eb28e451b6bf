/// What the platform's money is counted by. The raw value is stored and sent.
public enum SubsidyScope: UInt8, Sendable, CaseIterable {
  /// Everything, in a UTC day.
  case global = 1
  /// Goods of one category, in a UTC day.
  case category = 2
  /// One buyer, those linked to it included, in 30 days.
  case buyer30Days = 3
  /// The same in 365 days.
  case buyer365Days = 4
  /// Claims against one merchant, in 30 days.
  case merchant30Days = 5
  /// One buyer's, those linked included, against one merchant, in 90 days.
  case pair90Days = 6

  /// Days that are added up.
  public var days: UInt32 {
    switch self {
    case .global, .category: 1
    case .buyer30Days, .merchant30Days: 30
    case .pair90Days: 90
    case .buyer365Days: 365
    }
  }

  static let codes: ClosedRange<UInt8> = 1...6

  /// Whether it is the platform's as a whole, whoever the parties are.
  public var isOfPlatform: Bool { self == .global || self == .category }

  /// Whether `cap` has room for what a claim asks.
  ///
  /// A claim of no category is bound by none. Proof by the carrier excludes abuse by the buyer,
  /// whose caps do not bind it then; it does not exclude that merchant and buyer are in league.
  public func hasRoom(for claim: Claim, used: Minor, cap: Minor) -> Bool {
    switch self {
    case .category where claim.category == 0: return true
    case .buyer30Days, .buyer365Days, .pair90Days:
      if !claim.proofs.isDisjoint(with: .byCarrier) { return true }
    default: break
    }
    return claim.amount.fits(beside: used, under: cap)
  }

  /// What is said where it is exhausted.
  public var reason: ReasonCode {
    switch self {
    case .global: .g01GlobalBudget
    case .category: .g04CategoryCap
    case .buyer30Days, .buyer365Days, .pair90Days: .g02BuyerCap
    case .merchant30Days: .g03MerchantCap
    }
  }

  /// Key in policy documents and on the command line.
  public var name: String {
    switch self {
    case .global: "globalDay"
    case .category: "categoryDay"
    case .buyer30Days: "buyer30Days"
    case .buyer365Days: "buyer365Days"
    case .merchant30Days: "merchant30Days"
    case .pair90Days: "pair90Days"
    }
  }
}

/// An amount for each scope, in minor units: what is used, or what is allowed.
public struct SubsidyAmounts: Sendable, Equatable {
  private var amounts: InlineArray<6, Int64>

  /// Largest cap: 10^15 minor units.
  public static let capMax = Minor(1_000_000_000_000_000)
  public static let zero = SubsidyAmounts { _ in Minor(0) }

  public init(_ amount: (SubsidyScope) -> Minor) {
    amounts = InlineArray { index in
      // There are as many scopes as places.
      amount(SubsidyScope(rawValue: UInt8(index + 1)) ?? .global).rawValue
    }
  }

  public subscript(scope: SubsidyScope) -> Minor {
    get { Minor(amounts[Int(scope.rawValue) - 1]) }
    set { amounts[Int(scope.rawValue) - 1] = newValue.rawValue }
  }

  public static func == (a: SubsidyAmounts, b: SubsidyAmounts) -> Bool {
    SubsidyScope.allCases.allSatisfy { a[$0] == b[$0] }
  }
}

extension Minor {
  /// Whether so much can be used beside what is used. No sum that could overflow.
  func fits(beside used: Minor, under cap: Minor) -> Bool {
    self <= cap && used.rawValue <= cap.rawValue - rawValue
  }
}
