import ArgumentParser
import Foundation
import IntegrityCore
import IntegrityPolicy

// Attacks with known truth and a cost figure each, and fairness, on the engine in process: what
// a policy lets attackers make, and what it does to honest people.
//
//     make judgement-simulation

@main
struct JudgementSimulation: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "judgement-simulation",
    abstract: "What attacks bring, and what honest people suffer, under a policy.",
    discussion: """
      Deterministic by its seed. Ends with failure where attacks that must pay without any rules \
      do not, one pays under the built-in policy, or more honest newcomers are refused than is \
      bearable; traps where the books of a run do not agree with each other and the desk.
      """)

  @Option(help: "The policy's document; the built-in one if there is none.")
  var policy: String?

  @Option(help: "Seed of honest trade and of humans' luck.")
  var seed: UInt64 = 1

  @Option(help: "Where the tables are written as JSON.")
  var json: String?

  @Option(help: "Only these attacks, by id, and no fairness; may be given again.")
  var attack: [String] = []

  @Flag(help: "Only fairness, and no attacks.")
  var fairness = false

  func run() async throws {
    let policy = try document().policy
    var verdicts = Verdicts()
    var tables: [Table] = []
    func tell(_ table: Table) {
      print(table.text + "\n")
      tables.append(table)
    }
    tell(Self.assumptions)
    if !fairness {
      let markets = AttackedMarkets(seed: seed)
      let report = await AttackReport.make(
        markets, Variant.all(of: policy), seed: seed, ids: Set(attack))
      for table in [report.summary] + report.tables { tell(table) }
      if attack.isEmpty { tell(await HarmTable.make(markets, Variant.all(of: policy), seed: seed)) }
      verdicts.add(report)
      // What is claimed of the built-in policy.
      if self.policy == nil { verdicts.checkNothingPays(report) }
    }
    if attack.isEmpty { await tellFairness(policy, &verdicts, tell) }
    try write(tables, verdicts)
    for failure in verdicts.failures { print("failed: \(failure)") }
    if !verdicts.failures.isEmpty { throw ExitCode.failure }
  }

  private func tellFairness(
    _ policy: Policy, _ verdicts: inout Verdicts, _ tell: (Table) -> Void
  ) async {
    let script = TradeScript(.fair(scale: 2), seed: seed)
    let luck = Luck(seed: seed, reviews: .stratum(0, of: 1))
    var claims: [(variant: String, claims: HonestClaims)] = []
    for variant in Variant.all(of: policy) where variant.isAboutFairness {
      let market = Marketplace(script, variant, luck: luck)
      market.run()
      market.audit(standingGain: 0)
      claims.append((variant.name, HonestClaims(market.histories)))
      if claims.count > 1 { continue }
      let merchants = MerchantLuck(market)
      tell(merchants.table)
      tell(toldLate(variant, luck).table)
      verdicts.add("honestMerchantsEverInDOrEPercent", percent: merchants.everFallenPercent)
    }
    tell(HonestClaims.table(claims))
    let refused = claims[0].claims.falseRefusalPercent
    verdicts.add("newcomersFalseRefusalPercent", percent: refused)
    verdicts.check(
      refused <= HonestClaims.falseRefusalMaxPercent,
      orElse: "\(Cell.fixed(refused, 2)) % of newcomers' founded claims are refused")
    tell(WrongedAccounts(Variant(name: "", policy: policy)).table)
    tell(await Sensitivity.table(TradeScript(.fair(scale: 1), seed: seed), policy, seed))
  }

  private func toldLate(_ variant: Variant, _ luck: Luck) -> MerchantLuck {
    var shape = MarketShape.fair(scale: 2)
    shape.isToldLate = true
    let market = Marketplace(TradeScript(shape, seed: seed), variant, luck: luck)
    market.run()
    return MerchantLuck(market)
  }

  private static var assumptions: Table {
    var table = Table("What is taken for granted", ["what", "", "why"])
    for assumption in Assumptions.all {
      table.add(.text(assumption.name), .text(assumption.text), .text(assumption.reason))
    }
    return table
  }

  private func document() throws -> PolicyDocument {
    guard let path = policy else { return .standard }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ValidationError("cannot read the policy file \(path)")
    }
    do throws(PolicyFault) {
      return try PolicyDocument.load(bytes: Array(data), file: path)
    } catch { throw ValidationError("\(error)") }
  }

  private func write(_ tables: [Table], _ verdicts: Verdicts) throws {
    guard let path = json else { return }
    let text = """
      {"tables":\(JSONText.list(tables.map(\.json))),"verdicts":\(verdicts.json)}

      """
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
