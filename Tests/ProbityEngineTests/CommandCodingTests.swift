import IntegrityCore
import ProbityEngine
import Testing

@Suite struct CommandCodingTests {
  static let details: [EventDetail] =
    [.settled(orderedAt: .zero), .settled(orderedAt: UnixSeconds(1_700_000_000)), .compensated]
    + [false, true].map { .pickedUp(late: $0) }
    + CancelledBy.allCases.flatMap { by in
      CancelCause.allCases.map { .cancelled(by: by, cause: $0) }
    }
    + CarrierProof.allCases.map { .carrierProof($0) }
    + ClaimKind.allCases.flatMap { kind in
      Allegation.allCases.map { .claimOpened(kind, $0) }
        + Verdict.allCases.map { .claimDecided(kind, $0) }
    }
    + Allegation.allCases.map { .claimWithdrawn(openedAt: UnixSeconds(7), $0) }
    + ReturnCondition.allCases.map { .returnInspected($0) }

  static func command(_ detail: EventDetail) -> Command {
    Command(
      source: 0x0102_0304_0506_0708, sequence: 9,
      event: Event(
        at: UnixSeconds(1_700_000_001), buyer: AccountID(.max), merchant: AccountID(2), order: 3,
        claim: 4, amount: Minor(-5), detail: detail))
  }

  @Test(arguments: details)
  func everyEventComesBackAsItWas(_ detail: EventDetail) {
    var bytes: [UInt8] = [0xff]
    CommandCoding.append(Self.command(detail), to: &bytes)
    #expect(bytes.count == 1 + CommandCoding.sizeBytes)
    #expect(CommandCoding.decode(bytes, at: 1) == Self.command(detail))
  }

  @Test func aClaimWithdrawnInBytes() {
    var bytes: [UInt8] = []
    CommandCoding.append(
      Self.command(.claimWithdrawn(openedAt: UnixSeconds(7), .wrongItem)), to: &bytes)
    let expected: [UInt8] = [
      8, 7, 6, 5, 4, 3, 2, 1,  // source
      9, 0, 0, 0, 0, 0, 0, 0,  // sequence
      255, 255, 255, 255, 255, 255, 255, 255,  // buyer
      2, 0, 0, 0, 0, 0, 0, 0,  // merchant
      3, 0, 0, 0, 0, 0, 0, 0,  // order
      4, 0, 0, 0, 0, 0, 0, 0,  // claim
      251, 255, 255, 255, 255, 255, 255, 255,  // amount −5
      0x01, 0xf1, 0x53, 0x65, 7, 0, 0, 0,  // at, and when the claim was opened
      7, 5, 0, 0, 0, 0, 0, 0,  // withdrawn, wrong item
      0, 0, 0, 0, 0, 0, 0, 0,
    ]
    #expect(bytes == expected)
  }

  @Test func bytesThatAreNoCommandAreRefused() {
    var bytes: [UInt8] = []
    CommandCoding.append(Self.command(.compensated), to: &bytes)
    #expect(CommandCoding.decode(bytes, at: 1) == nil, "truncated")
    for (index, value) in [(64, 0), (64, 10), (67, 1), (72, 1)] as [(Int, UInt8)] {
      var broken = bytes
      broken[index] = value
      #expect(CommandCoding.decode(broken, at: 0) == nil, "byte \(index) = \(value)")
    }
    for (what, first, second) in [(2, 2, 0), (3, 0, 1), (3, 1, 3), (5, 3, 1), (6, 1, 4), (8, 5, 0)]
      as [(UInt8, UInt8, UInt8)]
    {
      var broken = bytes
      (broken[64], broken[65], broken[66]) = (what, first, second)
      #expect(CommandCoding.decode(broken, at: 0) == nil, "\(what) \(first) \(second)")
    }
  }
}
