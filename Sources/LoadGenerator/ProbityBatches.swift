import BenchmarkMachine
import IntegrityCore
import ProbityWire

/// `ScoreBatch` of as many buyers in each call: at random, or all of them in order.
///
/// At random, frames are prepared, for a choice may cost more than the daemon's answer.
/// In order there may be too many for that: ids are fixed-width numbers side by side,
/// and the next ones are put in their place.
@safe public struct ProbityBatches: BenchedProtocol, @unchecked Sendable {
  public let requestBytesMax: Int
  public let replyBytesMax: Int
  public let greeting: [UInt8]

  // Safe: sealed frames of one size, written in `init` alone, for as long as the process lives.
  private let frames: UnsafeRawPointer
  private let frameCount: Int
  private let accountsPerBatch: Int
  private let checksum: StreamChecksum
  private var next = 0
  private var sequence: AccountSequence?
  /// Of replies that are decoded, to see that all their accounts are known.
  private var sampling = Sampling(interval: 64)
  private let codec = Codec()
  /// What every payload begins with: the column of verdicts and how long it is.
  private let replyStart: [UInt8]

  /// Together the frames are too many for a cache, and hold about 8 million accounts.
  private static let framesBytes = 64 << 20
  private static let frameCountMax = 1 << 18
  private static let idBytes = MemoryLayout<UInt64>.size

  /// Uniformly random buyers out of 1…`accountCount`.
  public init(accountCount: UInt64, accountsPerBatch: Int, seed: UInt64) {
    self.init(
      AccountChoice(count: accountCount, .uniform, seed: seed),
      accountsPerBatch: accountsPerBatch, ClientIdentity())
  }

  /// Buyers 1…`accountCount` once and again from the start, shared out call by call
  /// among the loop's connections.
  public init(inOrderTo accountCount: UInt64, accountsPerBatch: Int) {
    let template = AccountChoice(count: accountCount, .uniform, seed: 0)
    self.init(template, accountsPerBatch: accountsPerBatch, ClientIdentity(), frameCountMax: 1)
    sequence = AccountSequence(count: accountCount)
    checkPlaces()
  }

  init(
    _ choice: AccountChoice, accountsPerBatch: Int, _ identity: ClientIdentity,
    frameCountMax: Int = Self.frameCountMax
  ) {
    var choice = choice
    self.accountsPerBatch = accountsPerBatch
    greeting = identity.hello
    let first = Self.frame(accountsPerBatch, &choice)
    requestBytesMax = first.count
    // Verdicts and confidences, four bytes each, and the basis.
    replyBytesMax = 8 * accountsPerBatch + 256
    replyStart = PackedColumn.start(field: 1, sizeBytes: 4 * accountsPerBatch)
    checksum = StreamChecksum(payloadBytes: first.count - FrameHeader.sizeBytes)
    frameCount = min(max(Self.framesBytes / first.count, 16), frameCountMax)
    let frames = UnsafeMutableRawPointer.allocate(
      byteCount: frameCount * first.count, alignment: 64)
    for index in 0..<frameCount {
      let frame = index == 0 ? first : Self.frame(accountsPerBatch, &choice)
      unsafe (frames + index * first.count).copyMemory(from: frame, byteCount: frame.count)
    }
    unsafe self.frames = UnsafeRawPointer(frames)
  }

  private static func frame(_ count: Int, _ choice: inout AccountChoice) -> [UInt8] {
    let ids = (0..<count).map { _ in AccountID(choice.next()) }
    var sink = ByteArraySink()
    Codec().encodeScoreBatchRequest(
      ids, kind: .buyer, asOf: nil, Codec.Call(stream: 0), to: &sink)
    return sink.bytes
  }

  // MARK: Requests

  @inline(__always)
  public mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    if sequence != nil {
      unsafe writeInOrder(number, to: space)
      return requestBytesMax
    }
    // Safe: all frames have one size, which is what `space` has.
    unsafe space.copyMemory(
      from: frames + next &* requestBytesMax, byteCount: requestBytesMax)
    next = next &+ 1 == frameCount ? 0 : next &+ 1
    unsafe checksum.put(number, into: space)
    return requestBytesMax
  }

  private mutating func writeInOrder(_ number: UInt32, to space: UnsafeMutableRawPointer) {
    // Safe: `space` has the size of the frame, whose last bytes are the ids.
    unsafe space.copyMemory(from: frames, byteCount: firstIDOffset)
    for offset in stride(from: firstIDOffset, to: requestBytesMax, by: Self.idBytes) {
      let id = sequence?.next() ?? 0
      unsafe space.storeBytes(of: id.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
    let header = FrameHeader(
      type: .request, flags: .end, stream: number, code: Method.scoreBatch.rawValue,
      payloadBytes: UInt32(requestBytesMax - FrameHeader.sizeBytes))
    unsafe header.seal(UnsafeMutableRawBufferPointer(start: space, count: requestBytesMax))
  }

  /// The ids are the last field: `as_of` is left out where it is 0.
  private var firstIDOffset: Int { requestBytesMax - accountsPerBatch * Self.idBytes }

  /// What is put in place must be what a server reads.
  private func checkPlaces() {
    var (written, counted) = (self, sequence)
    let space = UnsafeMutableRawPointer.allocate(byteCount: requestBytesMax, alignment: 64)
    defer { unsafe space.deallocate() }
    let sizeBytes = unsafe written.writeRequest(7, connection: 0, to: space)
    let payload = unsafe UnsafeRawBufferPointer(
      start: space + FrameHeader.sizeBytes, count: sizeBytes - FrameHeader.sizeBytes)
    var ids: [UInt64] = []
    unsafe try? codec.decodeScoreBatch(payload) { _, _, found, _ in
      for index in found.indices { ids.append(found[index]) }
    }
    let expected = (0..<accountsPerBatch).map { _ in counted?.next() }
    precondition(ids == expected, "ids stand elsewhere in a ScoreBatch: the encoding changed")
  }

  // MARK: Replies

  /// Looks at the status and the count of every reply, and reads one in 64.
  @inline(__always)
  public mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    switch unsafe ReplyFrame.scan(bytes, number: number) {
    case .incomplete: return .incomplete
    case .other(let scan): return scan
    case .success(let sizeBytes):
      // Safe: the frame is whole.
      let payload = unsafe bytes[FrameHeader.sizeBytes..<sizeBytes]
      guard unsafe payload.starts(with: replyStart) else {
        return .broken("a reply that does not begin with \(accountsPerBatch) verdicts")
      }
      if !sampling.takesNext() { return .answer(sizeBytes: sizeBytes) }
      return unsafe ReplyFrame.read(bytes, sizeBytes) { payload throws(CallFailure) in
        try unsafe judge(payload, sizeBytes)
      }
    }
  }

  private func judge(
    _ payload: UnsafeRawBufferPointer, _ sizeBytes: Int
  ) throws(CallFailure) -> ReplyScan {
    let reply = try unsafe codec.decodeScoreBatchReply(payload)
    let counts = (reply.verdicts.count, reply.confidences.count)
    guard counts == (accountsPerBatch, accountsPerBatch) else {
      return .broken(
        "\(counts.0) verdicts and \(counts.1) confidences of \(accountsPerBatch) accounts")
    }
    return reply.verdicts.allSatisfy(\.isKnown)
      ? .answer(sizeBytes: sizeBytes) : .miss(sizeBytes: sizeBytes)
  }
}

/// 1…`count` once and again from the start.
private struct AccountSequence {
  let count: UInt64
  private var last: UInt64 = 0

  init(count: UInt64) { self.count = count }

  mutating func next() -> UInt64 {
    last = last == count ? 1 : last + 1
    return last
  }
}
