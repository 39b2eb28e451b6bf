import IntegrityCore
import ProbityWire
import Testing

@Suite("Hints")
struct ScoreHintTests {
  private static let keys = [
    AccountKey(.buyer, AccountID(1)), AccountKey(.merchant, AccountID(0xfedc_ba98_7654_3210)),
    AccountKey(.buyer, AccountID(.max)),
  ]

  /// Score of each key, with a PING and a Health between them.
  private static let frames = Codec().frames { codec, sink in
    for (index, key) in keys.enumerated() {
      let call = Codec.Call(stream: UInt32(2 * index + 1))
      codec.encodeScoreRequest(AccountRequest(account: key, asOf: nil), call, to: &sink)
      FrameHeader(type: .ping).write(to: &sink)
      codec.encodeHealthRequest(
        service: "a name of some length", Codec.Call(stream: call.stream + 1), to: &sink)
    }
  }

  private static func hints(
    _ bytes: [UInt8], countMax: Int = 16
  ) -> (accounts: [AccountKey], bytes: Int) {
    var accounts: [AccountKey] = []
    let count = unsafe bytes.withUnsafeBytes {
      unsafe ScoreHint.accounts(in: $0, countMax: countMax) { accounts.append($0) }
    }
    return (accounts, count)
  }

  @Test("the accounts of all Score calls, and of no other frame")
  func accounts() {
    let found = Self.hints(Self.frames)
    #expect(found.accounts == Self.keys)
    #expect(found.bytes == Self.frames.count)
  }

  @Test("ends behind the last call that is wanted")
  func limit() {
    let found = Self.hints(Self.frames, countMax: 2)
    #expect(found.accounts == Array(Self.keys[..<2]))
    #expect(found.bytes < Self.frames.count)
    #expect(Self.hints(Array(Self.frames[found.bytes...])).accounts == [Self.keys[2]])
  }

  @Test("a cut-off frame is left for the next read")
  func truncations() {
    for count in Self.frames.indices {
      let found = Self.hints(Array(Self.frames[..<count]))
      #expect(found.bytes <= count)
      #expect(found.accounts == Array(Self.keys.prefix(found.accounts.count)))
    }
  }

  @Test("any flipped bit is borne")
  func flippedBits() {
    for bit in 0..<(Self.frames.count * 8) {
      var bytes = Self.frames
      bytes[bit / 8] ^= 1 << (bit % 8)
      #expect(Self.hints(bytes).bytes <= bytes.count)
    }
  }
}
