import EventFeed
import Testing

struct NearestWordTests {
  private static let nearestRows: [(text: String, word: String?)] = [
    ("buyr", "buyer"), ("Buyer", "buyer"), ("buyers", "buyer"), ("buyre", "buyer"),
    ("claim_kind", "claimKind"), ("ORDERED-AT", "orderedAt"), ("squence", "sequence"),
    ("price", nil), ("b", nil), ("", nil), ("xx", nil), ("id", nil),
    (String(repeating: "buyer", count: 20_000), nil),
  ]

  @Test("What was probably meant", arguments: nearestRows)
  func nearest(text: String, word: String?) {
    #expect(NearestWord.nearest(to: text, among: FeedField.names) == word)
  }

  private static let distancesRows: [(a: String, b: String, edits: Int)] = [
    ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1),
    ("abc", "abcd", 1), ("abc", "xbc", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
  ]

  @Test("Edits between words", arguments: distancesRows)
  func distances(a: String, b: String, edits: Int) {
    #expect(NearestWord.distance(Array(a.utf8), Array(b.utf8)) == edits)
  }
}
