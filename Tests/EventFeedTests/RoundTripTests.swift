import EventFeed
import IntegrityCore
import Testing

struct RoundTripTests {
  private let writer = EventLineWriter()

  @Test("Every event without fault comes back from its line", arguments: [1, 2, 3] as [UInt64])
  func events(seed: UInt64) throws {
    var events = GeneratedEvents(seed: seed)
    for count in 0..<3_000 {
      let event = events.next()
      let line = writer.line(event)
      let parsed = try parser.parse(line, number: count + 1)
      try #require(parsed == ParsedLine(event: event), "seed \(seed): \(line)")
    }
  }

  @Test("A line is refused exactly if its event has a fault", arguments: [4, 5, 6] as [UInt64])
  func faults(seed: UInt64) throws {
    var events = GeneratedEvents(seed: seed)
    var faultCount = 0
    for _ in 0..<5_000 {
      let event = events.nextAny()
      let line = writer.line(event)
      let fault = event.fault(latest: GeneratedEvents.latest)
      let parsed = try? parser.parse(line, number: 1)
      try #require((parsed == nil) == (fault != nil), "seed \(seed): \(line)")
      if fault != nil { faultCount += 1 }
    }
    #expect((1_000...4_500).contains(faultCount))
  }

  @Test("Source and sequence come back too")
  func commands() throws {
    var events = GeneratedEvents(seed: 7)
    let command = Command(source: .max, sequence: (1 << 53) + 1, event: events.next())
    let parsed = try parser.parse(writer.line(command), number: 1)
    #expect(parsed.event == command.event)
    #expect(parsed.source == command.source)
    #expect(parsed.sequence == command.sequence)
  }

  @Test("The canonical line has a fixed order of fields and leaves zeros out")
  func canonicalLines() {
    let full = Event(
      at: UnixSeconds(1_519_905_600), buyer: AccountID(.max), merchant: AccountID(2), order: 3,
      claim: 4, amount: Minor(500), detail: .claimOpened(.quality, .notAsDescribed))
    #expect(
      writer.line(Command(source: 6, sequence: 7, event: full)) == """
        {"type":"claimOpened","at":"2018-03-01T12:00:00Z","buyer":18446744073709551615,\
        "merchant":2,"order":3,"claim":4,"amount":500,"claimKind":"quality",\
        "allegation":"notAsDescribed","source":6,"sequence":7}
        """)
    let least = Event(
      at: UnixSeconds(946_684_800), merchant: AccountID(10), detail: .pickedUp(late: false))
    #expect(
      writer.line(least)
        == #"{"type":"pickedUp","at":"2000-01-01T00:00:00Z","merchant":10,"late":false}"#)
  }
}
