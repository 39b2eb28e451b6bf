import IntegrityCore

/// The values of a line by field, and what they mean.
struct LineValues {
  private var members: [(field: FeedField, value: FlatObjectScanner.Value)] = []

  /// Scans the whole line: known fields, each once.
  init(_ line: Span<UInt8>) throws(Complaint) {
    members.reserveCapacity(10)
    var scanner = FlatObjectScanner()
    try scanner.begin(line)
    while let name = try scanner.nextName(line) {
      let field = try Self.field(name, line)
      if self[field] != nil { throw Complaint(field, "is given twice") }
      do throws(Complaint) {
        members.append((field, try scanner.value(line)))
      } catch {
        throw Complaint(field, error.message)
      }
    }
  }

  private subscript(field: FeedField) -> FlatObjectScanner.Value? {
    for member in members where member.field == field { return member.value }
    return nil
  }

  private static func field(
    _ name: FlatObjectScanner.Text, _ line: Span<UInt8>
  ) throws(Complaint) -> FeedField {
    let text = string(name, line)
    if let field = FeedField(rawValue: text) { return field }
    let hint = NearestWord.hint(for: text, among: FeedField.names)
    throw Complaint(field: shortened(text), "is not a field of a feed\(hint)")
  }

  /// Refuses a field that a line of `type` does not have.
  func checkFields(belongTo type: FeedType) throws(Complaint) {
    for (field, _) in members where !field.isCommon && !type.ownFields.contains(field) {
      let own = type.ownFields.map { "`\($0.rawValue)`" }.joined(separator: " and ")
      let rest = own.isEmpty ? "has no fields of its own" : "has \(own)"
      throw Complaint(field, "does not belong to a line of type `\(type.rawValue)`, which \(rest)")
    }
  }

  // MARK: Values by meaning

  /// A moment within what an event can have; nil where not given.
  func time(_ field: FeedField, _ line: Span<UInt8>) throws(Complaint) -> UnixSeconds? {
    guard let value = self[field] else { return nil }
    let seconds: Int64
    switch value {
    case .integer(let magnitude, let isNegative):
      guard !isNegative, let number = Int64(exactly: magnitude) else { throw Self.outOfTime(field) }
      if (100_000_000_000..<10_000_000_000_000).contains(number) {
        throw Complaint(field, "looks like milliseconds: must be whole seconds since 1970")
      }
      seconds = number
    case .text(let text):
      seconds = try Self.seconds(field, text, line)
    case .integerTooLarge:
      throw Self.outOfTime(field)
    default:
      throw Self.wrong(
        value, field, "a time such as \"2018-03-01T12:00:00Z\" or whole seconds since 1970")
    }
    guard let moment = UInt32(exactly: seconds), moment >= Event.earliest.rawValue else {
      throw Self.outOfTime(field)
    }
    return UnixSeconds(moment)
  }

  private static func seconds(
    _ field: FeedField, _ text: FlatObjectScanner.Text, _ line: Span<UInt8>
  ) throws(Complaint) -> Int64 {
    do throws(CivilTime.Fault) {
      if text.hasEscapes {
        return try CivilTime.seconds(of: JSONEscape.decode(text, in: line).span)
      }
      return try CivilTime.seconds(of: line.extracting(text.range))
    } catch {
      switch error {
      case .notThisFormat:
        throw Complaint(field, "must be a time such as \"2018-03-01T12:00:00Z\"")
      case .noOffset:
        throw Complaint(field, "lacks its offset: end it with Z for UTC, or one such as +08:00")
      case .noSuchMoment:
        throw Complaint(field, "must be a day and a time of day that exist")
      }
    }
  }

  private static func outOfTime(_ field: FeedField) -> Complaint {
    Complaint(field, "must be a time from 2000-01-01T00:00:00Z on, before 2106-02-07T06:28:16Z")
  }

  /// The number of an account, an order or a claim; nil where not given.
  func key(_ field: FeedField, _ line: Span<UInt8>) throws(Complaint) -> UInt64? {
    guard case .text(let text) = self[field] else {
      return try positive(field, else: "; write it as a string to have it hashed")
    }
    let key =
      text.hasEscapes
      ? AccountKeyText.number(of: JSONEscape.decode(text, in: line).span)
      : AccountKeyText.number(of: line.extracting(text.range))
    guard let key else {
      throw Complaint(field, "must name something: neither the empty string nor 0")
    }
    return key
  }

  /// An integer from 1 to 2^64−1; nil where not given.
  func positive(_ field: FeedField, else advice: String = "") throws(Complaint) -> UInt64? {
    guard let value = self[field] else { return nil }
    switch value {
    case .integer(let magnitude, isNegative: false) where magnitude > 0:
      return magnitude
    case .integer:
      throw Complaint(field, "must be from 1 to 2^64-1")
    case .integerTooLarge:
      throw Complaint(field, "must be from 1 to 2^64-1\(advice)")
    default:
      let alternative = advice.isEmpty ? "" : " or a string"
      throw Self.wrong(value, field, "a whole number from 1 to 2^64-1\(alternative)")
    }
  }

  /// Minor units as given; their range is for `Event.fault` to check.
  func amount() throws(Complaint) -> Int64? {
    guard let value = self[.amount] else { return nil }
    switch value {
    case .integer(let magnitude, let isNegative):
      // What does not fit is out of the event's range too, on the same side.
      let bounded = Int64(exactly: magnitude) ?? .max
      return isNegative ? -bounded : bounded
    case .integerTooLarge:
      return .max
    default:
      throw Self.wrong(value, .amount, "a whole number of minor units (cents, fen), without quotes")
    }
  }

  func boolean(_ field: FeedField) throws(Complaint) -> Bool {
    guard let value = self[field] else { throw Complaint(field, "is required: true or false") }
    guard case .boolean(let truth) = value else { throw Self.wrong(value, field, "true or false") }
    return truth
  }

  /// A string's text; nil where not given.
  func text(_ field: FeedField, _ line: Span<UInt8>) throws(Complaint) -> String? {
    guard let value = self[field] else { return nil }
    guard case .text(let text) = value else { throw Self.wrong(value, field, "a string") }
    return Self.string(text, line)
  }

  func word<Word: FeedWord>(_ field: FeedField, _ line: Span<UInt8>) throws(Complaint) -> Word {
    guard let text = try text(field, line) else {
      throw Complaint(field, "is required: one of \(Word.words.joined(separator: ", "))")
    }
    if let word = Word(word: text) { return word }
    throw Self.unknownWord(field, text, among: Word.words)
  }

  // MARK: Complaints

  static func missing(_ field: FeedField) -> Complaint {
    Complaint(
      field, "is required: a time such as \"2018-03-01T12:00:00Z\" or whole seconds since 1970")
  }

  static func unknownWord(
    _ field: FeedField, _ text: String, among words: [String]
  ) -> Complaint {
    let hint = NearestWord.hint(for: text, among: words)
    return Complaint(
      field,
      "is \(shortened(text).debugDescription): must be one of "
        + "\(words.joined(separator: ", "))\(hint)")
  }

  private static func wrong(
    _ value: FlatObjectScanner.Value, _ field: FeedField, _ right: String
  ) -> Complaint {
    let found =
      switch value {
      case .integer, .integerTooLarge: "a number"
      case .fraction: "a number with a fraction or an exponent"
      case .text: "a string"
      case .boolean: "a boolean"
      case .null: "null (leave the field out instead)"
      }
    return Complaint(field, "is \(found): must be \(right)")
  }

  // MARK: Texts

  private static func string(_ text: FlatObjectScanner.Text, _ line: Span<UInt8>) -> String {
    if text.hasEscapes { return String(decoding: JSONEscape.decode(text, in: line), as: UTF8.self) }
    guard let bytes = try? UTF8Span(validating: line.extracting(text.range)) else {
      preconditionFailure("a scanned string is not UTF-8")
    }
    return String(copying: bytes)
  }

  /// At most 40 characters, so that a fault stays readable.
  private static func shortened(_ text: String) -> String {
    text.count <= 40 ? text : text.prefix(40) + "…"
  }
}
