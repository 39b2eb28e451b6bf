import Foundation
import IntegrityCore
import MarketplaceSimulator

/// Who was cleared out, held against the truth.
struct Verdicts {
  private struct Row: Encodable {
    let role: String
    let isHonest: Bool
    var merchants = 0
    /// Those with so many settled orders that they can be assessed.
    var assessable = 0
    /// Of all of them, and of the assessable ones, by standing.
    var standings = [Int](repeating: 0, count: Standing.allCases.count)
    var assessableOut = 0
    /// Those that were ever moved.
    var moved = 0
  }

  private var rows: [MarketplaceRole: Row] = [:]
  private let claims: Int

  /// Of settled orders: what the policy asks for, with room for their fading.
  static let assessableOrders = 30

  init(
    _ standings: [AccountID: Standing], worst: [AccountID: Standing], settled: [AccountID: Int],
    _ simulator: MarketplaceSimulator, claims: Int
  ) {
    self.claims = claims
    for (account, role) in simulator.truth where account.kind == .merchant {
      var row = rows[role] ?? Row(role: "\(role)", isHonest: role.isHonest)
      let standing = standings[account.id] ?? .normal
      let isAssessable = settled[account.id, default: 0] >= Self.assessableOrders
      row.merchants += 1
      if worst[account.id] ?? .normal > .normal { row.moved += 1 }
      row.standings[Int(standing.rawValue)] += 1
      if isAssessable {
        row.assessable += 1
        if standing == .clearedOut { row.assessableOut += 1 }
      }
      rows[role] = row
    }
  }

  private func sum(_ isHonest: Bool, _ value: (Row) -> Int) -> Int {
    rows.values.filter { $0.isHonest == isHonest }.reduce(0) { $0 + value($1) }
  }

  private static func out(_ row: Row) -> Int { row.standings[Int(Standing.clearedOut.rawValue)] }

  var honestOut: Int { sum(true, Self.out) }
  private var cheatsOut: Int { sum(false, Self.out) }
  private var precision: Double {
    cheatsOut + honestOut == 0 ? 0 : Double(cheatsOut) / Double(cheatsOut + honestOut)
  }
  private var recall: Double { Double(cheatsOut) / Double(max(sum(false) { $0.merchants }, 1)) }
  private var assessableRecall: Double {
    Double(sum(false) { $0.assessableOut }) / Double(max(sum(false) { $0.assessable }, 1))
  }

  func print() {
    Swift.print("\(claims) claims; merchants by what they are, and where they stand at the end:")
    Swift.print(
      Self.line(["", "all", ">= \(Self.assessableOrders) orders"] + Standing.allCases.map(\.name)))
    for role in MarketplaceRole.allCases {
      guard let row = rows[role] else { continue }
      Swift.print(
        Self.line(
          [row.role, "\(row.merchants)", "\(row.assessable)"] + row.standings.map { "\($0)" }))
    }
    Swift.print("cleared out: \(cheatsOut) cheats and \(honestOut) honest merchants")
    Swift.print("honest merchants that ever stood at WATCH or worse: \(sum(true) { $0.moved })")
    Swift.print(
      "precision \(Self.percent(precision)), recall \(Self.percent(recall)) of all cheats, "
        + "\(Self.percent(assessableRecall)) of those with \(Self.assessableOrders) orders or more")
  }

  private static func line(_ cells: [String]) -> String {
    cells.enumerated().map { index, cell in
      let width = index == 0 ? 24 : max(cell.count, index == 2 ? 13 : 16)
      let padding = String(repeating: " ", count: max(0, width - cell.count))
      return index == 0 ? cell + padding : padding + cell
    }.joined(separator: " ")
  }

  private static func percent(_ share: Double) -> String {
    "\((share * 1_000).rounded() / 10) %"
  }

  var json: Data {
    get throws {
      struct Report: Encodable {
        let claims: Int
        let roles: [Row]
        let cheatsClearedOut: Int
        let honestClearedOut: Int
        let precision: Double
        let recall: Double
        let recallOfAssessable: Double
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
      return try encoder.encode(
        Report(
          claims: claims, roles: MarketplaceRole.allCases.compactMap { rows[$0] },
          cheatsClearedOut: cheatsOut, honestClearedOut: honestOut, precision: precision,
          recall: recall, recallOfAssessable: assessableRecall))
    }
  }
}
