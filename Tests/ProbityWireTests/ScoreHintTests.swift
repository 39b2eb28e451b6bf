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

  /// Looks at frame after frame, until there is no whole one.
  private static func hints(_ bytes: [UInt8]) -> (accounts: [AccountKey], bytes: Int) {
    var accounts: [AccountKey] = []
    var offset = 0
    unsafe bytes.withUnsafeBytes { pointer in
      while let frame = unsafe ScoreHint.frame(in: pointer, at: offset) {
        if let account = frame.account { accounts.append(account) }
        offset += frame.sizeBytes
      }
    }
    return (accounts, offset)
  }

  @Test("the accounts of all Score calls, and of no other frame")
  func accounts() {
    let found = Self.hints(Self.frames)
    #expect(found.accounts == Self.keys)
    #expect(found.bytes == Self.frames.count)
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
