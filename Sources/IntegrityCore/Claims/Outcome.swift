/// Who pays: what is decided on a claim. Raw values are stored and sent.
public enum Outcome: UInt8, Sendable, CaseIterable {
  /// The platform pays the buyer, who keeps the goods; the merchant pays nothing.
  case platformCompensates = 1
  /// The buyer sends the goods back and is refunded by the merchant.
  case returnAndRefund = 2
  /// The merchant settles it with the buyer.
  case merchantDecides = 3
  /// A human looks at it; nothing is paid yet.
  case manualReview = 4
  /// Nothing is paid. Only ever after a human's verdict.
  case decline = 5

  /// As in documents and on the command line: "PLATFORM_COMPENSATES".
  public var name: String {
    switch self {
    case .platformCompensates: "PLATFORM_COMPENSATES"
    case .returnAndRefund: "RETURN_AND_REFUND"
    case .merchantDecides: "MERCHANT_DECIDES"
    case .manualReview: "MANUAL_REVIEW"
    case .decline: "DECLINE"
    }
  }
}
