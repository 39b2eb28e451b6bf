/// The fields of a line, in the order of a canonical line. The raw value is the
/// field's name in the feed.
package enum FeedField: String, CaseIterable {
  case type, at, buyer, merchant, order, claim, amount
  case orderedAt, late, by, cause, claimKind, openedAt, allegation, verdict, condition
  case source, sequence, position

  package static let names = allCases.map(\.rawValue)

  /// Allowed on a line of every type. Which of the accounts a type needs is
  /// for `Event.fault` to say.
  package var isCommon: Bool {
    switch self {
    case .type, .at, .buyer, .merchant, .order, .claim, .amount, .source, .sequence,
      .position:
      true
    case .orderedAt, .late, .by, .cause, .claimKind, .allegation, .verdict, .openedAt,
      .condition:
      false
    }
  }
}

/// The types of a line. The raw value is what `type` says in the feed.
package enum FeedType: String, CaseIterable {
  case settled, pickedUp, cancelled
  case trackingInvalid, scannedBeforeOrder, wrongDestination, emptyParcel
  case claimOpened, claimDecided, claimWithdrawn, returnInspected, compensated

  package static let names = allCases.map(\.rawValue)

  /// The fields that are the type's own. All but `orderedAt` are required.
  package var ownFields: [FeedField] {
    switch self {
    case .settled: [.orderedAt]
    case .pickedUp: [.late]
    case .cancelled: [.by, .cause]
    case .trackingInvalid, .scannedBeforeOrder, .wrongDestination, .emptyParcel: []
    case .claimOpened: [.claimKind, .allegation]
    case .claimDecided: [.claimKind, .verdict]
    case .claimWithdrawn: [.openedAt, .allegation]
    case .returnInspected: [.condition]
    case .compensated: []
    }
  }
}
