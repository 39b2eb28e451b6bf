import EventFeed
import IntegrityCore
import Testing

let parser = EventLineParser(latest: GeneratedEvents.latest)

struct EventLineParserTests {
  private static let at = UnixSeconds(1_519_905_600)
  private static let accounts = #""at":"2018-03-01T12:00:00Z","buyer":1,"merchant":2"#

  private static func event(_ detail: EventDetail) -> Event {
    Event(at: at, buyer: AccountID(1), merchant: AccountID(2), detail: detail)
  }

  private static let typesRows: [(own: String, detail: EventDetail)] = [
    (#""type":"settled""#, .settled(orderedAt: .zero)),
    (#""type":"settled","orderedAt":1519000000"#, .settled(orderedAt: .init(1_519_000_000))),
    (#""type":"pickedUp","late":true"#, .pickedUp(late: true)),
    (#""type":"pickedUp","late":false"#, .pickedUp(late: false)),
    (
      #""type":"cancelled","by":"buyer","cause":"outOfStock""#,
      .cancelled(by: .buyer, cause: .outOfStock)
    ),
    (
      #""type":"cancelled","by":"merchant","cause":"other""#,
      .cancelled(by: .merchant, cause: .other)
    ),
    (#""type":"trackingInvalid""#, .carrierProof(.trackingInvalid)),
    (#""type":"scannedBeforeOrder""#, .carrierProof(.scannedBeforeOrder)),
    (#""type":"wrongDestination""#, .carrierProof(.wrongDestination)),
    (#""type":"emptyParcel""#, .carrierProof(.emptyParcel)),
    (opened("quality", "notReceived"), .claimOpened(.quality, .notReceived)),
    (opened("nonQuality", "parcelEmpty"), .claimOpened(.nonQuality, .parcelEmpty)),
    (opened("quality", "defective"), .claimOpened(.quality, .defective)),
    (opened("quality", "notAsDescribed"), .claimOpened(.quality, .notAsDescribed)),
    (opened("quality", "wrongItem"), .claimOpened(.quality, .wrongItem)),
    (opened("quality", "changedMind"), .claimOpened(.quality, .changedMind)),
    (opened("quality", "other"), .claimOpened(.quality, .other)),
    (
      #""type":"claimDecided","claimKind":"quality","verdict":"upheld""#,
      .claimDecided(.quality, .upheld)
    ),
    (
      #""type":"claimDecided","claimKind":"nonQuality","verdict":"rejected""#,
      .claimDecided(.nonQuality, .rejected)
    ),
    (
      #""type":"claimDecided","claimKind":"quality","verdict":"abuse""#,
      .claimDecided(.quality, .abuse)
    ),
    (
      #""type":"claimWithdrawn","openedAt":"2018-02-23T00:26:40Z","allegation":"other""#,
      .claimWithdrawn(openedAt: .init(1_519_345_600), .other)
    ),
    (#""type":"returnInspected","condition":"asSold""#, .returnInspected(.asSold)),
    (#""type":"returnInspected","condition":"used""#, .returnInspected(.used)),
    (#""type":"returnInspected","condition":"empty""#, .returnInspected(.empty)),
    (#""type":"returnInspected","condition":"swapped""#, .returnInspected(.swapped)),
    (#""type":"compensated""#, .compensated),
  ]

  @Test("A line of every type, and every word of every enumeration", arguments: typesRows)
  func types(own: String, detail: EventDetail) throws {
    let parsed = try parser.parse("{\(own),\(Self.accounts)}", number: 1)
    #expect(parsed == ParsedLine(event: Self.event(detail)))
    // The order of fields is free.
    #expect(try parser.parse("{\(Self.accounts),\(own)}\r", number: 1) == parsed)
  }

  private static func opened(_ kind: String, _ allegation: String) -> String {
    #""type":"claimOpened","claimKind":"\#(kind)","allegation":"\#(allegation)""#
  }

  @Test("Every common field")
  func commonFields() throws {
    let line = """
      {"type":"compensated","at":1519905600,"buyer":"alice","merchant":"42","order":"A-1",\
      "claim":"\\u0041-1","amount":1000000000000,"source":18446744073709551615,"sequence":1}
      """
    let parsed = try parser.parse(line, number: 1)
    let order = try #require(AccountKeyText.id(of: "A-1"))
    #expect(parsed.event.at == Self.at)
    #expect(parsed.event.buyer == AccountKeyText.id(of: "alice"))
    #expect(parsed.event.merchant == AccountID(42))
    #expect(parsed.event.order == order.rawValue)
    #expect(parsed.event.claim == order.rawValue)
    #expect(parsed.event.amount == .eventMax)
    #expect(parsed.source == .max)
    #expect(parsed.sequence == 1)
  }

  private static let integers: [UInt64] = [
    1, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, .max - 1, .max,
  ]

  @Test("Integers are exact to the last of 64 bits", arguments: integers)
  func exactIntegers(number: UInt64) throws {
    let line = """
      {"type":"settled","at":1519905600,"buyer":\(number),"merchant":"\(number)",\
      "order":\(number),"claim":\(number),"source":\(number),"sequence":\(number)}
      """
    let parsed = try parser.parse(line, number: 1)
    #expect(parsed.event.buyer.rawValue == number)
    #expect(parsed.event.merchant.rawValue == number)
    #expect(parsed.event.order == number)
    #expect(parsed.event.claim == number)
    #expect(parsed.source == number)
    #expect(parsed.sequence == number)
  }

  @Test("A line of the greatest length is read, one byte more is refused")
  func longLines() throws {
    let line = "{\"type\":\"compensated\",\(Self.accounts)}"
    let padding = EventLineParser.lineBytesMax - line.utf8.count
    #expect(throws: Never.self) {
      try parser.parse(line + String(repeating: " ", count: padding), number: 1)
    }
    let fault = #expect(throws: FeedFault.self) {
      try parser.parse(line + String(repeating: " ", count: padding + 1), number: 9)
    }
    #expect(fault?.description == "line 9: has 65537 bytes: must be at most 65536")
  }
}
