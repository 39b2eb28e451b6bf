/// Finds the key that was meant.
enum Spelling {
  /// The one of `candidates` nearest to `word`, if a third of the word or less is
  /// different, case aside.
  static func nearest(to word: String, among candidates: [String]) -> String? {
    let near = candidates.map { ($0, distance(word.lowercased(), $0.lowercased())) }
      .min { $0.1 < $1.1 }
    guard let (candidate, edits) = near else { return nil }
    return edits * 3 <= max(word.count, candidate.count) ? candidate : nil
  }

  /// Fewest insertions, deletions, replacements and swaps of neighbours.
  /// Source: optimal string alignment (Damerau 1964, restricted).
  static func distance(_ a: String, _ b: String) -> Int {
    let x = Array(a.prefix(64))
    let y = Array(b.prefix(64))
    var beforeLast: [Int] = []
    var last = Array(0...y.count)
    for i in 1..<(x.count + 1) {
      var row = [i]
      for j in 1..<(y.count + 1) {
        let replace = last[j - 1] + (x[i - 1] == y[j - 1] ? 0 : 1)
        var best = min(replace, last[j] + 1, row[j - 1] + 1)
        if i > 1, j > 1, x[i - 1] == y[j - 2], x[i - 2] == y[j - 1] {
          best = min(best, beforeLast[j - 2] + 1)
        }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[y.count]
  }
}
