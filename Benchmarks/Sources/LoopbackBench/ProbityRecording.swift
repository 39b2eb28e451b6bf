import BenchmarkMachine
import IntegrityCore
import ProbityWire

/// `Record` batches of random accounts; each connection is a source of its own.
struct ProbityRecording: BenchedProtocol {
  let requestBytesMax: Int

  private let templates: [RecordTemplate]
  private var nextTemplate = 0
  private let commandsPerBatch: Int
  private let accountCount: UInt64
  private var random: SeededGenerator
  private let codec = Codec()
  /// Of connection 0. Random, so that no run is a duplicate of an earlier one.
  private let firstSource = UInt64.random(in: 1 ... .max >> 16)

  /// Together so many events that they are not always the same in the same order.
  private static let templateCount = 32

  init(accountCount: UInt64, commandsPerBatch: Int, seed: UInt64) throws {
    var mix = EventMix(seed: seed)
    templates = try (0..<Self.templateCount).map { _ in
      try RecordTemplate((0..<commandsPerBatch).map { _ in mix.next() })
    }
    requestBytesMax = templates.map(\.sizeBytes).max() ?? 0
    self.commandsPerBatch = commandsPerBatch
    self.accountCount = accountCount
    random = SeededGenerator(seed: seed ^ 0x5265_636f_7264)
    try checkTemplates()
  }

  /// What is put in place must be what a server reads.
  private mutating func checkTemplates() throws {
    let space = UnsafeMutableRawPointer.allocate(byteCount: requestBytesMax, alignment: 64)
    defer { space.deallocate() }
    for _ in templates {
      let sizeBytes = writeRequest(2, connection: 0, to: space)
      let payload = UnsafeRawBufferPointer(
        start: space + FrameHeader.sizeBytes, count: sizeBytes - FrameHeader.sizeBytes)
      let commands: [Command]
      do throws(CallFailure) {
        commands = try codec.decodeRecord(payload)
      } catch {
        throw SocketFailure(reason: "a batch to send does not decode: \(error.message)")
      }
      let sequences = commands.map { Int($0.sequence) }
      guard sequences == Array(commandsPerBatch + 1...2 * commandsPerBatch),
        commands.allSatisfy({ $0.event.buyer.rawValue <= accountCount })
      else { throw SocketFailure(reason: "a batch to send decodes to other commands") }
    }
  }

  var greeting: [UInt8] { ByteArraySink.hello }

  @inline(__always)
  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    let template = templates[nextTemplate]
    nextTemplate = (nextTemplate + 1) % Self.templateCount
    template.write(
      to: space, number: number, source: firstSource + UInt64(connection),
      accounts: accountCount, &random)
    return template.sizeBytes
  }

  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    let header: FrameHeader
    switch FrameHeader.scan(bytes, payloadBytesMax: ProtocolLimits.payloadBytesMax) {
    case .incomplete: return .incomplete
    case .fault(let fault): return .broken(fault.message)
    case .frame(let found): header = found
    }
    let sizeBytes = FrameHeader.sizeBytes + Int(header.payloadBytes)
    if header.type == .hello { return .greeted(sizeBytes: sizeBytes) }
    guard header.type == .response, header.stream == number else {
      return .broken("\(header.type) on stream \(header.stream), not the reply to \(number)")
    }
    let payload = UnsafeRawBufferPointer(
      rebasing: bytes[FrameHeader.sizeBytes..<sizeBytes])
    if header.code != 0 {
      return .broken("Record was refused: \(codec.decodeFailure(header, payload).message)")
    }
    do throws(CallFailure) {
      let reply = try codec.decodeRecordReply(payload)
      if reply.applied == UInt32(commandsPerBatch) && reply.duplicates == 0 {
        return .answer(sizeBytes: sizeBytes)
      }
      return .broken("of \(commandsPerBatch) commands, \(reply.applied) were applied")
    } catch {
      return .broken(error.message)
    }
  }
}
