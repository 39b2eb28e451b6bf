import EventFeed
import IntegrityCore
import Testing

struct CivilTimeTests {
  /// Source of the numbers: GNU `date -u -d TEXT +%s`.
  private static let readRows: [(text: String, seconds: Int64)] = [
    ("1970-01-01T00:00:00Z", 0),
    ("2018-03-01T12:00:00Z", 1_519_905_600),
    ("2018-03-01t12:00:00z", 1_519_905_600),
    ("2018-03-01 12:00:00Z", 1_519_905_600),
    ("2018-03-01T20:00:00+08:00", 1_519_905_600),
    ("2018-03-01T08:30:00-03:30", 1_519_905_600),
    ("2018-02-28T23:59:59-00:01", 1_519_862_459),
    ("2018-03-01T12:00:00.999999999Z", 1_519_905_600),
    ("2000-02-29T00:00:00Z", 951_782_400),
    ("2024-02-29T23:59:59Z", 1_709_251_199),
    ("2100-03-01T00:00:00Z", 4_107_542_400),
    ("2106-02-07T06:28:15Z", 4_294_967_295),
    ("1969-12-31T23:59:59Z", -1),
    ("0000-03-01T00:00:00Z", -62_162_035_200),
    ("9999-12-31T23:59:59Z", 253_402_300_799),
    // Leap seconds: the last second of a day in UTC, wherever it is told.
    ("2016-12-31T23:59:60Z", 1_483_228_800),
    ("2017-01-01T07:59:60+08:00", 1_483_228_800),
  ]

  @Test("Times and their Unix seconds", arguments: readRows)
  func read(text: String, seconds: Int64) throws {
    #expect(try CivilTime.seconds(of: text.utf8.span) == seconds)
  }

  private static let refuseRows: [(text: String, fault: CivilTime.Fault)] = [
    ("", .notThisFormat), ("2018", .notThisFormat), ("2018-3-1T12:00:00Z", .notThisFormat),
    ("2018-03-01", .notThisFormat), ("2018-03-01T12:00Z", .notThisFormat),
    ("2018/03/01T12:00:00Z", .notThisFormat), ("2018-03-01T12:00:00.Z", .notThisFormat),
    ("2018-03-01T12:00:00+0800", .notThisFormat), ("2018-03-01T12:00:00Zulu", .notThisFormat),
    ("+2018-03-01T12:00:00Z", .notThisFormat), ("2018-03-01T12:00:0٣Z", .notThisFormat),
    ("2018-03-01T12:00:00", .noOffset), ("2018-03-01 12:00:00.5", .noOffset),
    ("2018-02-29T00:00:00Z", .noSuchMoment), ("2100-02-29T00:00:00Z", .noSuchMoment),
    ("2018-00-01T00:00:00Z", .noSuchMoment), ("2018-13-01T00:00:00Z", .noSuchMoment),
    ("2018-04-31T00:00:00Z", .noSuchMoment), ("2018-04-00T00:00:00Z", .noSuchMoment),
    ("2018-03-01T24:00:00Z", .noSuchMoment), ("2018-03-01T12:60:00Z", .noSuchMoment),
    ("2018-03-01T12:00:61Z", .noSuchMoment), ("2018-03-01T12:00:60Z", .noSuchMoment),
    ("2018-03-01T12:00:00+24:00", .noSuchMoment),
    ("2018-03-01T12:00:00+08:60", .noSuchMoment),
  ]

  @Test("Texts that are not times", arguments: refuseRows)
  func refuse(text: String, fault: CivilTime.Fault) {
    #expect(throws: fault) { try CivilTime.seconds(of: text.utf8.span) }
  }

  @Test("Every day from 1970 to 2106, counted day by day, reads and writes")
  func everyDay() throws {
    var (year, month, day) = (1970, 1, 1)
    for count in 0...UInt32.max / 86_400 {
      var bytes: [UInt8] = []
      CivilTime.append(UnixSeconds(count * 86_400), to: &bytes)
      let text = "\(year)-\(twoDigits(month))-\(twoDigits(day))T00:00:00Z"
      try #require(String(decoding: bytes, as: UTF8.self) == text)
      try #require(CivilTime.seconds(of: bytes.span) == Int64(count) * 86_400)

      let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      day += 1
      if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
    #expect((year, month, day) == (2106, 2, 8))
  }

  @Test("Every second of a day reads and writes")
  func everySecond() throws {
    for second in UInt32(0)..<86_400 {
      var bytes: [UInt8] = []
      CivilTime.append(UnixSeconds(1_519_862_400 + second), to: &bytes)
      try #require(CivilTime.seconds(of: bytes.span) == 1_519_862_400 + Int64(second))
    }
  }

  private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
