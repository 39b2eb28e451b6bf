import BenchmarkMachine
import IntegrityCore
import ProbityWire

/// `OpenClaim` of random buyers against random merchants, each under an id of its own.
@safe public struct ProbityClaims: BenchedProtocol, @unchecked Sendable {
  public var requestBytesMax: Int { sizeBytes }
  public let greeting: [UInt8]
  /// A claim that is refused at once is answered before those that wait for the disk.
  public static var isOrdered: Bool { false }

  /// Where a claim's numbers stand in the frame.
  private struct Places {
    var id: Int
    var buyer: Int
    var merchant: Int
    var order: Int
  }

  // Safe: the frame is written in `init` alone; both live as long as the process, and the
  // count belongs to the one thread that sends.
  private let frame: UnsafeMutableRawPointer
  private let sizeBytes: Int
  private let places: Places
  private var buyers: AccountChoice
  private let merchantCount: UInt64
  private var random: SeededGenerator
  /// Random, so that no run opens the claims of an earlier one again.
  private let firstID = UInt64.random(in: .min ... .max)
  /// Claims sent, in all runs.
  private let claimCount: UnsafeMutablePointer<UInt64>
  private let codec = Codec()
  /// Of replies that are decoded, to see that the claim is new.
  private var sampling = Sampling(interval: 64)

  /// - Parameter openedAt: of all claims.
  package init(
    _ choice: AccountChoice, accountCount: UInt64, openedAt: UnixSeconds, seed: UInt64,
    _ identity: ClientIdentity
  ) throws(SocketFailure) {
    greeting = identity.hello
    buyers = choice
    merchantCount = AccountLoader.merchantCount(accountCount)
    random = SeededGenerator(seed: seed &+ 1)
    unsafe claimCount = .allocate(capacity: 1)
    unsafe claimCount.initialize(to: 0)
    let bytes = Self.frame(Self.claim(1, 2, 3, 4, openedAt))
    sizeBytes = bytes.count
    unsafe frame = .allocate(byteCount: bytes.count, alignment: 64)
    unsafe frame.copyMemory(from: bytes, byteCount: bytes.count)
    places = Places(
      id: try Self.place(bytes, Self.frame(Self.claim(.max, 2, 3, 4, openedAt))),
      buyer: try Self.place(bytes, Self.frame(Self.claim(1, .max, 3, 4, openedAt))),
      merchant: try Self.place(bytes, Self.frame(Self.claim(1, 2, .max, 4, openedAt))),
      order: try Self.place(bytes, Self.frame(Self.claim(1, 2, 3, .max, openedAt))))
  }

  private static func claim(
    _ id: UInt64, _ buyer: UInt64, _ merchant: UInt64, _ order: UInt64, _ openedAt: UnixSeconds
  ) -> Claim {
    Claim(
      id: ClaimID(id), buyer: AccountID(buyer), merchant: AccountID(merchant), order: order,
      openedAt: openedAt, amount: Minor(4_999), category: 7, kind: .quality,
      allegation: .defective, proofs: .buyerEvidence)
  }

  private static func frame(_ claim: Claim) -> [UInt8] {
    var sink = ByteArraySink()
    let command = DeskCommand(.openClaim(claim), at: claim.openedAt)
    Codec().encodeDeskRequest(.command(command), Codec.Call(stream: 0), to: &sink)
    return sink.bytes
  }

  /// The eight bytes in which two frames differ, checksums aside.
  private static func place(_ one: [UInt8], _ other: [UInt8]) throws(SocketFailure) -> Int {
    guard one.count == other.count,
      let last = one.indices.last(where: { one[$0] != other[$0] }),
      last >= FrameHeader.sizeBytes + 7
    else { throw SocketFailure(reason: "the encoding of an OpenClaim has changed") }
    return last - 7
  }

  @inline(__always)
  public mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    let count = unsafe claimCount.pointee &+ 1
    unsafe claimCount.pointee = count
    // Zero is no id.
    let id = StateHash.mix(firstID, count) | 1
    unsafe space.copyMemory(from: frame, byteCount: sizeBytes)
    unsafe store(id, space, places.id)
    unsafe store(buyers.next(), space, places.buyer)
    unsafe store(random.account(of: merchantCount), space, places.merchant)
    unsafe store(count, space, places.order)
    let header = FrameHeader(
      type: .request, flags: .end, stream: number, code: Method.openClaim.rawValue,
      payloadBytes: UInt32(sizeBytes - FrameHeader.sizeBytes))
    unsafe header.seal(UnsafeMutableRawBufferPointer(start: space, count: sizeBytes))
    return sizeBytes
  }

  @inline(__always)
  private func store(_ value: UInt64, _ space: UnsafeMutableRawPointer, _ offset: Int) {
    // Safe: the places were found within the frame, eight bytes before its end at least.
    unsafe space.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
  }

  @inline(__always)
  public func replyNumber(_ bytes: UnsafeRawBufferPointer, next: UInt32) -> UInt32 {
    unsafe ReplyFrame.number(bytes, next: next)
  }

  @inline(__always)
  public mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    switch unsafe ReplyFrame.scan(bytes, number: number) {
    case .incomplete: return .incomplete
    case .other(let scan): return scan
    case .success(let sizeBytes):
      if !sampling.takesNext() { return .answer(sizeBytes: sizeBytes) }
      return unsafe ReplyFrame.read(bytes, sizeBytes) { payload throws(CallFailure) in
        let reply = try unsafe codec.decodeClaimReply(payload)
        if reply.isRepeated { return .broken("a claim of this run was opened before") }
        return .answer(sizeBytes: sizeBytes)
      }
    }
  }
}
