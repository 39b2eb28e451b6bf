import CProbityMessages
import CProtobufC
import IntegrityCore

/// Why a HELLO was not accepted.
public enum HelloFault: Error, Equatable, Sendable {
  case wrongMagic
  case wrongVersion(UInt16)
  case malformed

  public var message: String {
    switch self {
    case .wrongMagic: "this is not a Probity HELLO: its payload must start with \"PRBY\""
    case .wrongVersion(let version):
      "protocol version \(version) is not spoken here: use version \(ProtocolLimits.version)"
    case .malformed: "the HELLO's message is not a probity.v1.Hello"
    }
  }
}

/// HELLO and GOAWAY, both ways.
extension Codec {
  public func encodeHello<Sink: FrameSink>(_ hello: Hello, to sink: inout Sink) {
    arena.reset()
    var m = unsafe Probity__V1__Hello()
    unsafe probity__v1__hello__init(&m)
    unsafe m.schema_hash = hello.schemaHash
    unsafe m.payload_bytes_max = hello.payloadBytesMax
    unsafe m.in_flight_max = hello.inFlightMax
    unsafe m.agent = unsafe arena.string(hello.agent) ?? m.agent
    var token = hello.token
    unsafe token.withUnsafeMutableBufferPointer { token in
      unsafe m.token = unsafe ProtobufCBinaryData(len: token.count, data: token.baseAddress)
      unsafe writeHello(&m, to: &sink)
    }
  }

  private func writeHello<Sink: FrameSink>(_ m: inout Probity__V1__Hello, to sink: inout Sink) {
    let prefix = ProtocolLimits.helloPrefixBytes
    let size = unsafe probity__v1__hello__get_packed_size(&m)
    let header = FrameHeader(type: .hello, payloadBytes: UInt32(prefix + size))
    unsafe header.write(to: &sink) { payload in
      unsafe payload.copyBytes(from: ProtocolLimits.magic)
      unsafe payload.storeBytes(
        of: ProtocolLimits.version.littleEndian, toByteOffset: 4, as: UInt16.self)
      unsafe payload.storeBytes(of: 0, toByteOffset: 6, as: UInt16.self)
      guard let start = payload.baseAddress else { return }
      // Safe: the payload has exactly prefix + packed size.
      _ = unsafe probity__v1__hello__pack(&m, (start + prefix).assumingMemoryBound(to: UInt8.self))
    }
  }

  public func decodeHello(_ bytes: UnsafeRawBufferPointer) throws(HelloFault) -> Hello {
    guard unsafe bytes.prefix(4).elementsEqual(ProtocolLimits.magic) else { throw .wrongMagic }
    if bytes.count < ProtocolLimits.helloPrefixBytes { throw .malformed }
    let version = unsafe UInt16(
      littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
    if version != ProtocolLimits.version { throw .wrongVersion(version) }
    let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[ProtocolLimits.helloPrefixBytes...])
    guard let m = unsafe try? unpack(rest, "Hello", probity__v1__hello__unpack).pointee else {
      throw .malformed
    }
    let token = unsafe UnsafeBufferPointer(start: m.token.data, count: m.token.len)
    return unsafe Hello(
      schemaHash: m.schema_hash, payloadBytesMax: m.payload_bytes_max, inFlightMax: m.in_flight_max,
      token: Array(token), agent: text(m.agent, bytesMax: 128))
  }

  public func encodeGoAway<Sink: FrameSink>(_ goAway: GoAway, to sink: inout Sink) {
    arena.reset()
    var m = unsafe Probity__V1__GoAway()
    unsafe probity__v1__go_away__init(&m)
    unsafe m.last_stream = goAway.lastStream
    unsafe m.status = UInt32(goAway.status.rawValue)
    unsafe m.message = unsafe arena.string(goAway.message) ?? m.message
    unsafe write(FrameHeader(type: .goAway), &m, to: &sink)
  }

  public func decodeGoAway(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> GoAway {
    let m = unsafe try unpack(bytes, "GoAway", probity__v1__go_away__unpack).pointee
    return unsafe GoAway(
      lastStream: m.last_stream,
      status: UInt16(exactly: m.status).flatMap(StatusCode.init) ?? .unknown,
      message: text(m.message))
  }
}
