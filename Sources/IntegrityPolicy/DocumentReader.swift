import IntegrityCore
import Yams

/// Turns the text of a policy document into a policy, or into faults.
///
/// In this order: size and encoding, plainness, YAML syntax, keys and values,
/// contradictions. A step that fails keeps the next from running, except that
/// all keys and values are read before any of their faults is thrown.
struct DocumentReader {
  let source: String

  /// - Throws: where the bytes are too many or not UTF-8.
  func decode(_ bytes: [UInt8]) throws(PolicyFault) -> String {
    try checkSize(bytes.count)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
    let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
    throw fault(line: index + 1, "is not UTF-8: save the document in that encoding")
  }

  func read(_ yaml: String) throws(PolicyFault) -> PolicyDocument {
    try checkSize(yaml.utf8.count)
    let plainFaults = PlainYAML.faults(of: yaml)
    if !plainFaults.isEmpty { throw PolicyFault(source: source, items: plainFaults) }

    let faults = FaultCollector()
    let document = read(try compose(yaml), yaml, faults)
    if !faults.items.isEmpty { throw PolicyFault(source: source, items: faults.sorted) }
    return document
  }

  private func checkSize(_ sizeBytes: Int) throws(PolicyFault) {
    if sizeBytes > PlainYAML.sizeBytesMax {
      throw fault(
        line: nil, "has \(sizeBytes) bytes: must be at most \(PlainYAML.sizeBytesMax)")
    }
  }

  private func fault(line: Int?, column: Int = 1, _ remedy: String) -> PolicyFault {
    let item = PolicyFault.Item(
      line: line, column: line == nil ? nil : column, path: "", value: nil,
      remedy: "the document " + remedy)
    return PolicyFault(source: source, items: [item])
  }

  // MARK: Syntax

  private func compose(_ yaml: String) throws(PolicyFault) -> Node {
    do {
      // Not the default encoding, which depends on the environment.
      let root = try Yams.compose(yaml: yaml, .default, .default, .utf8)
      if let root, root.scalar?.string.isEmpty != true { return root }
    } catch let error as YamlError {
      throw syntaxFault(error, in: yaml)
    } catch {
      throw fault(line: nil, "cannot be read: \(error)")
    }
    throw fault(line: nil, "is empty: start from the default policy")
  }

  private func syntaxFault(_ error: YamlError, in yaml: String) -> PolicyFault {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return fault(line: mark.line, column: mark.column, "is not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      let items = keys.map { key in
        let place = Self.lastPlace(of: key, from: context.mark, in: yaml)
        return PolicyFault.Item(
          line: place.line, column: place.column, path: Self.path(to: place, in: yaml), value: key,
          remedy: "is given more than once in its section: keep one")
      }
      return PolicyFault(source: source, items: items)
    default:
      return fault(line: nil, "is not valid YAML: \(error)")
    }
  }

  /// Where `key` stands last in the mapping that `mark` is in: the plain part of
  /// YAML has one key a line, and the keys of a mapping have one indentation.
  private static func lastPlace(
    of key: String, from mark: Mark, in yaml: String
  ) -> (line: Int, column: Int) {
    let lines = yaml.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    let indentation = mark.column - 1
    var last = (line: mark.line, column: mark.column)
    for index in (mark.line - 1)..<lines.count {
      let content = lines[index].drop { $0 == " " }
      let isText = content.first.map { $0 != "#" && $0 != "\r" } ?? false
      if !isText { continue }
      let depth = lines[index].count - content.count
      if depth < indentation { break }
      if depth == indentation && String(content).hasPrefix(key + ":") {
        last = (index + 1, depth + 1)
      }
    }
    return last
  }

  /// Keys that lead to the one at `place`: those above it that are indented less.
  private static func path(to place: (line: Int, column: Int), in yaml: String) -> String {
    let lines = yaml.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    var keys: [String] = []
    var depth = place.column
    for line in lines.prefix(place.line).reversed() {
      let content = line.drop { $0 == " " }
      let isText = content.first.map { $0 != "#" && $0 != "\r" } ?? false
      let indentation = line.count - content.count
      if !isText || indentation >= depth { continue }
      keys.append(String(String.UnicodeScalarView(content.prefix { $0 != ":" })))
      depth = indentation
    }
    return keys.reversed().joined(separator: ".")
  }

  // MARK: Keys and values

  private func read(_ root: Node, _ text: String, _ faults: FaultCollector) -> PolicyDocument {
    let document = Section(
      root, path: "", mark: nil,
      keys: [
        "version", "name", "tiers", "credibility", "claims", "subsidy", "governance", "buyer",
        "merchant",
      ], faults: faults)
    let version = document.integer("version", in: 1...Int(UInt32.max))
    let name = document.name("name")
    let policy = Policy(
      version: UInt32(version ?? 1),
      buyer: card(document, .buyer, BuyerDimension.allCases.map(\.name)),
      merchant: card(document, .merchant, MerchantDimension.allCases.map(\.name)),
      tiers: tiers(document), credibility: credibility(document),
      claims: claims(document), subsidy: subsidy(document), governance: governance(document))
    return PolicyDocument(name: name, policy: policy, text: text)
  }

  private func tiers(_ document: Section) -> TierRules {
    let section = document.section("tiers", keys: ["lowestScores", "cooldownDays", "fallMargin"])
    let names = Tier.allCases.dropLast().map(\.name)
    let scores = section.section("lowestScores", keys: names)
    let values = names.map { scores.integer($0, in: 1...1000) }
    for index in 1..<values.count {
      guard let better = values[index - 1], let value = values[index], value >= better else {
        continue
      }
      scores.contradiction(
        at: names[index],
        "\(value) contradicts \(names[index - 1]) = \(better): must be lower than that")
    }
    return TierRules(
      lowestScores: SIMD4(values.map { Int32($0 ?? 0) }),
      cooldownDays: UInt16(section.integer("cooldownDays", in: 0...365) ?? 0),
      fallMargin: Int32(section.integer("fallMargin", in: 0...500) ?? 0))
  }

  private func credibility(_ document: Section) -> CredibilityRules {
    let section = document.section("credibility", keys: ["scoreZero", "scoreFull", "weightMin"])
    let zero = section.integer("scoreZero", in: 0...1000)
    let full = section.integer("scoreFull", in: 0...1000)
    if let zero, let full, zero >= full {
      section.contradiction(
        at: "scoreFull", "\(full) contradicts scoreZero = \(zero): must be higher")
    }
    return CredibilityRules(
      scoreZero: Int32(zero ?? 0), scoreFull: Int32(full ?? 1),
      weightMin: section.number("weightMin", in: 0...1))
  }

  private func card(_ document: Section, _ kind: AccountKind, _ names: [String]) -> CardRules {
    // Only buyers have claims of their own that can turn out right.
    let ownKeys = kind == .buyer ? ["upheldCredit"] : []
    let section = document.section(
      kind.name,
      keys: ["base", "scale", "boundDeviations"] + ownKeys + ["history", "tenure", "dimensions"])
    let base = section.number("base", in: 0...1000)
    let boundDeviations = section.number("boundDeviations", in: 0...5)
    let upheldCredit = kind == .buyer ? section.number("upheldCredit", in: 0...1) : 0
    let history = history(section)
    let tenure = tenure(section)
    let scale = scale(section)
    let dimensions = section.section("dimensions", keys: names)
    return CardRules(
      base: base, dimensions: names.map { dimension(dimensions, $0) }, history: history,
      tenure: tenure, scale: scale, boundDeviations: boundDeviations, upheldCredit: upheldCredit)
  }

  private func tenure(_ card: Section) -> TenureRules {
    let section = card.section("tenure", keys: ["pointsPerDoubling", "daysScale", "gainMax"])
    return TenureRules(
      pointsPerDoubling: section.number("pointsPerDoubling", in: 0...1000),
      daysScale: section.number("daysScale", in: 0.1...10_000),
      gainMax: section.number("gainMax", in: 0...1000))
  }

  private func scale(_ card: Section) -> ScoreScale {
    let section = card.section("scale", keys: ["score", "probability", "pointsPerHalving"])
    return ScoreScale(
      score: section.number("score", in: 0...1000),
      probability: section.number("probability", in: 0.0001...0.9999),
      pointsPerHalving: section.number("pointsPerHalving", in: 1...10_000))
  }

  private func history(_ card: Section) -> HistoryRules {
    let section = card.section(
      "history", keys: ["pointsPerDoubling", "ordersScale", "gainMax", "thinOrders"])
    return HistoryRules(
      pointsPerDoubling: section.number("pointsPerDoubling", in: 0...1000),
      ordersScale: section.number("ordersScale", in: 0.1...10_000),
      gainMax: section.number("gainMax", in: 0...1000),
      thinOrders: section.number("thinOrders", in: 0...10_000))
  }

  private func dimension(_ dimensions: Section, _ name: String) -> DimensionRules {
    let section = dimensions.section(
      name, keys: ["priorMean", "priorStrength", "pointsPerDoubling", "lossMax", "gainMax"])
    return DimensionRules(
      priorMean: section.number("priorMean", in: 0.0001...0.9999),
      priorStrength: section.number("priorStrength", in: 0.1...10_000),
      pointsPerDoubling: section.number("pointsPerDoubling", in: 0...1000),
      lossMax: section.number("lossMax", in: 0...1000),
      gainMax: section.number("gainMax", in: 0...1000))
  }
}
