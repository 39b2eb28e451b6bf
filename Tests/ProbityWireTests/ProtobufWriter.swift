/// Protocol Buffers by hand, field by field: also such as no encoder writes.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  static func message(_ body: (inout ProtobufWriter) -> Void) -> [UInt8] {
    var writer = ProtobufWriter()
    body(&writer)
    return writer.bytes
  }

  mutating func varint(_ field: Int, _ value: UInt64) {
    rawVarint(UInt64(field) << 3)
    rawVarint(value)
  }

  mutating func fixed64(_ field: Int, _ value: UInt64) {
    rawVarint(UInt64(field) << 3 | 1)
    bytes += littleEndian(value)
  }

  mutating func fixed32(_ field: Int, _ value: UInt32) {
    rawVarint(UInt64(field) << 3 | 5)
    bytes += littleEndian(value)
  }

  mutating func bytes(_ field: Int, _ value: [UInt8]) {
    rawVarint(UInt64(field) << 3 | 2)
    rawVarint(UInt64(value.count))
    bytes += value
  }

  mutating func text(_ field: Int, _ value: String) { bytes(field, Array(value.utf8)) }

  mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
    bytes(field, Self.message(body))
  }

  mutating func rawVarint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
