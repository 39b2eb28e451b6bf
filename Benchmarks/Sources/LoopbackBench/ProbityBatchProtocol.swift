import BenchmarkMachine
import IntegrityCore
import LoadGenerator
import ProbityWire

/// `ScoreBatch` of as many buyers in each call: at random, or all of them in order.
///
/// A request is encoded once. Its ids are fixed-width numbers that stand side by
/// side, so that others are put in their place with one store each.
struct ProbityBatchProtocol: BenchedProtocol {
  /// Which accounts a call asks for.
  enum Choice {
    case random
    /// 1…N once and again from the start, shared out call by call among connections.
    case inOrder
  }

  let requestBytesMax: Int

  // Lives as long as the process.
  private let request: UnsafeMutableRawPointer
  private let firstIDOffset: Int
  private let accountsPerCall: Int
  private let accountCount: UInt64
  private let choice: Choice
  private var random: SeededGenerator
  private var lastInOrder: UInt64 = 0
  private let codec = Codec()
  private var sinceSample = 0
  /// What every payload begins with: the column of verdicts and how long it is.
  private let replyStart: [UInt8]

  /// Every so many replies one is decoded, to see that all its accounts are known.
  private static let sampleInterval = 64
  private static let idBytes = MemoryLayout<UInt64>.size

  init(accountCount: UInt64, accountsPerCall: Int, choice: Choice, seed: UInt64) throws {
    var sink = ByteArraySink()
    codec.encodeScoreBatchRequest(
      [AccountID](repeating: AccountID(1), count: accountsPerCall), kind: .buyer, asOf: nil,
      Codec.Call(stream: 1), to: &sink)
    requestBytesMax = sink.bytes.count
    request = .allocate(byteCount: requestBytesMax, alignment: 64)
    request.copyMemory(from: sink.bytes, byteCount: requestBytesMax)
    // The ids are the last field: `as_of` is left out where it is 0.
    firstIDOffset = requestBytesMax - accountsPerCall * Self.idBytes
    self.accountsPerCall = accountsPerCall
    self.accountCount = accountCount
    self.choice = choice
    random = SeededGenerator(seed: seed)
    replyStart = Self.columnStart(field: 1, sizeBytes: accountsPerCall * 4)
    try checkRequest()
  }

  /// Tag and length of a packed field.
  private static func columnStart(field: UInt8, sizeBytes: Int) -> [UInt8] {
    var bytes = [field << 3 | 2]
    var rest = sizeBytes
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f | 0x80))
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// What is put in place must be what a server reads.
  private func checkRequest() throws {
    var (written, counted) = (self, self)
    let space = UnsafeMutableRawPointer.allocate(byteCount: requestBytesMax, alignment: 64)
    defer { space.deallocate() }
    let sizeBytes = written.writeRequest(7, connection: 0, to: space)
    let payload = UnsafeRawBufferPointer(
      start: space + FrameHeader.sizeBytes, count: sizeBytes - FrameHeader.sizeBytes)
    var ids: [UInt64] = []
    do throws(CallFailure) {
      try codec.decodeScoreBatch(payload) { _, _, found, _ in
        for index in found.indices { ids.append(found[index]) }
      }
    } catch {
      throw SocketFailure(reason: "a batch to send does not decode: \(error.message)")
    }
    let expected = (0..<accountsPerCall).map { _ in counted.nextAccount() }
    guard ids == expected, ids.allSatisfy({ (1...accountCount).contains($0) }) else {
      throw SocketFailure(reason: "a batch to send decodes to other accounts")
    }
  }

  @inline(__always)
  private mutating func nextAccount() -> UInt64 {
    switch choice {
    case .random: return random.account(of: accountCount)
    case .inOrder:
      lastInOrder = lastInOrder == accountCount ? 1 : lastInOrder + 1
      return lastInOrder
    }
  }

  var greeting: [UInt8] { ClientIdentity(agent: "loopback-bench").hello }

  @inline(__always)
  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    space.copyMemory(from: request, byteCount: firstIDOffset)
    for index in 0..<accountsPerCall {
      space.storeBytes(
        of: nextAccount(), toByteOffset: firstIDOffset + index * Self.idBytes, as: UInt64.self)
    }
    let header = FrameHeader(
      type: .request, flags: .end, stream: number, code: Method.scoreBatch.rawValue,
      payloadBytes: UInt32(requestBytesMax - FrameHeader.sizeBytes))
    header.seal(UnsafeMutableRawBufferPointer(start: space, count: requestBytesMax))
    return requestBytesMax
  }

  /// Looks at the status and the count of every reply, and reads one in 64.
  @inline(__always)
  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    if bytes.count < FrameHeader.sizeBytes { return .incomplete }
    let payloadBytes = bytes.loadUnaligned(as: UInt32.self)
    let sizeBytes = FrameHeader.sizeBytes + Int(payloadBytes)
    if bytes.count < sizeBytes { return .incomplete }
    if bytes[8] == FrameType.hello.rawValue { return .greeted(sizeBytes: sizeBytes) }
    let stream = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    guard bytes[8] == FrameType.response.rawValue, stream == number else {
      return .broken("a frame of type \(bytes[8]) on stream \(stream), not the reply to \(number)")
    }
    let status = bytes.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
    if status != 0 { return .refused(sizeBytes: sizeBytes, status: Int(status)) }
    let payload = UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.sizeBytes..<sizeBytes])
    guard payload.starts(with: replyStart) else {
      return .broken("a reply that does not begin with \(accountsPerCall) verdicts")
    }
    sinceSample += 1
    if sinceSample < Self.sampleInterval { return .answer(sizeBytes: sizeBytes) }
    sinceSample = 0
    return sample(UnsafeRawBufferPointer(rebasing: bytes[..<sizeBytes]), payload)
  }

  /// Reads one reply as a client would.
  private func sample(
    _ frame: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer
  ) -> ReplyScan {
    guard case .frame = FrameHeader.scan(frame, payloadBytesMax: ProtocolLimits.payloadBytesMax)
    else { return .broken("a frame whose checksum does not match") }
    do throws(CallFailure) {
      let reply = try codec.decodeScoreBatchReply(payload)
      guard reply.verdicts.count == accountsPerCall, reply.confidences.count == accountsPerCall
      else { return .broken("\(reply.verdicts.count) verdicts for \(accountsPerCall) accounts") }
      let isKnown = reply.verdicts.allSatisfy(\.isKnown)
      return isKnown ? .answer(sizeBytes: frame.count) : .miss(sizeBytes: frame.count)
    } catch {
      return .broken(error.message)
    }
  }
}
