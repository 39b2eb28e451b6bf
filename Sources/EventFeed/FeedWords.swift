import IntegrityCore

/// An enumeration whose cases have a word each in the feed.
package protocol FeedWord: CaseIterable {
  var word: String { get }
}

extension FeedWord {
  package static var words: [String] { allCases.map(\.word) }

  package init?(word: String) {
    guard let match = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = match
  }
}

extension CancelledBy: FeedWord {
  package var word: String {
    switch self {
    case .buyer: "buyer"
    case .merchant: "merchant"
    }
  }
}

extension CancelCause: FeedWord {
  package var word: String {
    switch self {
    case .outOfStock: "outOfStock"
    case .other: "other"
    }
  }
}

extension ClaimKind: FeedWord {
  package var word: String {
    switch self {
    case .quality: "quality"
    case .nonQuality: "nonQuality"
    }
  }
}

extension Allegation: FeedWord {
  package var word: String {
    switch self {
    case .notReceived: "notReceived"
    case .parcelEmpty: "parcelEmpty"
    case .defective: "defective"
    case .notAsDescribed: "notAsDescribed"
    case .wrongItem: "wrongItem"
    case .changedMind: "changedMind"
    case .other: "other"
    }
  }
}

extension Verdict: FeedWord {
  package var word: String {
    switch self {
    case .upheld: "upheld"
    case .rejected: "rejected"
    case .abuse: "abuse"
    }
  }
}

extension ReturnCondition: FeedWord {
  package var word: String {
    switch self {
    case .asSold: "asSold"
    case .used: "used"
    case .empty: "empty"
    case .swapped: "swapped"
    }
  }
}

extension FeedType {
  /// The type of line that tells `detail`.
  package init(of detail: EventDetail) {
    switch detail {
    case .settled: self = .settled
    case .pickedUp: self = .pickedUp
    case .cancelled: self = .cancelled
    case .carrierProof(.trackingInvalid): self = .trackingInvalid
    case .carrierProof(.scannedBeforeOrder): self = .scannedBeforeOrder
    case .carrierProof(.wrongDestination): self = .wrongDestination
    case .carrierProof(.emptyParcel): self = .emptyParcel
    case .claimOpened: self = .claimOpened
    case .claimDecided: self = .claimDecided
    case .claimWithdrawn: self = .claimWithdrawn
    case .returnInspected: self = .returnInspected
    case .compensated: self = .compensated
    }
  }
}
