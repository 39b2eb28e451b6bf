import BenchmarkMachine
import IntegrityCore
import ProbityWire

/// A Record request, encoded once. What changes from one sending to the next has
/// fixed width and is put in place: about 20 ns a command, checksum included.
@safe struct RecordTemplate: @unchecked Sendable {
  /// Where a command's numbers stand in the frame.
  private struct Places {
    var sequence = 0
    var buyer = 0
    var merchant = 0
    var order = 0
  }

  // Safe: written in `init` alone, for as long as the process lives.
  private let frame: UnsafeMutableRawPointer
  private let places: UnsafeMutablePointer<Places>
  private let commandCount: Int
  let sizeBytes: Int

  /// Behind the tag of the first field, which is the source.
  private static let sourceOffset = FrameHeader.sizeBytes + 1

  init(_ events: [Event]) throws(SocketFailure) {
    let commands = events.enumerated().map {
      Command(source: 1, sequence: UInt64($0.offset + 1), event: $0.element)
    }
    var sink = ByteArraySink()
    Codec().encodeRecordRequest(commands, Codec.Call(stream: 1), to: &sink)
    commandCount = commands.count
    sizeBytes = sink.bytes.count
    unsafe frame = .allocate(byteCount: sizeBytes, alignment: 64)
    unsafe frame.copyMemory(from: sink.bytes, byteCount: sizeBytes)
    unsafe places = .allocate(capacity: commandCount)
    for (index, place) in try Self.places(in: sink.bytes).enumerated() {
      unsafe (places + index).initialize(to: place)
    }
  }

  /// Writes the request as the `batch`th of `source`, from 0: sequences follow from
  /// that, orders from the sequences, buyers from `buyers`.
  @inline(__always)
  func write(
    to space: UnsafeMutableRawPointer, stream: UInt32, source: UInt64, batch: UInt64,
    buyers: inout AccountChoice, merchantCount: UInt64, _ random: inout SeededGenerator
  ) {
    unsafe space.copyMemory(from: frame, byteCount: sizeBytes)
    unsafe store(source, space, Self.sourceOffset)
    let before = batch &* UInt64(commandCount)
    for index in 0..<commandCount {
      // Safe: as many places as commands, each found within the frame.
      let place = unsafe places[index]
      let sequence = before &+ UInt64(index) &+ 1
      unsafe store(sequence, space, place.sequence)
      unsafe store(buyers.next(), space, place.buyer)
      unsafe store(random.account(of: merchantCount), space, place.merchant)
      unsafe store(source &+ sequence, space, place.order)
    }
    let header = FrameHeader(
      type: .request, flags: .end, stream: stream, code: Method.record.rawValue,
      payloadBytes: UInt32(sizeBytes - FrameHeader.sizeBytes))
    unsafe header.seal(UnsafeMutableRawBufferPointer(start: space, count: sizeBytes))
  }

  @inline(__always)
  private func store(_ value: UInt64, _ space: UnsafeMutableRawPointer, _ offset: Int) {
    unsafe space.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
  }

  // MARK: Finding the places

  /// Walks the message: fixed64 1 = source, then messages 2 = commands, in which
  /// fixed64 1, 4, 5, 6 = sequence, buyer, merchant, order.
  private static func places(in bytes: [UInt8]) throws(SocketFailure) -> [Places] {
    var found: [Places] = []
    var at = sourceOffset + 8
    while at < bytes.count {
      guard bytes[at] == 2 << 3 | 2 else { throw unexpected(bytes[at]) }
      at += 1
      let sizeBytes = varint(bytes, &at)
      found.append(try commandPlaces(bytes, at, end: at + sizeBytes))
      at += sizeBytes
    }
    return found
  }

  private static func commandPlaces(
    _ bytes: [UInt8], _ start: Int, end: Int
  ) throws(SocketFailure) -> Places {
    var places = Places()
    var at = start
    while at < end {
      let tag = bytes[at]
      at += 1
      switch (tag >> 3, tag & 7) {
      case (1, 1): places.sequence = at
      case (4, 1): places.buyer = at
      case (5, 1): places.merchant = at
      case (6, 1): places.order = at
      default: break
      }
      switch tag & 7 {
      case 0: _ = varint(bytes, &at)
      case 1: at += 8
      default: throw unexpected(tag)
      }
    }
    guard places.sequence > 0, places.buyer > 0, places.merchant > 0, places.order > 0 else {
      throw SocketFailure(reason: "a command without its numbers")
    }
    return places
  }

  private static func varint(_ bytes: [UInt8], _ at: inout Int) -> Int {
    var value = 0
    var shift = 0
    while bytes[at] & 0x80 != 0 {
      value |= Int(bytes[at] & 0x7f) << shift
      shift += 7
      at += 1
    }
    value |= Int(bytes[at]) << shift
    at += 1
    return value
  }

  private static func unexpected(_ tag: UInt8) -> SocketFailure {
    SocketFailure(reason: "tag \(tag) in an encoded Record: the encoding has changed")
  }
}
