import IntegrityCore
import IntegrityPolicy

/// Cases of claims and what the default policy decides, a row each, as a domain expert
/// writes them: Tests/Golden/claims.txt, whose head explains the words.
package enum GoldenClaims {
  /// When the claims are opened: 2026-03-01, noon.
  private static let openedAt = UnixSeconds(1_772_366_400)

  /// The case of each row, with what it shows.
  package static func cases(_ text: String) throws -> [(name: String, claimCase: ClaimCase)] {
    try text.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.isBlank }.map { row in
      let cells = row.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmed }
      return (cells[0], try claimCase(cells))
    }
  }

  /// `text` with what is decided now in each row's last cell: equal to `text` where
  /// nothing differs.
  package static func updated(_ text: String) throws -> String {
    try text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("#") || line.isBlank ? String(line) : try updatedRow(String(line))
    }.joined(separator: "\n")
  }

  private static func updatedRow(_ row: String) throws -> String {
    let cells = row.split(separator: "|", omittingEmptySubsequences: false)
    let decision = PolicyDocument.standard.policy.decide(
      try claimCase(cells.map { $0.trimmed }), schema: .standard)
    return (cells.prefix(5).map(String.init) + [" " + words(decision)]).joined(separator: "|")
  }

  private static func words(_ decision: ClaimDecision) -> String {
    let reasons = decision.reasons.map { reason in
      reason.code.label
        + (reason.points == 0 ? "" : (reason.points < 0 ? "" : "+") + "\(reason.points)")
    }
    return "\(decision.outcome.name) floor \(decision.buyerFloor) "
      + "\(decision.merchantFloor): \(reasons.joined(separator: " "))"
  }

  private static func claimCase(_ cells: [String]) throws -> ClaimCase {
    guard cells.count == 6 else { throw RowFault("six cells, not \(cells.count): \(cells)") }
    var c = ClaimCase(
      claim: Claim(
        id: ClaimID(1), buyer: AccountID(7), merchant: AccountID(9), openedAt: openedAt,
        amount: Minor(1), kind: .quality, allegation: .defective),
      buyer: try record(.buyer, cells[1]), merchant: try record(.merchant, cells[2]),
      caps: PolicyDocument.standard.policy.subsidy.caps, stateAt: openedAt)
    try readClaim(cells[3], &c.claim)
    for item in items(cells[4]) { try readContext(item, &c) }
    return c
  }

  /// "orders 40, claims 2": counters as they are when the claim is opened.
  private static func record(_ kind: AccountKind, _ cell: String) throws -> AccountRecord {
    var record = AccountRecord(AccountKey(kind, AccountID(kind == .buyer ? 7 : 9)))
    record.touch(at: openedAt, schema: .standard)
    for item in items(cell) {
      let (name, value) = try nameAndNumber(item)
      if name == "merchants" {
        // Ids that fall into buckets of their own, so that the estimate is what is written.
        var id: UInt64 = 1
        while record.sketch.estimate < Int(value) {
          record.sketch.insert(AccountID(id))
          id += 1
        }
        guard record.sketch.estimate == Int(value) else {
          throw RowFault("the sketch has no estimate of \(value)")
        }
        continue
      }
      guard let counter = counter(kind, name) else { throw RowFault("no counter \(name)") }
      record.add(value, to: counter, at: openedAt, schema: .standard)
    }
    return record
  }

  private static func counter(_ kind: AccountKind, _ name: String) -> Int? {
    switch kind {
    case .buyer: BuyerCounter.allCases.first { "\($0)" == name }?.rawValue
    case .merchant: MerchantCounter.allCases.first { "\($0)" == name }?.rawValue
    }
  }

  /// "quality defective 80.00 buyerEvidence": kind, allegation, amount, proofs.
  private static func readClaim(_ cell: String, _ claim: inout Claim) throws {
    let words = cell.split(separator: " ").map(String.init)
    guard words.count >= 3, let kind = ClaimKind.allCases.first(where: { "\($0)" == words[0] }),
      let allegation = Allegation.allCases.first(where: { "\($0)" == words[1] })
    else { throw RowFault("kind, allegation, amount, proofs: not \(cell)") }
    claim.kind = kind
    claim.allegation = allegation
    claim.amount = try money(words[2])
    let proofs: [String: ClaimProofs] = [
      "trackingInvalid": .trackingInvalid, "scannedBeforeOrder": .scannedBeforeOrder,
      "wrongDestination": .wrongDestination, "emptyParcel": .emptyParcel,
      "buyerEvidence": .buyerEvidence, "merchantEvidence": .merchantEvidence, "recorded": .recorded,
    ]
    for word in words.dropFirst(3) {
      guard let proof = proofs[word] else { throw RowFault("no proof \(word)") }
      claim.proofs.insert(proof)
    }
  }

  private static func readContext(_ item: String, _ c: inout ClaimCase) throws {
    let words = item.split(separator: " ").map(String.init)
    let number = words.last.flatMap { UInt32($0) }
    switch (words[0], words.count) {
    case ("linked", 1): c.history.isLinked = true
    case ("listed", 1): c.orders.isListed = true
    case ("pairClaims", 2): c.history.pairClaims = number ?? 0
    case ("buyerClaims", 2): c.history.buyerClaims = number ?? 0
    case ("category", 2): c.claim.category = number ?? 0
    case ("lot", 2):
      // Above the thousandth, however that is rounded.
      c.lot = UInt32((Double(number ?? 0) / 1_000 * 4_294_967_296).rounded(.up))
    case ("stateBehind", 2):
      c.stateAt = UnixSeconds(openedAt.rawValue - 3_600 * (number ?? 0))
    case ("ordered", 2):
      c.orders.outcome = Outcome.allCases.first { $0.name == words[1] }
    case ("used", 3):
      guard let scope = SubsidyScope.allCases.first(where: { $0.name == words[1] }) else {
        throw RowFault("no scope \(words[1])")
      }
      c.used[scope] = try money(words[2])
    default: throw RowFault("not understood: \(item)")
    }
  }

  private static func items(_ cell: String) -> [String] {
    cell.split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
  }

  private static func nameAndNumber(_ item: String) throws -> (String, Double) {
    let words = item.split(separator: " ")
    guard words.count == 2, let number = Double(words[1]) else {
      throw RowFault("a name and a number, not \(item)")
    }
    return (String(words[0]), number)
  }

  /// "80.00" is 8,000 minor units.
  private static func money(_ text: String) throws -> Minor {
    let parts = text.split(separator: ".")
    guard parts.count == 2, parts[1].count == 2, let units = Int64(parts[0]),
      let cents = Int64(parts[1])
    else { throw RowFault("an amount like 80.00, not \(text)") }
    return Minor(units * 100 + cents)
  }
}

struct RowFault: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension StringProtocol {
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
  fileprivate var isBlank: Bool { allSatisfy { $0 == " " } }
}
