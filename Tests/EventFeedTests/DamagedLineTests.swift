import EventFeed
import IntegrityCore
import Testing

/// Lines as a broken pipe, a broken disk or somebody with intent leaves them.
struct DamagedLineTests {
  private let writer = EventLineWriter()

  @Test("Every truncation of a line is refused", arguments: [11, 12] as [UInt64])
  func truncations(seed: UInt64) throws {
    var events = GeneratedEvents(seed: seed)
    for _ in 0..<100 {
      let line = Array(writer.line(events.next()).utf8)
      for length in line.indices {
        let isRefused = (try? parser.parse(line.span.extracting(first: length), number: 1)) == nil
        try #require(isRefused, "seed \(seed): \(length) bytes of \(line)")
      }
    }
  }

  /// A damaged line may by chance say something else that is right; then its
  /// canonical line says the same. Nothing else but a fault may come of it.
  @Test("Random damage gives a fault or an event, never a trap", arguments: [21, 22] as [UInt64])
  func mutations(seed: UInt64) throws {
    var events = GeneratedEvents(seed: seed)
    var generator = SeededGenerator(seed: seed)
    let tokens = Array("{}[]\",:\\u0dD8eE+-.tfn 19/".utf8) + [0x00, 0x80, 0xc3, 0xed, 0xff]
    var refusedCount = 0
    for _ in 0..<20_000 {
      var line = Array(writer.line(events.next()).utf8)
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let at = Int.random(in: line.indices, using: &generator)
        let token = tokens[Int.random(in: tokens.indices, using: &generator)]
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: line[at] = token
        case 1: line.insert(token, at: at)
        case 2: line.remove(at: at)
        case 3: line[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        default: line.insert(contentsOf: line[at...].prefix(12), at: at)
        }
      }
      guard let parsed = try? parser.parse(line.span, number: 1) else {
        refusedCount += 1
        continue
      }
      let again = try parser.parse(writer.line(parsed.event), number: 1)
      try #require(again.event == parsed.event, "seed \(seed): \(line)")
    }
    #expect(refusedCount > 10_000)
  }

  @Test("Random bytes are refused")
  func noise() {
    var generator = SeededGenerator(seed: 31)
    for _ in 0..<5_000 {
      let length = Int.random(in: 0..<100, using: &generator)
      let line = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      #expect(throws: FeedFault.self) { try parser.parse(line.span, number: 1) }
    }
  }
}
