import Glibc
import IntegrityCore
import ProbityWire
import Rescoring

/// Asks a daemon for one rescore after the other, on one connection.
public struct RescoreCaller {
  private let descriptor: Int32
  private let codec = Codec()
  private var received: [UInt8] = []
  private var stream: UInt32 = 0

  /// Connects.
  public init(port: UInt16) throws(SocketFailure) {
    descriptor = try ClientSocket.connect(to: .loopback(port: port))
    try ClientSocket.sendAll(ClientIdentity().hello, to: descriptor)
  }

  public func close() { _ = Glibc.close(descriptor) }

  /// One rescore under a candidate.
  ///
  /// - Parameter document: the candidate's.
  /// - Returns: seconds that its scan took, as the daemon says.
  public mutating func rescore(document: String) throws(SocketFailure) -> Double {
    stream += 1
    var sink = ByteArraySink()
    codec.encodeStreamRequest(
      .rescore(RescoreOrder(.document(document))), Codec.Call(stream: stream), to: &sink)
    for number in [stream, 0] {
      FrameHeader(
        type: .window, stream: number, time: UInt32(ProtocolLimits.creditBytesMax)
      ).write(to: &sink)
    }
    try ClientSocket.sendAll(sink.bytes, to: descriptor)
    while true {
      let (header, payload) = try nextFrame()
      if header.type != .response { continue }
      let end: StreamEnd? = unsafe payload.withUnsafeBytes {
        header.code == 0 ? try? unsafe codec.decodeEnd(.rescore, $0) : nil
      }
      guard case .rescore(let end)? = end else {
        let failure = unsafe payload.withUnsafeBytes { unsafe codec.decodeFailure(header, $0) }
        throw SocketFailure(reason: "a rescore was refused: \(failure.message)")
      }
      return Double(end.scanMicroseconds) / 1e6
    }
  }

  private mutating func nextFrame() throws(SocketFailure) -> (FrameHeader, [UInt8]) {
    while true {
      // Safe: the bytes are looked at within the closure.
      let scan = unsafe received.withUnsafeBytes {
        unsafe FrameHeader.scan($0, payloadBytesMax: ProtocolLimits.payloadBytesMax)
      }
      switch scan {
      case .incomplete: received += try ClientSocket.receiveSome(from: descriptor)
      case .fault(let fault): throw SocketFailure(reason: fault.message)
      case .frame(let header):
        let end = FrameHeader.sizeBytes + Int(header.payloadBytes)
        let payload = Array(received[FrameHeader.sizeBytes..<end])
        received.removeFirst(end)
        return (header, payload)
      }
    }
  }
}
