import BenchmarkMachine
import Glibc
import IntegrityCore
import ProbityWire

/// Fills a daemon with buyers 1…N, each with one to four settled orders, and
/// one in ten with a claim; with one merchant to twenty buyers.
struct AccountLoader {
  let accountCount: UInt64
  private var random: SeededGenerator
  private let descriptor: Int32
  private let codec = Codec()
  private let source: UInt64
  private var sequence: UInt64 = 0
  private var received: [UInt8] = []
  private let nowSeconds = UInt32(time(nil))

  init(port: UInt16, accountCount: UInt64, seed: UInt64) throws {
    self.accountCount = accountCount
    random = SeededGenerator(seed: seed)
    source = UInt64.random(in: 1 ... .max)
    descriptor = try LoopbackSocket.connect(port: port)
    try LoopbackSocket.sendAll(ByteArraySink.hello, to: descriptor)
    _ = try nextFrame()
  }

  mutating func load() throws -> FillResult {
    defer { close(descriptor) }
    var result = FillResult()
    var batch: [Command] = []
    var stream: UInt32 = 0
    for account in 1...accountCount {
      let orders = 1 + random.next() & 3
      for order in 0..<orders { batch.append(command(account, isClaim: false, age: order)) }
      if random.next() % 10 == 0 { batch.append(command(account, isClaim: true, age: 0)) }
      if batch.count > 9_000 || account == accountCount {
        stream += 1
        try result.measure(writeCount: UInt64(batch.count)) { try record(batch, stream) }
        batch.removeAll(keepingCapacity: true)
      }
    }
    return result
  }

  private mutating func command(_ account: UInt64, isClaim: Bool, age: UInt64) -> Command {
    sequence += 1
    let seconds = nowSeconds - 86_400 * UInt32(1 + age * 60 + random.next() % 60)
    let detail: EventDetail =
      isClaim ? .claimOpened(.quality, .defective) : .settled(orderedAt: .zero)
    let event = Event(
      at: UnixSeconds(seconds), buyer: AccountID(account),
      merchant: AccountID(random.account(of: max(accountCount / 20, 1))),
      amount: Minor(Int64(100 + random.next() % 50_000)), detail: detail)
    return Command(source: source, sequence: sequence, event: event)
  }

  private mutating func record(_ batch: [Command], _ stream: UInt32) throws {
    var sink = ByteArraySink()
    codec.encodeRecordRequest(batch, Codec.Call(stream: stream), to: &sink)
    try LoopbackSocket.sendAll(sink.bytes, to: descriptor)
    let header = try nextFrame()
    guard header.type == .response, header.code == 0 else {
      throw SocketFailure(reason: "Record was answered with status \(header.code)")
    }
  }

  /// Waits for one frame and drops its payload.
  private mutating func nextFrame() throws -> FrameHeader {
    while true {
      let scan = received.withUnsafeBytes {
        FrameHeader.scan($0, payloadBytesMax: ProtocolLimits.payloadBytesMax)
      }
      switch scan {
      case .incomplete: received += try LoopbackSocket.receiveSome(from: descriptor)
      case .fault(let fault): throw SocketFailure(reason: fault.message)
      case .frame(let header):
        received.removeFirst(FrameHeader.sizeBytes + Int(header.payloadBytes))
        return header
      }
    }
  }
}
