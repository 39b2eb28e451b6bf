import IntegrityCore
import PolicyFitting

/// Questions about accounts at moments: a CSV file with the header `at,account,outcome`.
enum QuestionsFile {
  static let header = "at,account,outcome"
  static let countMax = 10_000_000

  /// - Returns: in order of time, at one moment as they are in the file.
  static func read(_ path: String) throws -> [OrderOutcome] {
    let reader = try LineReader(path: path)
    var orders: [OrderOutcome] = []
    while let lines = try reader.next() {
      for line in lines where !line.isBlank {
        let text = String(decoding: line.bytes, as: UTF8.self)
        if line.number == 1 {
          if text.trimmed != header {
            throw CommandFailure("\(path): the first line must be `\(header)`")
          }
          continue
        }
        orders.append(try order(text.trimmed, UInt64(line.number), path))
        if orders.count > countMax {
          throw CommandFailure("\(path) has more than \(countMax) questions")
        }
      }
    }
    guard let kind = orders.first?.account.kind else {
      throw CommandFailure("\(path) has no question")
    }
    if let other = orders.first(where: { $0.account.kind != kind }) {
      throw CommandFailure(
        "\(path):\(other.order): account: the first is a \(kind.name): ask about buyers or "
          + "merchants, and not both")
    }
    return orders.sorted { ($0.askedAt, $0.order) < ($1.askedAt, $1.order) }
  }

  private static func order(_ text: String, _ line: UInt64, _ path: String) throws -> OrderOutcome {
    let fields = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 3 else {
      throw CommandFailure("\(path):\(line): must have the three fields \(header)")
    }
    guard let at = UInt32(fields[0]) else {
      throw CommandFailure("\(path):\(line): at: must be Unix seconds, 0 to \(UInt32.max)")
    }
    guard let account = AccountArgument(argument: fields[1]), fields[1].contains(":") else {
      throw CommandFailure("\(path):\(line): account: must be buyer:KEY or merchant:KEY")
    }
    guard let outcome = ["0": false, "1": true][fields[2]] else {
      throw CommandFailure("\(path):\(line): outcome: must be 0 or 1")
    }
    return OrderOutcome(
      account: account.key, order: line, askedAt: UnixSeconds(at), knownAt: UnixSeconds(at),
      wentWrong: outcome)
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = Substring(self)
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
