import ProbityWire
import Testing

@Suite("Frames")
struct FrameTests {
  /// Every field has bytes of its own. The checksum was computed by another
  /// implementation: Tests/EndToEnd/probity_client.py.
  static let literal: [UInt8] = [
    0x03, 0x00, 0x00, 0x00, 0x04, 0x03, 0x02, 0x01, 0x02, 0x05, 0x07, 0x06, 0x0b, 0x0a, 0x09, 0x08,
    0xe9, 0x9f, 0xb7, 0xeb, 0x61, 0x62, 0x63,
  ]

  static let literalHeader = FrameHeader(
    type: .request, flags: [.end, .notExecuted], stream: 0x0102_0304, code: 0x0607,
    time: 0x0809_0a0b, payloadBytes: 3)

  @Test("header layout, as byte literals")
  func layout() {
    #expect(Self.literalHeader.frame(Array("abc".utf8)) == Self.literal)
    #expect(scan(Self.literal) == .frame(Self.literalHeader))
  }

  @Test("a frame without payload is its header")
  func empty() {
    var sink = ByteSink()
    FrameHeader(type: .cancel, stream: 4).write(to: &sink)
    #expect(sink.bytes.count == FrameHeader.sizeBytes)
    #expect(scan(sink.bytes) == .frame(FrameHeader(type: .cancel, stream: 4)))
  }

  @Test("every truncation is incomplete and says how much is needed")
  func truncations() {
    for count in 0..<Self.literal.count {
      let need = count < 4 ? FrameHeader.sizeBytes : Self.literal.count
      #expect(
        scan(Array(Self.literal[..<count])) == .incomplete(needBytes: need), "\(count) bytes")
    }
  }

  @Test("every flipped bit is a fault; a longer length first waits for its bytes")
  func flippedBits() {
    for bit in 0..<Self.literal.count * 8 {
      var bytes = Self.literal
      bytes[bit / 8] ^= 1 << (bit % 8)
      if case .incomplete(let need) = scan(bytes) {
        #expect(bit < 32, "only a length can ask for more, not bit \(bit)")
        bytes += Array(repeating: 0, count: need - bytes.count)
      }
      switch scan(bytes) {
      case .fault(.checksum): break
      case .fault(.oversized): #expect(bit < 32)
      case let other: Issue.record("bit \(bit): \(other)")
      }
    }
  }

  @Test("every flip of two bits is a fault", arguments: [21])
  func flippedPairs(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<5_000 {
      let first = 32 + generator.below((Self.literal.count - 4) * 8)
      let second = 32 + generator.below((Self.literal.count - 4) * 8)
      if first == second { continue }
      var bytes = Self.literal
      bytes[first / 8] ^= 1 << (first % 8)
      bytes[second / 8] ^= 1 << (second % 8)
      #expect(scan(bytes) == .fault(.checksum), "seed \(seed): bits \(first) and \(second)")
    }
  }

  @Test(
    "a length over the limit is a fault as soon as it is there", arguments: [0, 4_096, 4 << 20])
  func oversized(max: UInt32) {
    #expect(scan(littleEndian(max), payloadBytesMax: max) == .incomplete(needBytes: 20 + Int(max)))
    for length in [max + 1, max + 2, .max] {
      let expected = FrameScan.fault(.oversized(payloadBytes: length, max: max))
      #expect(scan(littleEndian(length), payloadBytesMax: max) == expected)
      #expect(scan(littleEndian(length).dropLast() + [], payloadBytesMax: max) != expected)
    }
  }

  @Test("the largest payload passes")
  func largest() {
    let payload = [UInt8](repeating: 7, count: Int(ProtocolLimits.payloadBytesMax))
    let frame = rawFrame(type: 7, payload: payload)
    #expect(scan(frame) == .frame(FrameHeader(type: .ping, payloadBytes: 4 << 20)))
  }

  @Test("types other than 1 to 9 are unknown, and only if intact")
  func types() {
    for type in UInt8.min...UInt8.max {
      let frame = rawFrame(type: type)
      let scanned = scan(frame)
      if let known = FrameType(rawValue: type) {
        #expect((1...9).contains(type))
        #expect(scanned == .frame(FrameHeader(type: known)))
      } else {
        #expect(scanned == .fault(.unknownType(type)))
      }
      var damaged = frame
      damaged[16] ^= 1
      #expect(scan(damaged) == .fault(.checksum))
    }
  }

  @Test("unknown flag bits are no fault and keep the known ones")
  func unknownFlags() throws {
    let header = try #require(frameHeader(of: rawFrame(type: 2, flags: 0xf9, stream: 1)))
    #expect(header.flags.contains(.end))
    #expect(!header.flags.contains(.details))
    #expect(!header.flags.contains(.notExecuted))
  }

  @Test("what follows a frame does not matter to it", arguments: [22])
  func trailing(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for count in 1..<64 {
      let scanned = scan(Self.literal + generator.bytes(count))
      #expect(scanned == .frame(Self.literalHeader), "seed \(seed)")
    }
  }

  @Test("frames follow one another in a sink without gaps")
  func sequence() {
    var sink = ByteSink()
    FrameHeader(type: .pong).write(to: &sink)
    FrameHeader(type: .ping).write(to: &sink)
    #expect(sink.bytes == rawFrame(type: 8) + rawFrame(type: 7))
  }

  @Test("random bytes are never a frame", arguments: [23])
  func randomBytes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      var bytes = generator.bytes(20 + generator.below(20))
      // A short length, or nothing but "incomplete" would be tested.
      bytes.replaceSubrange(0..<4, with: littleEndian(UInt32(generator.below(21))))
      if case .frame = scan(bytes) { Issue.record("seed \(seed): \(bytes)") }
    }
  }
}
