import Foundation
import GoldenReplay

/// Holds this build to the golden files: `golden-check FOLDER [--update]`.
///
/// With `--update` it writes them anew: for changes of the core or the policy
/// that are meant to change what comes out. Look at the difference.
@main
struct GoldenCheck {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let folder = arguments.first, arguments.count <= 2 else {
      print("usage: golden-check FOLDER [--update]")
      exit(64)
    }
    let events = URL(filePath: folder).appending(path: "events.ndjson")
    let expected = URL(filePath: folder).appending(path: "expected.txt")
    let table = URL(filePath: folder).appending(path: "claims.txt")
    if arguments.last == "--update" { try update(events, expected, table) }
    let lines = try GoldenReplay.lines(String(contentsOf: events, encoding: .utf8))
    let recorded = try String(contentsOf: expected, encoding: .utf8).split(separator: "\n")
    try check("golden lines", lines, recorded.map(String.init))
    let claims = try String(contentsOf: table, encoding: .utf8)
    let decided = try GoldenClaims.updated(claims)
    try check(
      "golden claims", decided.split(separator: "\n").map(String.init),
      claims.split(separator: "\n").map(String.init))
  }

  private static func update(_ events: URL, _ expected: URL, _ table: URL) throws {
    try GoldenReplay.simulatedFeed().write(to: events, atomically: true, encoding: .utf8)
    let lines = try GoldenReplay.lines(String(contentsOf: events, encoding: .utf8))
    try (lines.joined(separator: "\n") + "\n").write(
      to: expected, atomically: true, encoding: .utf8)
    try GoldenClaims.updated(String(contentsOf: table, encoding: .utf8)).write(
      to: table, atomically: true, encoding: .utf8)
  }

  private static func check(_ name: String, _ lines: [String], _ recorded: [String]) throws {
    let differing = zip(lines, recorded).filter { $0 != $1 }
    for (line, record) in differing { print("expected \(record)\n     got \(line)") }
    let failed = differing.count + abs(lines.count - recorded.count)
    print("\(name): \(lines.count - failed) passed, \(failed) failed")
    if failed > 0 || lines.isEmpty { exit(1) }
  }
}
