import IntegrityCore
import ProbityEngine
import Testing

@Suite struct DeskCodingTests {
  private static let claim = Claim(
    id: ClaimID(.max), buyer: AccountID(0x0102_0304_0506_0708), merchant: AccountID(2), order: 3,
    orderedAt: UnixSeconds(1_700_000_000), openedAt: UnixSeconds(1_700_000_001), amount: Minor(99),
    category: 65_535, kind: .quality, allegation: .notReceived, proofs: .all)
  private static let buyer = AccountKey(.buyer, AccountID(.max))
  private static let merchant = AccountKey(.merchant, AccountID(7))

  static let actions: [DeskAction] =
    [.openClaim(claim), .withdrawClaim(ClaimID(4)), .activatePolicy(5), .shadowPolicy(6)]
    + [.shadowPolicy(nil), .shadowPolicy(0), .putPolicy(""), .putPolicy("version: 1\n# ä\n")]
    + Verdict.allCases.map { .decideClaim(ClaimID(8), $0) }
    + Settlement.allCases.map { .settleSubsidy(ClaimID(9), $0) }
    + [AccountKind.buyer, .merchant].map { .openAppeal(ClaimID(10), by: $0) }
    + [true, false].map { .decideAppeal(ClaimID(11), isUpheld: $0) }
    + SubsidyScope.allCases.flatMap { scope in
      [nil, Minor(0), Minor(.max)].map { .setBudget(scope, key: 12, cap: $0) }
    }
    + settings.flatMap { setting in
      [UnixSeconds.zero, UnixSeconds(.max)].map { .setOverride(buyer, setting, endsAt: $0) }
    }
    + OverrideKind.allCases.map { .clearOverride(merchant, $0) }
    + [.link(buyer, merchant), .link(merchant, buyer), .unlink(buyer, buyer)]
    + [.assess(AccountID(3)), .appealStanding(AccountID(.max)), .revokeCertification(AccountID(4))]
    + StandingDecision.allCases.map { .decideStanding(AccountID(5), $0) }
    + [true, false].map { .decideStandingAppeal(AccountID(6), isUpheld: $0) }
    + Certification.allCases.map { .certify(AccountID(7), $0, endsAt: UnixSeconds(.max)) }

  private static let settings: [OverrideSetting] =
    Tier.allCases.map { .tier($0) } + Outcome.allCases.map { .outcome($0) } + [.listed]

  private static func encoded(_ command: DeskCommand) -> [UInt8] {
    var bytes: [UInt8] = []
    DeskCoding.append(command, to: &bytes)
    return bytes
  }

  private static func decoded(_ bytes: [UInt8]) -> (DeskCommand, end: Int)? {
    var offset = 0
    return DeskCoding.decode(bytes, at: &offset).map { ($0, offset) }
  }

  private static func command(_ action: DeskAction) -> DeskCommand {
    DeskCommand(action, at: UnixSeconds(1_767_225_600), actor: "Zoë", reason: "seen, twice")
  }

  @Test(arguments: actions)
  func everyActionComesBackAsItWas(_ action: DeskAction) throws {
    let command = Self.command(action)
    let bytes = Self.encoded(command)
    let (found, end) = try #require(Self.decoded(bytes + [1, 2, 3]))
    #expect(found == command && end == bytes.count && bytes.count % 8 == 0)
    var offset = 0
    #expect(LoggedCommand.decode(bytes, at: &offset) == .desk(command) && offset == bytes.count)
    #expect(CommandCoding.decode(bytes, at: 0) == nil, "no event looks like it")
  }

  @Test(arguments: actions)
  func everyTruncationIsRefused(_ action: DeskAction) {
    let bytes = Self.encoded(Self.command(action))
    for count in 0..<bytes.count {
      #expect(Self.decoded(Array(bytes[..<count])) == nil, "\(count) of \(bytes.count) bytes")
    }
  }

  /// One form for each command: whatever decodes is encoded as it was.
  @Test(arguments: actions)
  func everyFlippedBitIsRefusedOrAnotherCommand(_ action: DeskAction) {
    let command = Self.command(action)
    let bytes = Self.encoded(command)
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      guard let (found, end) = Self.decoded(damaged) else { continue }
      #expect(end <= damaged.count && Self.encoded(found) == Array(damaged[..<end]), "bit \(bit)")
      #expect(found != command)
    }
  }

  @Test func textsAtTheirLimits() throws {
    let document = String(repeating: "x", count: PolicyShelf.textBytesMax)
    let longest = DeskCommand(
      .putPolicy(document), at: .zero, actor: String(repeating: "a", count: 32),
      reason: String(repeating: "b", count: 104))
    let bytes = Self.encoded(longest)
    let (found, end) = try #require(Self.decoded(bytes))
    #expect(found == longest && end == bytes.count && end == 80 + 32 + 104 + 65_536)
    for command in [
      DeskCommand(.putPolicy(document + "x"), at: .zero),
      DeskCommand(.activatePolicy(1), at: .zero, actor: String(repeating: "a", count: 33)),
      DeskCommand(.activatePolicy(1), at: .zero, reason: String(repeating: "b", count: 105)),
    ] {
      #expect(Self.decoded(Self.encoded(command)) == nil, "too long, and read all the same")
    }
  }

  @Test func whatIsNotUTF8IsRefused() {
    var bytes = Self.encoded(DeskCommand(.activatePolicy(1), at: .zero, actor: "abc"))
    bytes[81] = 0xff
    #expect(Self.decoded(bytes) == nil)
  }

  @Test func aVerdictInBytes() {
    let command = DeskCommand(
      .decideClaim(ClaimID(4), .abuse), at: UnixSeconds(0x6553_f101), actor: "anna", reason: "why")
    let zeros = [UInt8](repeating: 0, count: 40)
    let expected: [UInt8] =
      zeros + [4, 0, 0, 0, 0, 0, 0, 0]  // claim
      + [UInt8](repeating: 0, count: 8)
      + [0x01, 0xf1, 0x53, 0x65, 0, 0, 0, 0]  // at
      + [17, Verdict.abuse.rawValue, 0, 0, 0, 0, 0, 0]  // decided: abuse
      + [4, 3, 0, 0, 0, 0, 0, 0]  // bytes of the texts
      + Array("annawhy".utf8) + [0]
    #expect(Self.encoded(command) == expected)
  }
}
