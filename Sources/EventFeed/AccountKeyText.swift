import CXXHash
import IntegrityCore

/// The rule by which a text names an account, an order or a claim.
///
/// A text of only digits that denote a number from 1 to 2^64−1 means that
/// number, so that `"42"` and `42` are one account. Any other text means the
/// XXH3-64 hash of its UTF-8 bytes, as they are: no trimming, no change of case,
/// no Unicode normalisation. A hash of 0 means 1. Docs/EVENTS.md has the odds
/// that two texts meet.
public enum AccountKeyText {
  /// The account that `text` names, or nil where it can name none: the empty
  /// text, and digits that mean 0.
  public static func id(of text: String) -> AccountID? {
    number(of: text.utf8.span).map { AccountID($0) }
  }

  /// The key's number for the UTF-8 bytes of a text; nil as above.
  static func number(of text: Span<UInt8>) -> UInt64? {
    if let number = digits(of: text) { return number == 0 ? nil : number }
    return text.isEmpty ? nil : hash(of: text)
  }

  /// The number that `text` denotes, or nil where it is not of digits only or
  /// denotes a larger one than 2^64−1: order numbers of 20 and more digits are
  /// common, and are hashed.
  private static func digits(of text: Span<UInt8>) -> UInt64? {
    if text.isEmpty { return nil }
    var number: UInt64 = 0
    for index in text.indices {
      let digit = text[index] &- UInt8(ascii: "0")
      if digit > 9 { return nil }
      let (tenfold, isTooLarge) = number.multipliedReportingOverflow(by: 10)
      let (sum, isSumTooLarge) = tenfold.addingReportingOverflow(UInt64(digit))
      if isTooLarge || isSumTooLarge { return nil }
      number = sum
    }
    return number
  }

  /// Source: XXH3-64 with seed 0, of the system's libxxhash (0.8 or later, where
  /// the result is fixed for ever).
  private static func hash(of text: Span<UInt8>) -> UInt64 {
    let hash = unsafe text.withUnsafeBytes { bytes in
      // Safe: reads `count` bytes from `baseAddress`, within this closure.
      unsafe XXH3_64bits(bytes.baseAddress, bytes.count)
    }
    return hash == 0 ? 1 : hash
  }
}
