import IntegrityCore

/// Renders events as lines of a feed.
///
/// Canonical: one event has one line. Fields come in the order of
/// Docs/EVENTS.md, zero fields are left out, times are RFC 3339 in UTC, keys are
/// integers. Parsing the line of an event without fault gives the event back.
public struct EventLineWriter: Sendable {
  /// A writer has no settings: there is one canonical form.
  public init() {}

  /// The line of `event`, without a newline.
  public func line(_ event: Event) -> String {
    var bytes: [UInt8] = []
    append(event, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The line of `command`, with source and sequence, without a newline.
  public func line(_ command: Command) -> String {
    var bytes: [UInt8] = []
    append(command, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the line of `event`, without a newline. Allocates only to grow `bytes`.
  public func append(_ event: Event, to bytes: inout [UInt8]) {
    appendMembers(event, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  /// Appends the line of `command`, without a newline. Allocates only to grow `bytes`.
  public func append(_ command: Command, to bytes: inout [UInt8]) {
    appendMembers(command.event, to: &bytes)
    append(.source, command.source, to: &bytes)
    append(.sequence, command.sequence, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  /// Appends the line of a command that is in a log, without a newline.
  /// Allocates only to grow `bytes`.
  public func append(_ command: Command, position: UInt64, to bytes: inout [UInt8]) {
    appendMembers(command.event, to: &bytes)
    append(.source, command.source, to: &bytes)
    append(.sequence, command.sequence, to: &bytes)
    append(.position, position, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  private func appendMembers(_ event: Event, to bytes: inout [UInt8]) {
    append("{\"type\":\"", to: &bytes)
    append(FeedType(of: event.detail).rawValue, to: &bytes)
    append("\"", to: &bytes)
    append(.at, event.at, to: &bytes)
    if !event.buyer.isNone { append(.buyer, event.buyer.rawValue, to: &bytes) }
    if !event.merchant.isNone { append(.merchant, event.merchant.rawValue, to: &bytes) }
    if event.order != 0 { append(.order, event.order, to: &bytes) }
    if event.claim != 0 { append(.claim, event.claim, to: &bytes) }
    if event.amount.rawValue != 0 {
      appendName(.amount, to: &bytes)
      if event.amount.rawValue < 0 { append("-", to: &bytes) }
      append(event.amount.rawValue.magnitude, to: &bytes)
    }
    appendOwnFields(event.detail, to: &bytes)
  }

  private func appendOwnFields(_ detail: EventDetail, to bytes: inout [UInt8]) {
    switch detail {
    case .settled(let orderedAt):
      if orderedAt != .zero { append(.orderedAt, orderedAt, to: &bytes) }
    case .pickedUp(let late):
      appendName(.late, to: &bytes)
      append(late ? "true" : "false", to: &bytes)
    case .cancelled(let by, let cause):
      append(.by, by.word, to: &bytes)
      append(.cause, cause.word, to: &bytes)
    case .claimOpened(let kind, let allegation):
      append(.claimKind, kind.word, to: &bytes)
      append(.allegation, allegation.word, to: &bytes)
    case .claimDecided(let kind, let verdict):
      append(.claimKind, kind.word, to: &bytes)
      append(.verdict, verdict.word, to: &bytes)
    case .claimWithdrawn(let openedAt, let allegation):
      append(.openedAt, openedAt, to: &bytes)
      append(.allegation, allegation.word, to: &bytes)
    case .returnInspected(let condition):
      append(.condition, condition.word, to: &bytes)
    case .carrierProof, .compensated:
      break
    }
  }

  // MARK: Members

  private func append(_ field: FeedField, _ time: UnixSeconds, to bytes: inout [UInt8]) {
    appendName(field, to: &bytes)
    append("\"", to: &bytes)
    CivilTime.append(time, to: &bytes)
    append("\"", to: &bytes)
  }

  private func append(_ field: FeedField, _ number: UInt64, to bytes: inout [UInt8]) {
    appendName(field, to: &bytes)
    append(number, to: &bytes)
  }

  private func append(_ number: UInt64, to bytes: inout [UInt8]) {
    // From the last digit to the first: 2^64−1 has 20.
    var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
    var first = 20
    var rest = number
    repeat {
      first -= 1
      digits[first] += UInt8(rest % 10)
      rest /= 10
    } while rest > 0
    for index in first..<20 { bytes.append(digits[index]) }
  }

  /// `word` is one of ours: nothing in it needs an escape.
  private func append(_ field: FeedField, _ word: String, to bytes: inout [UInt8]) {
    appendName(field, to: &bytes)
    append("\"", to: &bytes)
    append(word, to: &bytes)
    append("\"", to: &bytes)
  }

  private func appendName(_ field: FeedField, to bytes: inout [UInt8]) {
    append(",\"", to: &bytes)
    append(field.rawValue, to: &bytes)
    append("\":", to: &bytes)
  }

  private func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: text.utf8)
  }
}
