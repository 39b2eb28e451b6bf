import ArgumentParser
import EventFeed
import Foundation
import IntegrityCore

/// The name of a claim: digits are that number, any other text is hashed, as accounts are.
struct ClaimArgument: ExpressibleByArgument {
  let id: ClaimID
  /// The text that was hashed, if it was.
  let text: String?

  init?(argument: String) {
    guard let id = AccountKeyText.id(of: argument) else { return nil }
    self.id = ClaimID(id.rawValue)
    text = String(id.rawValue) == argument ? nil : argument
  }
}

/// An amount of money: "80", "80.5" or "80.00".
struct MoneyArgument: ExpressibleByArgument {
  let amount: Minor

  init?(argument: String) {
    let parts = argument.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let units = Int64(parts[0]), units >= 0,
      !argument.hasPrefix("+")
    else { return nil }
    var cents: Int64 = 0
    if parts.count == 2 {
      guard (1...2).contains(parts[1].count), let digits = Int64(parts[1]),
        parts[1].allSatisfy({ $0.isASCII && $0.isNumber })
      else { return nil }
      cents = parts[1].count == 1 ? digits * 10 : digits
    }
    let (whole, overflow) = units.multipliedReportingOverflow(by: 100)
    if overflow || whole > .max - cents { return nil }
    amount = Minor(whole + cents)
  }
}

/// Hash of a policy, in hexadecimal digits, or its version.
struct PolicyArgument: ExpressibleByArgument {
  let text: String

  init?(argument: String) {
    if argument.isEmpty { return nil }
    text = argument
  }

  /// Whether a policy is meant: by its version, or by the first digits of its hash.
  func means(_ entry: PolicyReport.Entry) -> Bool {
    if let version = UInt32(text), version == entry.version { return true }
    return text.count >= 4 && entry.hash.hex.hasPrefix(text.lowercased())
  }

  /// The one policy that is meant.
  func choose(from report: PolicyReport) throws -> PolicyReport.Entry {
    let matching = report.entries.filter(means)
    if matching.count == 1 { return matching[0] }
    let known = report.entries.map { "version \($0.version) (\($0.hash.hex))" }
    throw CommandFailure(
      matching.isEmpty
        ? "there is no policy \(text): the daemon has \(known.joined(separator: ", "))"
        : "\(text) means more than one policy: name its version, or more of its hash")
  }
}

extension Minor {
  /// "80.00".
  var text: String {
    let cents = abs(rawValue % 100)
    return "\(rawValue < 0 ? "-" : "")\(abs(rawValue / 100)).\(cents < 10 ? "0" : "")\(cents)"
  }
}

/// What an operator's order is answered with: where it is in the log.
struct OrderAnswer: ParsableArguments {
  @Flag(help: "Print one JSON object.")
  var json = false

  func print(_ position: LogPosition) throws {
    if json { return try Output.printJSON(["logPosition": position.rawValue]) }
    Output.print("in force from position \(position.rawValue) of the log on")
  }
}

/// Who acts, and why: what commands of the desk take.
struct ActorOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Who does this; your login name if not given.", valueName: "name"))
  var actor: String?

  @Option(help: ArgumentHelp("Why, in a few words.", valueName: "text"))
  var reason = ""

  @Option(help: "When it was done (RFC 3339, a date, or Unix seconds), if not now.")
  var at: TimeArgument?

  var name: String { actor ?? ProcessInfo.processInfo.userName }
  /// Zero = now.
  var time: UnixSeconds { at?.time ?? .zero }

  func validate() throws {
    if name.utf8.count > DeskCommand.actorBytesMax {
      throw ValidationError("--actor must have at most \(DeskCommand.actorBytesMax) bytes")
    }
    if reason.utf8.count > DeskCommand.reasonBytesMax {
      throw ValidationError("--reason must have at most \(DeskCommand.reasonBytesMax) bytes")
    }
  }
}

/// A claim's kind as given on the command line.
enum KindArgument: String, CaseIterable, ExpressibleByArgument {
  case quality, nonQuality

  var kind: ClaimKind {
    switch self {
    case .quality: .quality
    case .nonQuality: .nonQuality
    }
  }
}

extension Allegation: ExpressibleByArgument {
  public init?(argument: String) {
    guard let allegation = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = allegation
  }
  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}

extension Verdict: ExpressibleByArgument {
  public init?(argument: String) {
    guard let verdict = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = verdict
  }
  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}

extension SubsidyScope: ExpressibleByArgument {
  public init?(argument: String) {
    guard let scope = Self.allCases.first(where: { $0.name == argument }) else { return nil }
    self = scope
  }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}

/// A proof as given on the command line.
enum ProofArgument: String, CaseIterable, ExpressibleByArgument {
  case trackingInvalid, scannedBeforeOrder, wrongDestination, emptyParcel, buyerEvidence
  case merchantEvidence, recorded

  var proof: ClaimProofs {
    ClaimProofs(rawValue: 1 << UInt8(Self.allCases.firstIndex(of: self) ?? 0))
  }

  static func names(_ proofs: ClaimProofs) -> [String] {
    allCases.filter { proofs.contains($0.proof) }.map(\.rawValue)
  }
}
