// Feeds of events as newline-delimited JSON: one flat object a line.
//
// For: turning lines into checked events and events into lines, and the rule by
// which texts name accounts. The format is described in Docs/EVENTS.md.
// Not for: reading files, skipping blank lines, giving events their place in a
// source's order, applying them.

import IntegrityCore

/// What one line of a feed says.
public struct ParsedLine: Hashable, Sendable {
  /// Without fault, as of the parser's `latest`.
  public var event: Event
  /// Source and sequence: both as the line gives them, or both nil. 1 or more.
  public var source: UInt64?
  public var sequence: UInt64?

  /// What a line would say; for comparing with what one does say.
  public init(event: Event, source: UInt64? = nil, sequence: UInt64? = nil) {
    self.event = event
    self.source = source
    self.sequence = sequence
  }
}

/// Turns lines of a feed into events, or into faults that say what would be right.
///
/// An event that it returns has no fault after `Event.fault`.
/// A value: use one from as many threads as you like.
public struct EventLineParser: Sendable {
  /// Longest line accepted, without its newline.
  public static let lineBytesMax = 65_536

  private let latest: UnixSeconds

  /// - Parameter latest: newest time accepted; the caller's clock plus its
  ///   tolerance for others' clocks.
  public init(latest: UnixSeconds) {
    self.latest = latest
  }

  /// Parses one line; see the version for bytes.
  public func parse(_ line: String, number: Int) throws(FeedFault) -> ParsedLine {
    try parse(line.utf8.span, number: number)
  }

  /// Parses one line. About 1 µs and a few small allocations.
  ///
  /// - Parameters:
  ///   - line: UTF-8, without the newline; a carriage return at the end is fine.
  ///   - number: the line's number, from 1, for the fault.
  /// - Throws: the first thing wrong with the line.
  public func parse(_ line: Span<UInt8>, number: Int) throws(FeedFault) -> ParsedLine {
    do throws(Complaint) {
      if line.count > Self.lineBytesMax {
        throw Complaint("has \(line.count) bytes: must be at most \(Self.lineBytesMax)")
      }
      let values = try LineValues(line)
      let parsed = try parsed(values, line)
      if let fault = parsed.event.fault(latest: latest) {
        throw Complaint(field: fault.field, fault.remedy)
      }
      return parsed
    } catch {
      throw FeedFault(line: number, field: error.field, message: error.message)
    }
  }

  private func parsed(_ values: LineValues, _ line: Span<UInt8>) throws(Complaint) -> ParsedLine {
    let type = try self.type(values, line)
    try values.checkFields(belongTo: type)
    guard let at = try values.time(.at, line) else { throw LineValues.missing(.at) }
    let event = Event(
      at: at,
      buyer: AccountID(try values.key(.buyer, line) ?? 0),
      merchant: AccountID(try values.key(.merchant, line) ?? 0),
      order: try values.key(.order, line) ?? 0,
      claim: try values.key(.claim, line) ?? 0,
      amount: Minor(try values.amount() ?? 0),
      detail: try detail(type, values, line))
    let source = try values.positive(.source)
    let sequence = try values.positive(.sequence)
    // Where a log had the command: of no consequence for where it will be.
    _ = try values.positive(.position)
    if source != nil && sequence == nil {
      throw Complaint(.sequence, "is required where `source` is given: both or neither")
    }
    if source == nil && sequence != nil {
      throw Complaint(.source, "is required where `sequence` is given: both or neither")
    }
    return ParsedLine(event: event, source: source, sequence: sequence)
  }

  private func type(_ values: LineValues, _ line: Span<UInt8>) throws(Complaint) -> FeedType {
    guard let text = try values.text(.type, line) else {
      throw Complaint(.type, "is required: one of \(FeedType.names.joined(separator: ", "))")
    }
    if let type = FeedType(rawValue: text) { return type }
    throw LineValues.unknownWord(.type, text, among: FeedType.names)
  }

  private func detail(
    _ type: FeedType, _ values: LineValues, _ line: Span<UInt8>
  ) throws(Complaint) -> EventDetail {
    switch type {
    case .settled:
      return .settled(orderedAt: try values.time(.orderedAt, line) ?? .zero)
    case .pickedUp:
      return .pickedUp(late: try values.boolean(.late))
    case .cancelled:
      return .cancelled(by: try values.word(.by, line), cause: try values.word(.cause, line))
    case .trackingInvalid: return .carrierProof(.trackingInvalid)
    case .scannedBeforeOrder: return .carrierProof(.scannedBeforeOrder)
    case .wrongDestination: return .carrierProof(.wrongDestination)
    case .emptyParcel: return .carrierProof(.emptyParcel)
    case .claimOpened:
      return .claimOpened(try values.word(.claimKind, line), try values.word(.allegation, line))
    case .claimDecided:
      return .claimDecided(try values.word(.claimKind, line), try values.word(.verdict, line))
    case .claimWithdrawn:
      guard let openedAt = try values.time(.openedAt, line) else {
        throw LineValues.missing(.openedAt)
      }
      return .claimWithdrawn(openedAt: openedAt, try values.word(.allegation, line))
    case .returnInspected:
      return .returnInspected(try values.word(.condition, line))
    case .compensated:
      return .compensated
    }
  }
}
