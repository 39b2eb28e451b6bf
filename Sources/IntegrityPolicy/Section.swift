import Yams

/// One mapping of the document: reads its values and notes what is wrong with them.
///
/// Reading goes on after a fault: a number that is wrong is read as the lowest
/// allowed, a whole number as nil, and the caller uses nothing of the document
/// unless no fault was noted.
struct Section {
  private struct Entry {
    let keyMark: Mark?
    let value: Node
  }

  private let path: String
  private let mark: Mark?
  /// Nil: the section is missing or no section, which has been noted once.
  private let entries: [String: Entry]?
  private let faults: FaultCollector

  /// Reads `node`, which must be a mapping with some of `keys` and no others.
  ///
  /// - Parameters:
  ///   - path: keys that lead to the section, with points between; "" for the document.
  ///   - mark: where the section's own key is.
  init(_ node: Node, path: String, mark: Mark?, keys: [String], faults: FaultCollector) {
    self.path = path
    self.mark = mark ?? node.mark
    self.faults = faults
    guard let mapping = node.mapping else {
      let known = keys.joined(separator: ", ")
      faults.add(
        self.mark, path: path, value: node.text, "must be a section with the keys \(known)")
      entries = nil
      return
    }
    var entries: [String: Entry] = [:]
    for (key, value) in mapping {
      let name = key.text ?? ""
      if keys.contains(name) {
        entries[name] = Entry(keyMark: key.mark, value: value)
      } else {
        let remedy =
          if let meant = Spelling.nearest(to: name, among: keys) {
            "unknown key: did you mean `\(meant)`?"
          } else {
            "unknown key: the keys here are \(keys.joined(separator: ", "))"
          }
        faults.add(key.mark, path: Self.join(path, name), value: name, remedy)
      }
    }
    self.entries = entries
  }

  private init(absentAt path: String, mark: Mark?, faults: FaultCollector) {
    self.path = path
    self.mark = mark
    self.faults = faults
    entries = nil
  }

  /// The section under `key`.
  func section(_ key: String, keys: [String]) -> Section {
    guard let entry = entry(key, "a section with the keys \(keys.joined(separator: ", "))") else {
      return Section(absentAt: Self.join(path, key), mark: mark, faults: faults)
    }
    return Section(
      entry.value, path: Self.join(path, key), mark: entry.keyMark, keys: keys, faults: faults)
  }

  /// A number in `range`, like 12, 0.05 or 2.5e3.
  func number(_ key: String, in range: ClosedRange<Double>) -> Float {
    let right = "a number from \(range.lowerBound.plain) to \(range.upperBound.plain)"
    return value(key, right) { text in
      guard text.isPlainNumber, let exact = Double(text), let rounded = Float(text) else {
        return nil
      }
      // Adding zero makes −0 into 0: equal policies have equal bits.
      return .some(range.contains(exact) ? rounded + 0 : nil)
    } ?? Float(range.lowerBound)
  }

  /// A whole number in `range`.
  func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
    let right = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return value(key, right) { text in
      let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
      guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
      return .some(Int(text).flatMap { range.contains($0) ? $0 : nil })
    }
  }

  /// A name of 1 to 64 letters, digits, spaces, points, hyphens and underscores.
  func name(_ key: String) -> String {
    let right = "1 to 64 of the characters a-z, A-Z, 0-9, space, point, hyphen and underscore"
    return value(key, right) { text in
      let isPlain = text.utf8.allSatisfy { byte in
        switch byte {
        case 48...57, 65...90, 97...122, 32, 45, 46, 95: true
        default: false
        }
      }
      return isPlain && (1...64).contains(text.utf8.count) ? .some(text) : nil
    } ?? ""
  }

  /// One of `choices`.
  func choice(_ key: String, among choices: [String]) -> String? {
    let right = "one of \(choices.joined(separator: ", "))"
    return value(key, right) { choices.contains($0) ? .some($0) : nil }
  }

  /// Notes a contradiction between values that are right by themselves.
  func contradiction(at key: String, _ remedy: String) {
    guard let entry = entries?[key] else { return }
    faults.add(
      entry.value.mark, path: Self.join(path, key), value: entry.value.text, remedy)
  }

  /// Reads a scalar. `parse` gives nil for what is not of the right sort, and
  /// `.some(nil)` for what is, but out of range.
  private func value<Value>(
    _ key: String, _ right: String, _ parse: (String) -> Value??
  ) -> Value? {
    guard let entry = entry(key, right) else { return nil }
    let fullPath = Self.join(path, key)
    guard let text = entry.value.text else {
      faults.add(entry.keyMark, path: fullPath, "is a section: must be \(right)")
      return nil
    }
    if text.isEmpty {
      faults.add(entry.keyMark, path: fullPath, value: "", "has no value: must be \(right)")
      return nil
    }
    guard let parsed = parse(text) else {
      faults.add(
        entry.value.mark, path: fullPath, value: text,
        "`\(text.shortened)` is wrong: must be \(right)")
      return nil
    }
    if parsed == nil {
      faults.add(
        entry.value.mark, path: fullPath, value: text,
        "`\(text.shortened)` is out of range: must be \(right)")
    }
    return parsed
  }

  private func entry(_ key: String, _ right: String) -> Entry? {
    guard let entries else { return nil }
    if let entry = entries[key] { return entry }
    faults.add(mark, path: Self.join(path, key), "is missing: must be \(right)")
    return nil
  }

  private static func join(_ path: String, _ key: String) -> String {
    path.isEmpty ? key : "\(path).\(key.shortened)"
  }
}

extension Node {
  /// What is written, of a scalar.
  fileprivate var text: String? { scalar?.string }
}

extension String {
  /// Digits with at most one point and an exponent: no hexadecimal, "inf", "1_000".
  fileprivate var isPlainNumber: Bool {
    utf8.allSatisfy { byte in
      switch byte {
      case 48...57, 43, 45, 46, 69, 101: true
      default: false
      }
    }
  }

  /// The first forty characters: what fits into a message.
  fileprivate var shortened: String { count <= 40 ? self : "\(prefix(40))…" }
}

extension Double {
  /// Without ".0".
  fileprivate var plain: String {
    self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)"
  }
}
