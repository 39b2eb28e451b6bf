import IntegrityCore

/// A moment as RFC 3339 writes it, and back.
///
/// Source: RFC 3339; days from and to civil dates after Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms".
package enum CivilTime {
  /// Why a text is not a time.
  package enum Fault: Error, Equatable {
    case notThisFormat, noOffset, noSuchMoment
  }

  /// Seconds since 1970 of a text such as `2018-03-01T12:00:00.250+08:00`.
  ///
  /// Fractions of a second are dropped. A leap second, 23:59:60 in UTC, counts
  /// as the second after it, as in Unix time.
  package static func seconds(of text: Span<UInt8>) throws(Fault) -> Int64 {
    var cursor = Cursor()
    let (year, month, day) = try cursor.date(text)
    if !cursor.take(text, anyOf: "T", "t", " ") { throw .notThisFormat }
    let (hour, minute, second) = try cursor.clock(text)
    try cursor.fraction(text)
    let offsetMinutes = try cursor.offset(text)
    if cursor.index != text.count { throw .notThisFormat }

    if !(1...12).contains(month) || !(1...daysOf(month: month, year: year)).contains(day) {
      throw .noSuchMoment
    }
    if hour > 23 || minute > 59 || second > 60 { throw .noSuchMoment }
    let minutes = (days(year: year, month: month, day: day) * 24 + hour) * 60 + minute
    let utcMinutes = minutes - offsetMinutes
    let isLastOfDay = (utcMinutes % 1440 + 1440) % 1440 == 1439
    if second == 60 && !isLastOfDay { throw .noSuchMoment }
    return Int64(utcMinutes * 60 + second)
  }

  /// Appends a moment as `2018-03-01T12:00:00Z`.
  package static func append(_ time: UnixSeconds, to bytes: inout [UInt8]) {
    let (year, month, day) = date(ofDay: Int(time.rawValue / 86_400))
    let second = Int(time.rawValue % 86_400)
    appendTwoDigits(year / 100, to: &bytes)
    appendTwoDigits(year % 100, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    appendTwoDigits(month, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    appendTwoDigits(day, to: &bytes)
    bytes.append(UInt8(ascii: "T"))
    appendTwoDigits(second / 3600, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    appendTwoDigits(second / 60 % 60, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    appendTwoDigits(second % 60, to: &bytes)
    bytes.append(UInt8(ascii: "Z"))
  }

  private static func appendTwoDigits(_ number: Int, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "0") + UInt8(number / 10))
    bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
  }

  /// Days from 1970-01-01 to a date of the years 0 to 9999.
  package static func days(year: Int, month: Int, day: Int) -> Int {
    // Years begin in March, so that the leap day is the last; shifted by 400
    // years, an era, so that no division sees a negative number.
    let marchYear = (month <= 2 ? year - 1 : year) + 400
    let era = marchYear / 400
    let yearOfEra = marchYear % 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return (era - 1) * 146_097 + dayOfEra - 719_468
  }

  /// The date that lies `day` days, 0 or more, after 1970-01-01.
  package static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }

  private static func daysOf(month: Int, year: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }
}

/// Reads the parts of an RFC 3339 text in turn.
private struct Cursor {
  var index = 0

  mutating func date(_ text: Span<UInt8>) throws(CivilTime.Fault) -> (Int, Int, Int) {
    let century = try twoDigits(text)
    let year = try twoDigits(text)
    if !take(text, anyOf: "-") { throw .notThisFormat }
    let month = try twoDigits(text)
    if !take(text, anyOf: "-") { throw .notThisFormat }
    return (century * 100 + year, month, try twoDigits(text))
  }

  mutating func clock(_ text: Span<UInt8>) throws(CivilTime.Fault) -> (Int, Int, Int) {
    let hour = try twoDigits(text)
    if !take(text, anyOf: ":") { throw .notThisFormat }
    let minute = try twoDigits(text)
    if !take(text, anyOf: ":") { throw .notThisFormat }
    return (hour, minute, try twoDigits(text))
  }

  mutating func fraction(_ text: Span<UInt8>) throws(CivilTime.Fault) {
    if !take(text, anyOf: ".") { return }
    let start = index
    while index < text.count && isDigit(text[index]) { index += 1 }
    if index == start { throw .notThisFormat }
  }

  /// Minutes east of UTC.
  mutating func offset(_ text: Span<UInt8>) throws(CivilTime.Fault) -> Int {
    if index == text.count { throw .noOffset }
    if take(text, anyOf: "Z", "z") { return 0 }
    let isWest = take(text, anyOf: "-")
    if !isWest && !take(text, anyOf: "+") { throw .notThisFormat }
    let hours = try twoDigits(text)
    if !take(text, anyOf: ":") { throw .notThisFormat }
    let minutes = try twoDigits(text)
    if hours > 23 || minutes > 59 { throw .noSuchMoment }
    return (isWest ? -1 : 1) * (hours * 60 + minutes)
  }

  mutating func twoDigits(_ text: Span<UInt8>) throws(CivilTime.Fault) -> Int {
    if index + 2 > text.count || !isDigit(text[index]) || !isDigit(text[index + 1]) {
      throw .notThisFormat
    }
    defer { index += 2 }
    return Int(text[index] - 48) * 10 + Int(text[index + 1] - 48)
  }

  mutating func take(_ text: Span<UInt8>, anyOf letters: Unicode.Scalar...) -> Bool {
    if index == text.count { return false }
    let isTaken = letters.contains { UInt8(ascii: $0) == text[index] }
    if isTaken { index += 1 }
    return isTaken
  }

  func isDigit(_ byte: UInt8) -> Bool { byte &- 48 <= 9 }
}
