import ArgumentParser
import EventFeed
import Foundation
import Glibc
import IntegrityCore
import ProbityClient
import ProbityWire

struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Print changes of accounts as they come: tier, standing, certification, override.",
    discussion: """
      Goes on across restarts of the daemon until Ctrl-C; each change is told at least once. The \
      cursor that is printed at the end, or kept with --cursor-file, is where to go on another \
      time: a number, the log position up to which all was told. Example: probity watch \
      merchant:42 merchant:77 --kinds standing,tier
      """)

  @Argument(help: "Accounts, [buyer:|merchant:]ID each; all accounts if none is given.")
  var accounts: [AccountArgument] = []

  @Option(
    help: ArgumentHelp(
      "File with one account a line, as well; \"-\" is standard input.", valueName: "file"))
  var from: String?

  @Option(
    help: ArgumentHelp(
      "Only these: some of tier, standing, certification, override, with commas between.",
      valueName: "kinds"))
  var kinds: KindsArgument = .all

  @Option(help: "Begin behind this log position; now if not given, or 0.")
  var cursor: UInt64?

  @Option(
    help: ArgumentHelp(
      "Begin where this file says, and keep it up to date.", valueName: "file"))
  var cursorFile: String?

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @Option(help: ArgumentHelp("End after so many changes.", valueName: "count"))
  var count: Int?

  @OptionGroup var client: ClientOptions

  func validate() throws {
    if cursor != nil && cursorFile != nil {
      throw ValidationError("--cursor and --cursor-file exclude one another")
    }
    if let count, count < 1 { throw ValidationError("--count must be 1 or more") }
  }

  func run() async throws {
    let order = WatchOrder(
      Set(try accounts.map(\.key) + listed()), kinds: kinds.kinds, cursor: try start())
    let interrupt = Interrupt()
    let work = Task { [self] in
      try await client.withClient { client in try await follow(client.watch(order), interrupt) }
    }
    interrupt.onRaise { work.cancel() }
    let last = try await work.value
    if last != .zero && cursorFile == nil {
      Output.printError("go on with --cursor \(last.rawValue)")
    }
    if interrupt.isRaised { throw ExitCode.interrupted }
  }

  private func follow(
    _ watching: Watching, _ interrupt: Interrupt
  ) async throws -> LogPosition {
    var left = count ?? .max
    while !interrupt.isRaised {
      let part: WatchPart
      do throws(CallFailure) {
        part = try await watching.next()
      } catch {
        if error.status == .cancelled { break }
        throw error
      }
      for change in part.changes.prefix(left) {
        if json {
          try Output.printJSON(ChangeOutput(change))
        } else {
          Output.print(ChangeText.line(change))
        }
      }
      if part.changes.count >= left {
        // Not that of the part: the changes behind were not printed.
        let last =
          part.changes.count > left
          ? LogPosition(part.changes[left].position.rawValue - 1) : watching.cursor
        try keep(last)
        return last
      }
      left -= part.changes.count
      try keep(watching.cursor)
    }
    return watching.cursor
  }

  private func listed() throws -> [AccountKey] {
    guard let from else { return [] }
    let names: [AccountArgument] = try NamesFile.read(from, as: "[buyer:|merchant:]ID")
    return names.map(\.key)
  }

  // MARK: The cursor

  private func start() throws -> LogPosition {
    if let cursor { return LogPosition(cursor) }
    guard let cursorFile, FileManager.default.fileExists(atPath: cursorFile) else { return .zero }
    guard let text = try? String(contentsOfFile: cursorFile, encoding: .utf8),
      let position = UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines))
    else { throw CommandFailure("\(cursorFile) holds no cursor: remove it to begin now") }
    return LogPosition(position)
  }

  /// Behind what was printed, never before.
  private func keep(_ cursor: LogPosition) throws {
    guard let cursorFile else { return }
    do {
      try Data("\(cursor.rawValue)\n".utf8).write(
        to: URL(fileURLWithPath: cursorFile), options: .atomic)
    } catch {
      throw CommandFailure("cannot write \(cursorFile): \(error.localizedDescription)")
    }
  }
}

/// Sorts of changes as given on the command line.
struct KindsArgument: ExpressibleByArgument {
  let kinds: ChangeKinds

  static let all = KindsArgument(kinds: .all)

  private init(kinds: ChangeKinds) { self.kinds = kinds }

  init?(argument: String) {
    var kinds: ChangeKinds = []
    for word in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let kind = ChangeKind.allCases.first(where: { $0.name == word }) else { return nil }
      kinds.insert(ChangeKinds(kind))
    }
    self.kinds = kinds
  }

  static var allValueStrings: [String] { ChangeKind.allCases.map(\.name) }
  var defaultValueDescription: String { "all" }
}

/// A change as `--json` prints it.
private struct ChangeOutput: Encodable {
  let kind: String
  let account: UInt64
  let what: String
  let before: String?
  let after: String?
  let at: String
  let logPosition: UInt64

  init(_ change: AccountChange) {
    kind = change.account.kind.name
    account = change.account.id.rawValue
    what = change.what.name
    before = ChangeText.name(change.before, of: change.what)
    after = ChangeText.name(change.after, of: change.what)
    at = change.at.iso8601
    logPosition = change.position.rawValue
  }
}

private enum ChangeText {
  static func line(_ change: AccountChange) -> String {
    let before = name(change.before, of: change.what) ?? "none"
    let after = name(change.after, of: change.what) ?? "none"
    return "\(change.at.iso8601) \(change.account.kind.name) \(change.account.id.rawValue) "
      + "\(change.what.name) \(before) → \(after)  (position \(change.position.rawValue))"
  }

  /// Nil = none.
  static func name(_ code: UInt8, of what: ChangeKind) -> String? {
    switch what {
    case .tier: Tier(rawValue: code)?.name
    case .standing: Standing(rawValue: code)?.name
    case .certification: Certification(rawValue: code)?.name
    case .override: OverrideKind(rawValue: code).map { "\($0)" }
    }
  }
}
