import EventFeed
import IntegrityCore
import Testing

struct AccountKeyTextTests {
  private static let digitsRows: [(text: String, number: UInt64)] = [
    ("1", 1), ("42", 42), ("007", 7), ("9007199254740993", 9_007_199_254_740_993),
    ("18446744073709551615", UInt64.max), ("00000000000000000000000018446744073709551615", .max),
  ]

  @Test("A text of digits means its number", arguments: digitsRows)
  func digits(text: String, number: UInt64) {
    #expect(AccountKeyText.id(of: text) == AccountID(number))
  }

  /// Source of the numbers: Python's `xxhash.xxh3_64_intdigest` of the UTF-8 bytes.
  private static let hashedRows: [(text: String, number: UInt64)] = [
    ("alice", 5_593_767_425_381_308_080),
    ("shop-17", 13_502_750_205_879_042_038),
    ("café", 5_513_492_080_776_525_439),
    ("丝绸", 14_519_935_258_179_571_047),
    (" 42", 16_758_406_368_199_148_797),
    ("0x1F", 12_659_712_975_647_587_088),
    ("18446744073709551616", 8_926_720_713_610_182_199),
    (String(repeating: "a", count: 300), 13_966_073_120_003_161_633),
  ]

  @Test("Any other text means the XXH3-64 of its bytes", arguments: hashedRows)
  func hashed(text: String, number: UInt64) {
    #expect(AccountKeyText.id(of: text) == AccountID(number))
  }

  @Test("The empty text and zero name nobody", arguments: ["", "0", "000"])
  func nobody(text: String) {
    #expect(AccountKeyText.id(of: text) == nil)
  }
}
