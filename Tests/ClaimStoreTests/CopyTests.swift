import ClaimStore
import IntegrityCore
import Testing

@Suite("Copies of records")
struct CopyTests {
  private static func record(_ id: UInt64) -> ClaimRecord {
    let claim = Claim(
      id: ClaimID(id), buyer: AccountID(1 + id % 3), merchant: AccountID(9), openedAt: .zero,
      amount: Minor(5), kind: .quality, allegation: .defective)
    var record = ClaimRecord(claim, position: id, appliedAt: .zero)
    record.outcome = .decline
    record.firstOutcome = .decline
    return record
  }

  /// Copies in pieces of three; between two of them `meanwhile` is called with their number.
  private static func copy(
    _ claims: inout ClaimTable, _ meanwhile: (inout ClaimTable, Int) -> Void
  ) throws -> ClaimTable {
    claims.beginCopy()
    var loaded = ClaimTable(seed: 8)
    var piece = 0
    while claims.copyBacklog > 0 {
      var bytes: [UInt8] = []
      if claims.copyNext(countMax: 3, into: &bytes) == nil { break }
      try loaded.load(bytes)
      meanwhile(&claims, piece)
      piece += 1
    }
    claims.endCopy()
    try loaded.finishLoad(first: claims.first, next: claims.next)
    return loaded
  }

  @Test(
    "what is forgotten before its turn to be copied is missed by nobody",
    arguments: [0, 1, 2, 9, 10, 19, 20])
  func forgottenMeanwhile(count: Int) throws {
    var claims = ClaimTable(seed: 7)
    for id in UInt64(1)...20 { _ = claims.append(Self.record(id)) }
    let loaded = try Self.copy(&claims) { claims, piece in
      if piece == 1 { for _ in 0..<count { claims.forgetOldest() } }
    }
    let (hash, expected) = (loaded.hashSum, claims.hashSum)
    let (first, end) = (loaded.first, loaded.next)
    #expect(hash == expected && first == UInt32(count) && end == 20)
  }

  @Test("what changes and comes meanwhile is in the copy", arguments: [UInt64(1), 2, 3, 4])
  func changedMeanwhile(seed: UInt64) throws {
    var random = SplitMix(seed)
    var claims = ClaimTable(seed: 7)
    for id in UInt64(1)...40 { _ = claims.append(Self.record(id)) }
    var id: UInt64 = 40
    let loaded = try Self.copy(&claims) { claims, piece in
      if piece > 60 { return }
      if random.next() % 3 == 0 { claims.forgetOldest() }
      if random.next() % 3 == 0 {
        id += 1
        _ = claims.append(Self.record(id))
      }
      if claims.count == 0 { return }
      let number = claims.first + UInt32(random.next() % UInt64(claims.count))
      claims.update(number) { $0.verdict = .rejected }
    }
    let (hash, expected) = (loaded.hashSum, claims.hashSum)
    #expect(hash == expected)
  }

  @Test("a copy with a record left out, or of a number that is none, is refused")
  func leftOut() throws {
    var claims = ClaimTable(seed: 7)
    for id in UInt64(1)...6 { _ = claims.append(Self.record(id)) }
    claims.beginCopy()
    var first: [UInt8] = []
    var second: [UInt8] = []
    _ = claims.copyNext(countMax: 2, into: &first)
    _ = claims.copyNext(countMax: 2, into: &second)
    var third: [UInt8] = []
    _ = claims.copyNext(countMax: 2, into: &third)
    func fault(_ pieces: [[UInt8]]) -> ClaimLoadFault? {
      var loaded = ClaimTable(seed: 8)
      do throws(ClaimLoadFault) {
        for piece in pieces { try loaded.load(piece) }
        try loaded.finishLoad(first: 0, next: 6)
        return nil
      } catch {
        return error
      }
    }
    #expect(fault([first, second, third]) == nil)
    #expect(fault([first, third]) != nil && fault([second, third]) != nil)
    #expect(fault([first, second]) == .numberLeftOut(4))
    #expect(fault([first, second, third, first]) == nil, "copied again, as a change is")
    #expect(fault([Array(first.dropLast())]) == .partialRecord(byteCount: first.count - 1))
    #expect(fault([[UInt8](repeating: 255, count: 120)]) == .numberOutOfRange)
  }
}
