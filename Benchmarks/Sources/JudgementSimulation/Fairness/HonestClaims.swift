import IntegrityCore

/// What becomes of honest claims under a variant, and above all of newcomers'.
struct HonestClaims {
  /// Amounts in minor units, from and below.
  struct Band {
    var name: String
    var range: Range<Int64>
  }

  static let bands = [
    Band(name: "below 50", range: 0..<5_000), Band(name: "50 to 300", range: 5_000..<30_000),
    Band(name: "300 to 2,000", range: 30_000..<200_000),
    Band(name: "from 2,000", range: 200_000..<(.max)),
  ]
  /// A newcomer's orders: the first so many.
  static let newcomerOrders = 10

  /// How claims came out.
  struct Count {
    var claims = 0
    var compensated = 0
    var returned = 0
    /// For their amount, or because both parties are strong and contradict each other.
    var reviewed = 0
    var suspected = 0
    var declined = 0
    /// Declined, or suspected.
    var refused = 0
    /// By reason's label.
    var suspicions: [String: Int] = [:]

    mutating func add(_ history: DisputeHistory) {
      claims += 1
      switch history.firstOutcome {
      case .platformCompensates: compensated += 1
      case .returnAndRefund: returned += 1
      case .manualReview: if history.isSuspected { suspected += 1 } else { reviewed += 1 }
      case .merchantDecides, .decline: break
      }
      if history.outcome == .decline { declined += 1 }
      if history.outcome == .decline || history.isSuspected { refused += 1 }
      if let code = history.suspicion { suspicions[code.label, default: 0] += 1 }
    }

    func row(_ names: [Cell]) -> [Cell] {
      names + [.count(claims)]
        + [compensated, returned, reviewed, suspected, declined, refused].map {
          .share($0, of: claims)
        }
        + [
          .text(
            suspicions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
              .joined(separator: ", "))
        ]
    }
  }

  static let columns = [
    "claims", "compensated", "returned", "to a human", "suspected", "declined", "refused",
    "suspected by",
  ]

  private(set) var newcomers = Count()
  private(set) var others = Count()
  private(set) var byBand = [Count](repeating: Count(), count: bands.count)

  init(_ histories: [DisputeHistory]) {
    for history in histories where history.dispute.isFounded {
      if history.dispute.ordinal > Self.newcomerOrders {
        others.add(history)
        continue
      }
      newcomers.add(history)
      let amount = history.dispute.claim.amount.rawValue
      if let band = Self.bands.firstIndex(where: { $0.range.contains(amount) }) {
        byBand[band].add(history)
      }
    }
  }

  /// Of a hundred founded claims of newcomers.
  var falseRefusalPercent: Double {
    100 * Double(newcomers.refused) / Double(max(1, newcomers.claims))
  }

  /// The share that is thought bearable.
  static let falseRefusalMaxPercent = 1.0
}

extension HonestClaims {
  /// - Parameter claims: by variant.
  static func table(_ claims: [(variant: String, claims: HonestClaims)]) -> Table {
    var table = Table("Honest buyers' founded claims", ["policy", "whose, of what"] + columns)
    for (variant, claims) in claims {
      table.add(
        claims.newcomers.row([.text(variant), .text("newcomers, \(newcomerOrders) first orders")]))
      for (band, count) in zip(bands, claims.byBand) {
        table.add(count.row([.text(variant), .text("… \(band.name)")]))
      }
      table.add(claims.others.row([.text(variant), "later orders"]))
    }
    table.notes = [
      "suspected: sent to a human by B03 to B07 or P01; refused: suspected, or declined by a human "
        + "who erred. To send the goods back and be refunded is no refusal.",
      "at most \(Cell.fixed(falseRefusalMaxPercent, 0)) % of newcomers' claims may be refused",
    ]
    return table
  }
}
