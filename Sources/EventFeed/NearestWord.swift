/// Finds the word that was probably meant by a misspelt one.
package enum NearestWord {
  /// ``; did you mean `buyer`?``, or nothing where no word is near.
  package static func hint(for text: String, among words: [String]) -> String {
    guard let word = nearest(to: text, among: words) else { return "" }
    return "; did you mean `\(word)`?"
  }

  /// The word at the least distance, the first of equals; nil beyond 2 edits or
  /// a third of the word.
  package static func nearest(to text: String, among words: [String]) -> String? {
    let letters = folded(text)
    // The longest word has 18 letters: anything much longer is no misspelling.
    if letters.count > 24 { return nil }
    var best: (word: String, distance: Int)?
    for word in words {
      let distance = distance(letters, folded(word))
      let distanceMax = min(2, word.utf8.count / 3)
      if distance <= distanceMax && distance < best?.distance ?? .max { best = (word, distance) }
    }
    return best?.word
  }

  /// Without what separates writing habits: `picked_up` and `PickedUp` are `pickedup`.
  private static func folded(_ text: String) -> [UInt8] {
    text.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
  }

  /// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`.
  /// Source: the optimal string alignment distance, by rows.
  package static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
        if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
          cost = min(cost, beforeLast[j - 1] + 1)
        }
        row.append(cost)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
