import Glibc
import IntegrityCore
import ProbityWire

/// One blocking connection to a daemon, one call at a time: for what comes before
/// a load.
final class DaemonSession {
  let address: ServerAddress
  /// What the daemon's HELLO said.
  private(set) var hello = Hello(
    schemaHash: 0, payloadBytesMax: 0, inFlightMax: 0, token: [], agent: "")
  private let descriptor: Int32
  private let codec = Codec()
  private var received: [UInt8] = []
  private var stream: UInt32 = 0

  /// Connects to the first of the name's addresses that answers, and greets.
  ///
  /// - Throws: what is wrong and what would be right, for people.
  init(
    _ address: ServerAddress, _ identity: ClientIdentity, timeoutSeconds callSeconds: Double
  ) throws(SocketFailure) {
    let timeoutSeconds = min(callSeconds, Self.greetingSecondsMax)
    let (connected, descriptor) = try Self.connect(address, timeoutSeconds)
    self.address = connected
    self.descriptor = descriptor
    try ClientSocket.sendAll(identity.hello, to: descriptor)
    let (header, payload) = try firstFrame(timeoutSeconds)
    if header.type == .goAway { throw refusal(payload) }
    guard header.type == .hello else { throw notProbity("a frame of type \(header.type)") }
    do throws(HelloFault) {
      hello = try unsafe payload.withUnsafeBytes { bytes in
        Result { () throws(HelloFault) in try unsafe codec.decodeHello(bytes) }
      }.get()
    } catch {
      if case .wrongVersion(let version) = error {
        throw SocketFailure(
          reason: "\(address) speaks protocol version \(version), this program version "
            + "\(ProtocolLimits.version): use the one that was released with the daemon")
      }
      throw notProbity("a HELLO of its own: \(error.message)")
    }
    ClientSocket.setTimeouts(descriptor, seconds: callSeconds)
  }

  /// A daemon that is there greets within milliseconds: who does not is somebody else.
  private static let greetingSecondsMax = 3.0

  deinit { close(descriptor) }

  private static func connect(
    _ address: ServerAddress, _ timeoutSeconds: Double
  ) throws(SocketFailure) -> (ServerAddress, Int32) {
    var failure = SocketFailure(reason: "cannot connect to \(address)")
    for candidate in try address.lookedUp() {
      do throws(SocketFailure) {
        return (candidate, try ClientSocket.connect(to: candidate, timeoutSeconds: timeoutSeconds))
      } catch {
        failure = error
      }
    }
    throw SocketFailure(
      reason: "\(failure). Is the daemon running? Start it with: probity serve")
  }

  // MARK: Calls

  /// - Throws: what the daemon said, if it was not a success.
  func status() throws(SocketFailure) -> StatusReply {
    try unsafe call("Status") { codec, call, sink in
      codec.encodeStatusRequest(call, to: &sink)
    } decode: { bytes throws(CallFailure) in
      try unsafe codec.decodeStatusReply(bytes)
    }
  }

  /// - Throws: what the daemon said, if it was not a success.
  func record(_ commands: [Command]) throws(SocketFailure) -> RecordReply {
    try unsafe call("Record") { codec, call, sink in
      codec.encodeRecordRequest(commands, call, to: &sink)
    } decode: { bytes throws(CallFailure) in
      try unsafe codec.decodeRecordReply(bytes)
    }
  }

  private func call<Reply>(
    _ name: String, _ encode: (Codec, Codec.Call, inout ByteArraySink) -> Void,
    decode: (UnsafeRawBufferPointer) throws(CallFailure) -> Reply
  ) throws(SocketFailure) -> Reply {
    stream += 1
    var sink = ByteArraySink()
    encode(codec, Codec.Call(stream: stream), &sink)
    try ClientSocket.sendAll(sink.bytes, to: descriptor)
    let (header, payload) = try nextFrame()
    if header.type == .goAway { throw refusal(payload) }
    guard header.type == .response, header.stream == stream else {
      throw SocketFailure(reason: "\(address) answered \(name) with a \(header.type) out of turn")
    }
    if header.code == 0 {
      let reply = unsafe payload.withUnsafeBytes { bytes in
        Result { () throws(CallFailure) in try unsafe decode(bytes) }
      }
      if case .success(let reply) = reply { return reply }
      throw SocketFailure(reason: "the answer of \(address) to \(name) does not decode")
    }
    let failure = unsafe payload.withUnsafeBytes { unsafe codec.decodeFailure(header, $0) }
    throw SocketFailure(
      reason: "\(address) answered \(name) with \(failure.status.name): \(failure.message)")
  }

  // MARK: Frames

  /// The answer to our HELLO, or what a stranger says in its place.
  private func firstFrame(
    _ timeoutSeconds: Double
  ) throws(SocketFailure) -> (FrameHeader, [UInt8]) {
    do throws(SocketFailure) {
      return try nextFrame()
    } catch {
      if !received.isEmpty { throw notProbity(Self.excerpt(received)) }
      if error.description == ClientSocket.silence {
        throw SocketFailure(
          reason: "\(address) took the connection but has not answered within "
            + "\(timeoutSeconds) s: it is no Probity daemon, or one that is stuck. "
            + "Name the daemon's address: --server HOST:PORT")
      }
      throw notProbity("the end of the connection")
    }
  }

  private func nextFrame() throws(SocketFailure) -> (FrameHeader, [UInt8]) {
    while true {
      // Safe: the bytes are looked at within the closure.
      let scan = unsafe received.withUnsafeBytes {
        unsafe FrameHeader.scan($0, payloadBytesMax: ProtocolLimits.payloadBytesMax)
      }
      switch scan {
      case .incomplete: received += try ClientSocket.receiveSome(from: descriptor)
      case .fault(let fault): throw SocketFailure(reason: fault.message)
      case .frame(let header):
        let sizeBytes = FrameHeader.sizeBytes + Int(header.payloadBytes)
        let payload = Array(received[FrameHeader.sizeBytes..<sizeBytes])
        received.removeFirst(sizeBytes)
        return (header, payload)
      }
    }
  }

  private func notProbity(_ said: String) -> SocketFailure {
    SocketFailure(
      reason: "\(address) is no Probity daemon: it answered with \(said). "
        + "Name the daemon's address: --server HOST:PORT")
  }

  private func refusal(_ payload: [UInt8]) -> SocketFailure {
    let notice = unsafe payload.withUnsafeBytes { unsafe try? codec.decodeGoAway($0) }
    let said = notice?.message ?? "it leaves"
    switch notice?.status {
    case .unauthenticated:
      return SocketFailure(
        reason: "\(address) says: \(said). Name the file that holds it: --token-file")
    case .failedPrecondition:
      return SocketFailure(
        reason: "\(address) says: \(said). Use the program that was released with the daemon")
    default:
      return SocketFailure(
        reason: "\(address) refuses the connection with "
          + "\(notice?.status.name ?? "no reason"): \(said)")
    }
  }

  /// The first line of what a stranger said, as far as it can be printed.
  private static func excerpt(_ bytes: [UInt8]) -> String {
    let line = bytes.prefix(60).prefix { $0 != 0x0a && $0 != 0x0d }
    if !line.isEmpty, line.allSatisfy({ (0x20..<0x7f).contains($0) }) {
      return "\"\(String(decoding: line, as: UTF8.self))\""
    }
    return "\(bytes.count) bytes that are no frame"
  }
}
