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
    if arguments.last == "--update" {
      try GoldenReplay.simulatedFeed().write(to: events, atomically: true, encoding: .utf8)
      let lines = try GoldenReplay.lines(String(contentsOf: events, encoding: .utf8))
      try (lines.joined(separator: "\n") + "\n").write(
        to: expected, atomically: true, encoding: .utf8)
    }
    let lines = try GoldenReplay.lines(String(contentsOf: events, encoding: .utf8))
    let recorded = try String(contentsOf: expected, encoding: .utf8).split(separator: "\n")
    let differing = zip(lines, recorded).filter { $0 != $1 }
    for (line, record) in differing { print("expected \(record)\n     got \(line)") }
    let failed = differing.count + abs(lines.count - recorded.count)
    print("golden lines: \(lines.count - failed) passed, \(failed) failed")
    if failed > 0 || lines.isEmpty { exit(1) }
  }
}
