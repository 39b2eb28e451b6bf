import ArgumentParser
import EventFeed
import Foundation
import IntegrityCore

/// `[buyer:|merchant:]ID` as given on the command line.
struct AccountArgument: ExpressibleByArgument {
  let key: AccountKey
  /// The text that was hashed, if it was.
  let text: String?

  init?(argument: String) {
    var kind = AccountKind.buyer
    var name = Substring(argument)
    for candidate in AccountKind.allCases where argument.hasPrefix(candidate.name + ":") {
      kind = candidate
      name = argument.dropFirst(candidate.name.count + 1)
    }
    guard let id = AccountKeyText.id(of: String(name)) else { return nil }
    key = AccountKey(kind, id)
    text = String(id.rawValue) == name ? nil : String(name)
  }
}

/// `HOST:PORT`, with IPv6 addresses in brackets.
struct AddressArgument: ExpressibleByArgument, CustomStringConvertible {
  let host: String
  let port: Int

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"),
      let port = UInt16(argument[argument.index(after: colon)...])
    else { return nil }
    var host = argument[..<colon]
    if host.hasPrefix("[") && host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    if host.isEmpty { return nil }
    self.host = String(host)
    self.port = Int(port)
  }

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whether only this machine can reach it.
  var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

/// A moment: RFC 3339, a date, or Unix seconds.
struct TimeArgument: ExpressibleByArgument {
  let time: UnixSeconds

  init?(argument: String) {
    if let seconds = UInt32(argument) {
      time = UnixSeconds(seconds)
      return
    }
    let text = argument.contains("T") ? argument : argument + "T00:00:00Z"
    guard let date = try? Date(text, strategy: .iso8601),
      let seconds = UInt32(exactly: date.timeIntervalSince1970.rounded(.down))
    else { return nil }
    time = UnixSeconds(seconds)
  }
}

extension UnixSeconds {
  /// "2026-03-01T12:00:00Z".
  var iso8601: String { Date(timeIntervalSince1970: Double(rawValue)).formatted(.iso8601) }

  static var now: UnixSeconds { UnixSeconds(UInt32(Date().timeIntervalSince1970)) }
}
