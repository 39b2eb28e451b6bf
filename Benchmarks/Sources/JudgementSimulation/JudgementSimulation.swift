import ArgumentParser
import Foundation
import IntegrityCore
import IntegrityPolicy

// Attacks with known truth and a cost figure each, and fairness, on the engine in process.
//
//     make judgement-simulation

@main
struct JudgementSimulation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "judgement-simulation",
    abstract: "What attacks bring and honest people suffer under a policy.")

  @Option(help: "The policy's document; the built-in one if there is none.")
  var policy: String?

  @Option(help: "Seed of honest trade and of humans' luck.")
  var seed: UInt64 = 1

  @Option(help: "Where the tables are written as JSON.")
  var json: String?

  @Option(help: "Attacks to be tried, by id; all if there are none.", transform: { $0 })
  var attack: [String] = []

  func run() throws {
    let policy = try document().policy
    let script = TradeScript(.attacked, seed: seed)
    let report = AttackReport(script, Variant.all(of: policy), seed: seed, ids: Set(attack))
    for table in report.tables { print(table.text + "\n") }
    print(report.summary.text)
    print(report.blunt)
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
}
