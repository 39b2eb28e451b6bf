import IntegrityCore
import IntegrityPolicy
import Testing

struct PolicyDocumentTests {
  private static let standard = PolicyDocument.standardText

  /// The faults of `yaml`, one line each; [] if it is accepted.
  private static func faults(_ yaml: String) -> [String] {
    do {
      _ = try PolicyDocument.load(yaml: yaml, file: "p.yaml")
      return []
    } catch {
      return error.description.split(separator: "\n").map(String.init)
    }
  }

  /// The standard policy with the `occurrence`-th line that starts with `line`
  /// (indentation aside) replaced, and the number of that line.
  private static func standard(
    _ line: String, _ replacement: String, occurrence: Int = 1
  ) throws -> (yaml: String, line: Int) {
    var lines = standard.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let matches = lines.indices.filter { index in
      lines[index].drop { $0 == " " }.hasPrefix(line)
    }
    try #require(matches.count >= occurrence, "\(line)")
    let index = matches[occurrence - 1]
    let indentation = String(lines[index].prefix { $0 == " " })
    lines[index] = replacement.isEmpty ? "" : indentation + replacement
    return (lines.joined(separator: "\n"), index + 1)
  }

  @Test func standardIsAccepted() throws {
    #expect(Self.faults(Self.standard) == [])
    let document = PolicyDocument.standard
    #expect(document.name == "standard")
    #expect(document.policy.version == 5)
    #expect(document.policy.tiers.lowestScores == [800, 700, 580, 430])
    #expect(document.policy.tiers.cooldownDays == 14)
    #expect(document.policy.buyerRules.base == 600)
    #expect(document.policy.merchantRules.upheldCredit == 0)
    #expect(try PolicyDocument.load(yaml: Self.standard, file: "again") == document)
  }

  /// Every number reaches the policy: changing it changes the hash.
  @Test func everyNumberMatters() throws {
    let lines = Self.standard.split(separator: "\n", omittingEmptySubsequences: false)
    var hashes: Set<UInt64> = [PolicyDocument.standard.policy.hash]
    var numbers = 0
    for (index, line) in lines.enumerated() {
      let parts = line.split(separator: ":")
      guard parts.count == 2, !line.contains("#"), let value = Double(parts[1].dropFirst()) else {
        continue
      }
      numbers += 1
      // A little less or more, to stay in range and whole where whole.
      let isWhole = value == value.rounded()
      let changed =
        isWhole
        ? "\(Int(value) - (value > 1 ? 1 : -1))" : "\(value > 1 ? value + 0.5 : value * 0.75)"
      var copy = lines.map(String.init)
      copy[index] = "\(parts[0]): \(changed)"
      let document = try PolicyDocument.load(yaml: copy.joined(separator: "\n"), file: "changed")
      #expect(hashes.insert(document.policy.hash).inserted, "line \(index + 1): \(line)")
    }
    #expect(numbers == 154)
  }

  // MARK: Values

  /// Key → what is written → the remedy, at the line and column of the value.
  static let values: [(key: String, occurrence: Int, text: String, message: String)] = [
    (
      "version:", 1, "0",
      "version: `0` is out of range: must be a whole number from 1 to 4294967295"
    ),
    (
      "version:", 1, "4294967296",
      "version: `4294967296` is out of range: must be a whole number from 1 to 4294967295"
    ),
    ("version:", 1, "1.5", "version: `1.5` is wrong: must be a whole number from 1 to 4294967295"),
    ("version:", 1, "0x1", "version: `0x1` is wrong: must be a whole number from 1 to 4294967295"),
    (
      "name:", 1, "a/b",
      "name: `a/b` is wrong: must be 1 to 64 of the characters"
        + " a-z, A-Z, 0-9, space, point, hyphen and underscore"
    ),
    (
      "A:", 1, "1001",
      "tiers.lowestScores.A: `1001` is out of range: must be a whole number from 1 to 1000"
    ),
    (
      "cooldownDays:", 1, "-1",
      "tiers.cooldownDays: `-1` is out of range: must be a whole number from 0 to 365"
    ),
    (
      "cooldownDays:", 1, "366",
      "tiers.cooldownDays: `366` is out of range: must be a whole number from 0 to 365"
    ),
    (
      "weightMin:", 1, "1.01",
      "credibility.weightMin: `1.01` is out of range: must be a number from 0 to 1"
    ),
    ("base:", 1, "1000.5", "buyer.base: `1000.5` is out of range: must be a number from 0 to 1000"),
    ("base:", 2, "-0.1", "merchant.base: `-0.1` is out of range: must be a number from 0 to 1000"),
    (
      "probability:", 1, "1",
      "buyer.scale.probability: `1` is out of range: must be a number from 0.0001 to 0.9999"
    ),
    (
      "pointsPerHalving:", 2, "0",
      "merchant.scale.pointsPerHalving: `0` is out of range: must be a number from 1 to 10000"
    ),
    (
      "boundDeviations:", 1, "5.1",
      "buyer.boundDeviations: `5.1` is out of range: must be a number from 0 to 5"
    ),
    (
      "upheldCredit:", 1, "yes",
      "buyer.upheldCredit: `yes` is wrong: must be a number from 0 to 1"
    ),
    (
      "ordersScale:", 1, "0",
      "buyer.history.ordersScale: `0` is out of range: must be a number from 0.1 to 10000"
    ),
    (
      "thinOrders:", 1, "1_000",
      "buyer.history.thinOrders: `1_000` is wrong: must be a number from 0 to 10000"
    ),
    (
      "priorMean:", 1, "0",
      "buyer.dimensions.claims.priorMean: `0` is out of range: must be a number from 0.0001 to 0.9999"
    ),
    (
      "priorMean:", 1, "1",
      "buyer.dimensions.claims.priorMean: `1` is out of range: must be a number from 0.0001 to 0.9999"
    ),
    (
      "priorMean:", 6, "10%",
      "merchant.dimensions.qualityRefunds.priorMean: `10%` is wrong:"
        + " must be a number from 0.0001 to 0.9999"
    ),
    (
      "priorStrength:", 2, "nan",
      "buyer.dimensions.notReceived.priorStrength: `nan` is wrong: must be a number from 0.1 to 10000"
    ),
    (
      "pointsPerDoubling:", 2, "-1",
      "buyer.tenure.pointsPerDoubling: `-1` is out of range: must be a number from 0 to 1000"
    ),
    (
      "pointsPerDoubling:", 3, "inf",
      "buyer.dimensions.claims.pointsPerDoubling: `inf` is wrong: must be a number from 0 to 1000"
    ),
    (
      "lossMax:", 1, "1e9",
      "buyer.dimensions.claims.lossMax: `1e9` is out of range: must be a number from 0 to 1000"
    ),
  ]

  @Test(arguments: values)
  func faultyValue(key: String, occurrence: Int, text: String, message: String) throws {
    // YAML itself refuses "%" only at the start of a word; plainness does anywhere.
    let isPlain = !text.contains("%")
    let (yaml, line) = try Self.standard(key, "\(key) \(text)", occurrence: occurrence)
    let indentation = yaml.split(separator: "\n", omittingEmptySubsequences: false)[line - 1]
      .prefix { $0 == " " }.count
    let column = indentation + key.count + 2
    if isPlain {
      #expect(Self.faults(yaml) == ["p.yaml:\(line):\(column): \(message)"])
    } else {
      #expect(Self.faults(yaml).count == 1)
    }
  }

  @Test(arguments: ["0", "5", "0.25", "2.5e0", "1e-3", "+1", ".5", "5.", "-0"])
  func acceptedNumber(text: String) throws {
    let (yaml, _) = try Self.standard("boundDeviations:", "boundDeviations: \(text)")
    #expect(Self.faults(yaml) == [])
  }

  @Test func minusZeroIsZero() throws {
    let hashes = try ["0", "-0", "0.0"].map { text in
      let (yaml, _) = try Self.standard("gainMax:", "gainMax: \(text)")
      return try PolicyDocument.load(yaml: yaml, file: "zero").policy.hash
    }
    #expect(Set(hashes).count == 1)
  }

  // MARK: Keys

  @Test(arguments: [
    ("base:", "bases: 600", "3: buyer.bases: unknown key: did you mean `base`?"),
    (
      "priorMean:", "priormean: 0.1",
      "7: buyer.dimensions.claims.priormean: unknown key: did you mean `priorMean`?"
    ),
    (
      "notReceived:", "notRecieved:",
      "5: buyer.dimensions.notRecieved: unknown key: did you mean `notReceived`?"
    ),
    (
      "cooldownDays:", "colour: 1",
      "3: tiers.colour: unknown key: the keys here are lowestScores, cooldownDays, fallMargin"
    ),
    ("D:", "F: 1", "5: tiers.lowestScores.F: unknown key: the keys here are A, B, C, D"),
  ])
  func unknownKey(key: String, replacement: String, message: String) throws {
    let (yaml, line) = try Self.standard(key, replacement)
    let faults = Self.faults(yaml)
    #expect(faults.contains("p.yaml:\(line):\(message)"))
    // The right key is missing then, and nothing else is said.
    #expect(faults.count == 2)
    #expect(faults.contains { $0.contains("is missing: must be") })
  }

  @Test func missingKeysAreNamedAtTheirSection() throws {
    let (yaml, _) = try Self.standard("cooldownDays:", "")
    let section = try Self.standard("tiers:", "tiers:").line
    #expect(
      Self.faults(yaml) == [
        "p.yaml:\(section):1: tiers.cooldownDays: is missing:"
          + " must be a whole number from 0 to 365"
      ])
  }

  @Test func missingSectionIsOneFault() throws {
    let first = try Self.standard("version:", "").line
    let head = Self.standard.prefix(upTo: Self.standard.range(of: "\nmerchant:"))
    #expect(
      Self.faults(String(head)) == [
        "p.yaml:\(first):1: merchant: is missing: must be a section with the keys"
          + " base, scale, boundDeviations, history, tenure, dimensions"
      ])
  }

  @Test func merchantsHaveNoUpheldCredit() throws {
    let (yaml, line) = try Self.standard(
      "boundDeviations:", "boundDeviations: 0.5\n  upheldCredit: 0.5", occurrence: 2)
    #expect(
      Self.faults(yaml) == [
        "p.yaml:\(line + 1):3: merchant.upheldCredit: unknown key: the keys here are"
          + " base, scale, boundDeviations, history, tenure, dimensions"
      ])
  }

  @Test func sectionWhereANumberBelongsAndTheOtherWayRound() throws {
    let (yaml, line) = try Self.standard("base:", "base:\n    much: 600")
    #expect(
      Self.faults(yaml) == [
        "p.yaml:\(line):3: buyer.base: is a section: must be a number from 0 to 1000"
      ])
    let (empty, emptyLine) = try Self.standard("base:", "base:")
    #expect(
      Self.faults(empty) == [
        "p.yaml:\(emptyLine):3: buyer.base: has no value: must be a number from 0 to 1000"
      ])
    #expect(
      Self.faults("version: 1\nname: x\ntiers: 5\n").contains(
        "p.yaml:3:1: tiers: must be a section with the keys lowestScores, cooldownDays, fallMargin")
    )
  }

  @Test func duplicatesAreNamedWhereTheyAreGivenAgain() throws {
    let (yaml, line) = try Self.standard("upheldCredit:", "upheldCredit: 0.7\n  base: 500")
    #expect(
      Self.faults(yaml) == [
        "p.yaml:\(line + 1):3: buyer.base: is given more than once in its section: keep one"
      ])
  }

  // MARK: Contradictions

  @Test(arguments: [
    ("B:", "800", "B", "800 contradicts A = 800: must be lower than that"),
    ("C:", "750", "C", "750 contradicts B = 700: must be lower than that"),
    ("D:", "580", "D", "580 contradicts C = 580: must be lower than that"),
  ])
  func tiersMustFall(key: String, text: String, tier: String, message: String) throws {
    let (yaml, line) = try Self.standard(key, "\(key) \(text)")
    #expect(
      Self.faults(yaml) == ["p.yaml:\(line):8: tiers.lowestScores.\(tier): \(message)"])
  }

  @Test(arguments: ["500", "499", "0"])
  func credibilityMustRise(full: String) throws {
    let (yaml, line) = try Self.standard("scoreFull:", "scoreFull: \(full)")
    #expect(
      Self.faults(yaml) == [
        "p.yaml:\(line):14: credibility.scoreFull:"
          + " \(full) contradicts scoreZero = 500: must be higher"
      ])
  }

  /// A value that is wrong by itself contradicts nothing.
  @Test func aFaultyValueIsNoContradiction() throws {
    let (yaml, _) = try Self.standard("A:", "A: 5000")
    #expect(Self.faults(yaml).count == 1)
  }

  // MARK: Many faults

  @Test func allFaultsAreReportedInOrderUpToTwenty() throws {
    let three = Self.standard
      .replacing("weightMin: 0.1", with: "weightMin: 2")
      .replacing("base: 600", with: "base: 6000")
    let lines = Self.faults(three)
    #expect(lines.count == 3)
    #expect(
      lines.map { $0.split(separator: " ")[1] } == [
        "credibility.weightMin:", "buyer.base:", "merchant.base:",
      ])
    #expect(Self.faults(Self.standard.replacing("gainMax:", with: "gain:")).count == 20)
    #expect(Self.faults(Self.standard.replacing("priorMean: 0", with: "priorMean: -0")).count == 11)
  }
}

extension String {
  /// The index at which `text` begins, or the end.
  fileprivate func range(of text: String) -> String.Index {
    indices.first { self[$0...].hasPrefix(text) } ?? endIndex
  }
}
