import IntegrityCore
import ProbityWire
import Testing

@Suite("Events on the wire")
struct EventCodingTests {
  static let wireTypes: [(number: UInt64, name: String)] = [
    (1, "SETTLED"), (2, "PICKED_UP"), (3, "CANCELLED"), (4, "TRACKING_INVALID"),
    (5, "SCANNED_BEFORE_ORDER"), (6, "WRONG_DESTINATION"), (7, "EMPTY_PARCEL"),
    (8, "CLAIM_OPENED"), (9, "CLAIM_DECIDED"), (10, "CLAIM_WITHDRAWN"), (11, "RETURN_INSPECTED"),
    (12, "COMPENSATED"),
  ]

  /// One of each type: the fields that it sets, by number, besides the common ones.
  static let golden: [(EventDetail, type: UInt64, fields: [(Int, UInt64)])] = [
    (.settled(orderedAt: UnixSeconds(5)), 1, [(9, 5)]),
    (.pickedUp(late: true), 2, [(10, 1)]),
    (.cancelled(by: .merchant, cause: .outOfStock), 3, [(11, 2), (12, 1)]),
    (.carrierProof(.trackingInvalid), 4, []),
    (.carrierProof(.scannedBeforeOrder), 5, []),
    (.carrierProof(.wrongDestination), 6, []),
    (.carrierProof(.emptyParcel), 7, []),
    (.claimOpened(.nonQuality, .changedMind), 8, [(13, 2), (14, 6)]),
    (.claimDecided(.quality, .abuse), 9, [(13, 1), (15, 3)]),
    (.claimWithdrawn(openedAt: UnixSeconds(6), .wrongItem), 10, [(9, 6), (14, 5)]),
    (.returnInspected(.swapped), 11, [(16, 4)]),
    (.compensated, 12, []),
  ]

  /// The message of `Sample.command`, by the field numbers of the .proto.
  static func written(type: UInt64, fields: [(Int, UInt64)]) -> [UInt8] {
    ProtobufWriter.message {
      $0.fixed64(1, 9)
      $0.message(2) {
        $0.fixed64(1, 1)
        $0.varint(2, type)
        $0.fixed64(3, UInt64(Sample.newYear.rawValue))
        $0.fixed64(4, 7)
        $0.fixed64(5, 42)
        $0.fixed64(6, 1_001)
        $0.fixed64(7, 77)
        $0.varint(8, 12_900)
        for (field, value) in fields {
          if field == 9 { $0.fixed64(9, value) } else { $0.varint(field, value) }
        }
      }
    }
  }

  @Test("each type has its number and its fields", arguments: golden.indices)
  func goldenTypes(index: Int) throws {
    let (detail, type, fields) = Self.golden[index]
    let payload = Self.written(type: type, fields: fields)
    let codec = Codec()
    #expect(try codec.decodeRecord(payload) == [Sample.command(detail)])
    let frame = codec.frames {
      $0.encodeRecordRequest([Sample.command(detail)], .init(stream: 1), to: &$1)
    }
    #expect(Array(frame[FrameHeader.sizeBytes...]) == payload)
  }

  @Test("every event there can be comes back as it went")
  func everyDetail() throws {
    let codec = Codec()
    let commands = Sample.everyDetail.enumerated().map {
      Sample.command($1, sequence: UInt64($0 + 1))
    }
    #expect(commands.count == 45)
    let frame = codec.frames { $0.encodeRecordRequest(commands, .init(stream: 1), to: &$1) }
    #expect(try codec.decodeRecord(payload(of: frame)) == commands)
  }

  @Test("fields that a type does not name are ignored, even where they are impossible")
  func ignoredFields() throws {
    let nonsense = (10...16).map { ($0, UInt64(200)) } + [(9, UInt64.max)]
    let payload = Self.written(type: 12, fields: nonsense)
    let commands = try Codec().decodeRecord(payload)
    #expect(commands == [Sample.command(.compensated)])
  }

  @Test(
    "amounts cross the wire unjudged",
    arguments: [Int64.min, -1, 0, 1, Minor.eventMax.rawValue, .max])
  func amounts(amount: Int64) throws {
    let codec = Codec()
    let command = Sample.command(.compensated, amount: amount)
    let frame = codec.frames { $0.encodeRecordRequest([command], .init(stream: 1), to: &$1) }
    #expect(try codec.decodeRecord(payload(of: frame)) == [command])
  }
}
