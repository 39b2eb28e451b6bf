import Foundation
import IntegrityCore
import IntegrityPolicy
import ProbityWire

// Policies as the commands print them.

/// What `policy check --json` prints.
struct PolicyCheckOutput: Encodable {
  struct Fault: Encodable {
    let line: Int?
    let column: Int?
    let key: String
    let value: String?
    let remedy: String
  }

  var name: String?
  var version: UInt32?
  var hash: String?
  var faults: [Fault] = []

  init(_ document: PolicyDocument) {
    name = document.name
    version = document.policy.version
    hash = document.policy.hash.hex
  }

  init(_ fault: PolicyFault) {
    faults = fault.items.map {
      Fault(
        line: $0.line, column: $0.column, key: $0.path, value: $0.value, remedy: $0.remedy)
    }
  }
}

/// A policy that was put or activated.
struct PolicyChangeOutput: Encodable {
  let version: UInt32
  let hash: String

  init(_ reply: PolicyReply) {
    version = reply.version
    hash = reply.hash.hex
  }
}

/// A value in which two documents differ.
struct PolicyDifference: Encodable {
  let key: String
  /// Nil where the document has no such key.
  let old: String?
  let new: String?

  var line: String { "\(key): \(old ?? "absent") → \(new ?? "absent")" }

  static func all(from old: String, to new: String) -> [PolicyDifference] {
    let (before, after) = (values(old), values(new))
    let keys =
      before.map(\.key) + after.map(\.key).filter { key in !before.contains { $0.key == key } }
    return keys.compactMap { key in
      let (a, b) = (before.first { $0.key == key }?.value, after.first { $0.key == key }?.value)
      return a == b ? nil : PolicyDifference(key: key, old: a, new: b)
    }
  }

  /// Keys with the sections that they are in, in the document's order. Documents are plain:
  /// one `key: value` a line, two spaces a level.
  private static func values(_ text: String) -> [(key: String, value: String)] {
    var path: [(indentation: Int, name: String)] = []
    var found: [(key: String, value: String)] = []
    for line in text.split(separator: "\n") {
      let content = line.split(separator: "#", omittingEmptySubsequences: false)[0]
      guard let colon = content.firstIndex(of: ":") else { continue }
      let indentation = content.prefix { $0 == " " }.count
      let name = content[..<colon].drop { $0 == " " }
      let value = content[content.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      path.removeAll { $0.indentation >= indentation }
      path.append((indentation, String(name)))
      if value.isEmpty { continue }
      found.append((path.map(\.name).joined(separator: "."), value))
    }
    return found
  }
}

/// A policy as `--json` prints it.
struct PolicyOutput: Encodable {
  let name: String
  let version: UInt32
  let hash: String
  let logPosition: UInt64
  let state: String

  init(_ entry: PolicyReport.Entry, state: String) {
    name = entry.name
    version = entry.version
    hash = entry.hash.hex
    logPosition = entry.position.rawValue
    self.state = state
  }
}

/// What a policy in shadow would have decided, as a table.
enum ShadowTable {
  static func lines(_ report: ShadowReport) -> [String] {
    let tally = report.tally
    if tally.claimCount == 0 { return ["no claim was decided under another policy yet"] }
    let share = Double(tally.differingCount) / Double(tally.claimCount) * 100
    var lines = [
      "\(tally.differingCount) of \(tally.claimCount) claims would have been decided otherwise "
        + "(\((share * 10).rounded() / 10) %)"
    ]
    for outcome in Outcome.allCases {
      for other in Outcome.allCases where other != outcome && tally.count(outcome, other) > 0 {
        lines.append(
          "  \(outcome.name.padded(to: 22)) → \(other.name.padded(to: 22)) "
            + "\(tally.count(outcome, other))".rightAligned(to: 10))
      }
    }
    for difference in report.differences {
      lines.append(
        "  claim \(difference.claim.id.rawValue), \(difference.claim.amount.text): "
          + "\(difference.outcome.name), would be \(difference.other.name)")
    }
    return lines
  }
}

/// The same as `--json` prints it.
struct ShadowOutput: Encodable {
  struct Flip: Encodable {
    let outcome: String
    let wouldBe: String
    let count: UInt64
  }

  struct Difference: Encodable {
    let claim: UInt64
    let amount: Int64
    let outcome: String
    let wouldBe: String
  }

  let claims: UInt64
  let differing: UInt64
  let flips: [Flip]
  let newest: [Difference]

  init(_ report: ShadowReport) {
    claims = report.tally.claimCount
    differing = report.tally.differingCount
    flips = Outcome.allCases.flatMap { outcome in
      Outcome.allCases.filter { $0 != outcome && report.tally.count(outcome, $0) > 0 }.map {
        Flip(outcome: outcome.name, wouldBe: $0.name, count: report.tally.count(outcome, $0))
      }
    }
    newest = report.differences.map {
      Difference(
        claim: $0.claim.id.rawValue, amount: $0.claim.amount.rawValue, outcome: $0.outcome.name,
        wouldBe: $0.other.name)
    }
  }
}
