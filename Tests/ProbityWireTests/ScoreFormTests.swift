import IntegrityCore
import IntegrityPolicy
import ProbityWire
import Testing

/// The hand-written forms against the C codec.
@Suite("Score by hand")
struct ScoreFormTests {
  /// What a decoder makes of bytes: the request, or the failure.
  private func outcome(
    _ bytes: [UInt8],
    _ decode: (UnsafeRawBufferPointer) throws(CallFailure) -> AccountRequest
  ) -> Result<AccountRequest, CallFailure> {
    unsafe bytes.withUnsafeBytes { pointer in
      do throws(CallFailure) {
        return .success(unsafe try decode(pointer))
      } catch {
        return .failure(error)
      }
    }
  }

  private func expectSame(_ bytes: [UInt8], _ codec: Codec, seed: UInt64) {
    let byHand = unsafe outcome(bytes) { bytes throws(CallFailure) in
      unsafe try codec.decodeScore(bytes)
    }
    let byLibrary = unsafe outcome(bytes) { bytes throws(CallFailure) in
      unsafe try codec.decodeAnyScore(bytes)
    }
    #expect(byHand == byLibrary, "\(bytes), seed \(seed)")
  }

  private static let ids: [UInt64] = [0, 1, 127, 128, 1 << 32, 0x1122_3344_5566_7788, .max]
  private static let times: [UInt32] = [0, 1, 1_767_225_600, .max]

  private func canonical(_ id: UInt64, kind: UInt8, asOf: UInt64) -> [UInt8] {
    let head = [0x09] + littleEndian(id) + [0x10, kind]
    return asOf == 0 ? head : head + [0x19] + littleEndian(asOf)
  }

  @Test("what encoders write is read as the C codec reads it")
  func canonicalRequests() {
    let codec = Codec()
    for id in Self.ids {
      for time in Self.times.map(UInt64.init) + [1 << 32, .max] {
        for kind in [0, 1, 2, 3, 127, 128, 255] as [UInt8] {
          expectSame(canonical(id, kind: kind, asOf: time), codec, seed: 0)
        }
      }
    }
    // And what ours writes is of that form: nothing of the above is read in vain.
    let request = AccountRequest(
      account: AccountKey(.merchant, AccountID(42)), asOf: UnixSeconds(1_767_225_600))
    let frame = codec.frames { $0.encodeScoreRequest(request, .init(stream: 1), to: &$1) }
    #expect(
      Array(frame[FrameHeader.sizeBytes...]) == canonical(42, kind: 2, asOf: 1_767_225_600))
  }

  @Test("so is what others might: cut off, with bits turned, fields swapped, doubled, unknown")
  func otherRequests() {
    let codec = Codec()
    let seed = UInt64.random(in: 0 ... .max)
    var random = ByteSource(state: seed)
    for id in Self.ids {
      let whole = canonical(id, kind: 1, asOf: 1_767_225_600)
      for count in 0...whole.count { expectSame(Array(whole[..<count]), codec, seed: seed) }
      for bit in 0..<(whole.count * 8) {
        var turned = whole
        turned[bit / 8] ^= 1 << UInt8(bit % 8)
        expectSame(turned, codec, seed: seed)
        expectSame(Array(turned[..<11]), codec, seed: seed)
      }
      let (account, kind, time) = (whole[..<9], whole[9..<11], whole[11...])
      let unknown: ArraySlice<UInt8> = [0x20, 0x05]
      let orders: [[ArraySlice<UInt8>]] = [
        [kind, account], [kind, account, time], [time, kind, account], [account, time, kind],
        [account, kind, kind], [account, kind, account], [account, kind, time, time],
        [account, kind, unknown], [unknown, account, kind], [account], [kind], [time],
      ]
      for fields in orders { expectSame(fields.flatMap { $0 }, codec, seed: seed) }
    }
    for _ in 0..<20_000 {
      var bytes = canonical(random.next(), kind: UInt8(random.next() % 3), asOf: random.next() % 3)
      for _ in 0..<(random.next() % 3) {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      expectSame(bytes, codec, seed: seed)
    }
  }

  @Test("replies are the C codec's, byte for byte")
  func replies() throws {
    let codec = Codec()
    let seed = UInt64.random(in: 0 ... .max)
    var random = ByteSource(state: seed)
    let policy = PolicyDocument.standard.policy
    let rules = EvidenceRules(schema: .standard, policy: policy)
    var reasonCounts: Set<Int> = []
    for round in 0..<5_000 {
      let now = UnixSeconds(1_760_000_000 + UInt32(random.next() % 10_000_000))
      let record = Self.record(round, rules, now, &random)
      let clock = DecayClock(.standard, now: now)
      let judgement = policy.judge(record, at: clock)
      reasonCounts.insert(judgement.reasons.count)
      let basis = JudgementBasis(
        asOf: round % 7 == 0 ? .zero : now,
        logPosition: LogPosition(round % 5 == 0 ? 0 : random.next()),
        policyVersion: round % 3 == 0
          ? 0 : UInt32(truncatingIfNeeded: random.next() >> (random.next() % 32)),
        policyHash: round % 4 == 0 ? 0 : random.next(), isDegraded: round % 2 == 0)
      let isKnown = random.next() % 2 == 0
      let stream = UInt32(truncatingIfNeeded: random.next())
      let byHand = codec.frames {
        $0.encodeScore(judgement, isKnown: isKnown, basis, stream: stream, to: &$1)
      }
      let byLibrary = codec.frames {
        $0.encodeScoreByLibrary(judgement, isKnown: isKnown, basis, stream: stream, to: &$1)
      }
      try #require(byHand == byLibrary, "round \(round), seed \(seed)")
    }
    #expect(reasonCounts.isSuperset(of: [1, 2, 3, 4]), "the cases must differ: \(reasonCounts)")
  }

  /// A stranger, or an account with up to a hundred events of all kinds.
  private static func record(
    _ round: Int, _ rules: EvidenceRules, _ now: UnixSeconds, _ random: inout ByteSource
  ) -> AccountRecord {
    var buyer = AccountRecord(AccountKey(.buyer, AccountID(1)))
    var merchant = AccountRecord(AccountKey(.merchant, AccountID(2)))
    let details = Sample.everyDetail
    let chosen = details[Int(random.next() % UInt64(details.count))]
    for _ in 0..<(random.next() % 100) {
      let isSettled = random.next() % 2 == 0
      let event = Event(
        at: UnixSeconds(now.rawValue - UInt32(random.next() % 20_000_000)),
        buyer: buyer.id, merchant: merchant.id, amount: Minor(Int64(random.next() % 100_000)),
        detail: isSettled
          ? .settled(orderedAt: .zero)
          : random.next() % 2 == 0 ? chosen : details[Int(random.next() % UInt64(details.count))])
      rules.apply(event, buyer: &buyer, merchant: &merchant)
    }
    return round & 1 == 0 ? buyer : merchant
  }
}

/// SplitMix64. Source: Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, OOPSLA 2014.
struct ByteSource {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &+ 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
