import AccountStore
import ArgumentParser
import CommandLog
import EventFeed
import IntegrityCore
import IntegrityPolicy
import ProbityEngine

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Look at a store, or at single files of one, without a daemon and without changing it.",
    discussion: """
      For a directory: what is there, whether every checksum is right, and what a start with the \
      same --policy would do. It takes no lock and may be used on a copy, on a disk that is \
      mounted for reading, and beside a running daemon, whose log then grows meanwhile.

      With --deep it also loads every snapshot, compares its state hash, and replays the log from \
      as far back as it goes: what proves a back-up good. That takes the memory of a daemon and \
      the time of a start.

      For a segment or a snapshot: what it holds. With --commands the commands of a segment, or \
      of a part of one that was put aside, a line each, as Docs/EVENTS.md describes them; \
      `probity record` takes such lines again.

      Exit codes: 0 all that was looked at is sound and would start; 3 something is damaged, or a \
      start would be refused; 1 something could not be read.
      """)

  @Argument(help: ArgumentHelp("Directories of stores, or files of stores.", valueName: "path"))
  var paths: [String]

  @Flag(help: "Load the snapshots and replay the log too.")
  var deep = false

  @Flag(help: "Print the commands that files hold, as NDJSON, and nothing else.")
  var commands = false

  @Option(
    help: ArgumentHelp(
      "Policy that a start would have, in place of the built-in one.", valueName: "file"))
  var policy: String?

  @Option(help: "Most accounts to hold, as for `serve`.")
  var accountsMax = StoreLayout.accountsMaxStandard

  @Flag(help: "Print one JSON object for each path, on a line of its own.")
  var json = false

  @Flag(help: "Show no progress.")
  var quiet = false

  func validate() throws {
    if commands && (json || deep) {
      throw ValidationError("--commands goes with neither --json nor --deep")
    }
    guard (1_000...4_000_000_000).contains(accountsMax) else {
      throw ValidationError("--accounts-max must be from 1000 to 4000000000")
    }
  }

  func run() throws {
    let policy = try PolicyFile.read(policy).policy
    var worst = ExitCode.success
    for path in paths {
      let code = try inspect(path, policy)
      if worst != .storeRefused && code != .success { worst = code }
    }
    if worst != .success { throw worst }
  }

  private func inspect(_ path: String, _ policy: Policy) throws -> ExitCode {
    do throws(StoreFault) {
      var options = StoreOptions()
      options.accountsMax = accountsMax
      if (try? PosixDisk(directory: path).names()) != nil {
        let survey = StoreSurvey(
          directory: path, isDeep: deep, policy: policy, options: options, now: .now,
          isProgressShown: !quiet && Output.isErrorTerminal)
        if commands { return try printCommands(ofStore: path) }
        return try show(survey.findings())
      }
      let file = StoreFile(path: path, policy: policy, options: options)
      if commands { return try file.printCommands() }
      return try show(file.findings(isDeep: deep))
    } catch {
      Output.printError("Error: \(error.description)")
      // Nothing there to look at is no damage.
      return error.kind == .missing ? .failure : error.needsPerson ? .storeRefused : .failure
    }
  }

  /// All commands of a store's log, in order.
  private func printCommands(ofStore path: String) throws(StoreFault) -> ExitCode {
    let disk = PosixDisk(directory: path)
    let firsts = try faulting { () throws(DiskError) in try disk.segmentPositions() }
    var code = ExitCode.success
    for first in firsts {
      let name = disk.path(of: FileNames.segment(firstPosition: first))
      let one = try StoreFile(path: name, policy: nil, options: StoreOptions()).printCommands()
      if one != .success { code = one }
    }
    return code
  }

  private func show(_ findings: some FindingsText & Encodable) -> ExitCode {
    if json {
      try? Output.printJSON(findings)
    } else {
      for line in findings.lines { Output.print(line) }
    }
    return findings.sound ? .success : .storeRefused
  }
}

/// Findings that a person reads.
protocol FindingsText {
  var lines: [String] { get }
  var sound: Bool { get }
}
