import EventFeed
import Testing

/// What a scanner makes of a line: names and values in order, texts decoded.
private func scan(_ bytes: [UInt8]) throws -> [(name: String, value: String)] {
  let line = bytes.span
  var scanner = FlatObjectScanner()
  var members: [(String, String)] = []
  func decoded(_ text: FlatObjectScanner.Text) -> String {
    String(decoding: JSONEscape.decode(text, in: bytes.span), as: UTF8.self)
  }
  try scanner.begin(line)
  while let name = try scanner.nextName(line) {
    let value =
      switch try scanner.value(line) {
      case .integer(let magnitude, let isNegative): (isNegative ? "-" : "") + "\(magnitude)"
      case .integerTooLarge: "too large"
      case .fraction: "fraction"
      case .text(let text): "'" + decoded(text) + "'"
      case .boolean(let truth): "\(truth)"
      case .null: "null"
      }
    members.append((decoded(name), value))
  }
  return members
}

struct FlatObjectScannerTests {
  private static let valuesRows: [(json: String, expected: String)] = [
    ("0", "0"), ("-0", "-0"), ("7", "7"), ("-7", "-7"),
    ("9007199254740993", "9007199254740993"), ("18446744073709551615", "18446744073709551615"),
    ("18446744073709551616", "too large"), ("99999999999999999999999999", "too large"),
    ("-18446744073709551616", "too large"), ("-18446744073709551615", "-18446744073709551615"),
    ("1.0", "fraction"), ("1e3", "fraction"), ("1E+3", "fraction"), ("0.5e-7", "fraction"),
    ("99999999999999999999.5", "fraction"),
    ("true", "true"), ("false", "false"), ("null", "null"),
    (#""""#, "''"), (#""a b""#, "'a b'"), (#""丝绸""#, "'丝绸'"), ("\"\u{7f}\"", "'\u{7f}'"),
    (#""\"\\\/\b\f\n\r\t""#, "'\"\\/\u{8}\u{c}\n\r\t'"),
    (#""\u0041\u00e9\u4E1D""#, "'Aé丝'"), (#""\u0000""#, "'\0'"),
    (#""\ud83d\udce6""#, "'📦'"), (#""\uDBFF\uDFFF""#, "'\u{10ffff}'"),
  ]

  @Test("Values of every kind", arguments: valuesRows)
  func values(json: String, expected: String) throws {
    let members = try scan(Array("{\"a\":\(json)}".utf8))
    #expect(members.map(\.name) == ["a"])
    #expect(members.map(\.value) == [expected])
  }

  @Test("Space between tokens, none, and members in order")
  func members() throws {
    let spaced = try scan(Array(" \t{ \"a\" : 1 ,\r\"\\u0062\":2 , \"a\":3 } \r\n".utf8))
    #expect(spaced.map(\.name) == ["a", "b", "a"])
    #expect(spaced.map(\.value) == ["1", "2", "3"])
    #expect(try scan(Array("{}".utf8)).isEmpty)
  }

  @Test(
    "What is not one flat JSON object",
    arguments: [
      "", " ", "x", "1", "\"a\"", "[]", "null", "}", "{", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1",
      "{\"a\":1,}", "{\"a\":1,,\"b\":2}", "{,\"a\":1}", "{\"a\":1 \"b\":2}", "{\"a\" 1}", "{a:1}",
      "{'a':1}", "{1:1}", "{\"a\":1}}", "{\"a\":1}{}", "{\"a\":1} x", "{\"a\":1},",
      "{\"a\":01}", "{\"a\":00}", "{\"a\":-01}", "{\"a\":+1}", "{\"a\":-}", "{\"a\":.5}",
      "{\"a\":1.}", "{\"a\":1.e3}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":0x10}", "{\"a\":1_000}",
      "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":-Infinity}", "{\"a\":True}", "{\"a\":tru}",
      "{\"a\":truex}", "{\"a\":nul}", "{\"a\":fals}", "{\"a\":[]}", "{\"a\":{}}", "{\"a\":[1]}",
      #"{"a":"\x"}"#, #"{"a":"\u12"}"#, #"{"a":"\u12g4"}"#, #"{"a":"\"}"#, #"{"a":"\u+123"}"#,
      #"{"a":"\ud83d"}"#, #"{"a":"\udce6"}"#, #"{"a":"\ud83d\ud83d"}"#, #"{"a":"\ud83dx"}"#,
      #"{"a":"\ud83d\n"}"#, #"{"a":"\udce6\ud83d"}"#, #"{"a":"\udce6\udce6"}"#, "{\"a\":\"\t\"}",
      "{\"a\":\"\0\"}",
      "{\"a\":\"\n\"}", "\u{feff}{\"a\":1}", "{\"a\":1}\0", "{\"a\":1,\u{a0}\"b\":2}",
      "{\"a\":1 // one\n}", "{\"a\":1 /* one */}",
    ])
  func refused(json: String) {
    #expect(throws: Complaint.self) { try scan(Array(json.utf8)) }
  }

  @Test(
    "Strings that are not UTF-8",
    arguments: [
      [0x80], [0xff], [0xc3], [0xc3, 0x28], [0xc0, 0xaf], [0xe4, 0xb8], [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80] as [UInt8],
    ])
  func notUTF8(bytes: [UInt8]) {
    let asValue = Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)
    #expect(throws: Complaint.self) { try scan(asValue) }
    let asName = Array("{\"".utf8) + bytes + Array("\":1}".utf8)
    #expect(throws: Complaint.self) { try scan(asName) }
  }
}
