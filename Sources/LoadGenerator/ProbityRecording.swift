import BenchmarkMachine
import IntegrityCore
import ProbityWire

/// `Record` batches of random accounts. A connection has as many sources as it has
/// Records in flight, for the protocol allows each source one at a time.
@safe public struct ProbityRecording: BenchedProtocol, @unchecked Sendable {
  public let requestBytesMax: Int
  public let greeting: [UInt8]
  /// A Record that is refused is answered before those that wait for the disk.
  public static var isOrdered: Bool { false }

  private let templates: [RecordTemplate]
  private var nextTemplate = 0
  private let commandsPerBatch: Int
  private var buyers: AccountChoice
  private let merchantCount: UInt64
  private var random: SeededGenerator
  private let codec = Codec()
  /// Of the first place of connection 0. Random, so that no run is a duplicate of
  /// an earlier one, and two at once do not meet.
  private let firstSource = UInt64.random(in: 1 ... .max >> 16)
  private let placeCount: Int
  // Safe: one of each connection, and one of each source; live as long as the process.
  private let freePlaces: UnsafeMutablePointer<UInt64>
  private let batchCounts: UnsafeMutablePointer<UInt64>

  /// Together so many events that they are not always the same in the same order.
  private static let templateCount = 32
  /// Records in flight on one connection: bits of a word, and more than a daemon takes.
  static let placeCountMax = 64
  private static let connectionCountMax = 10_000

  /// - Parameter lostPerMille: of a thousand events those that claim, beyond the usual ones,
  ///   that nothing arrived.
  public init(
    accountCount: UInt64, commandsPerBatch: Int, seed: UInt64, lostPerMille: UInt64 = 0
  ) throws {
    try self.init(
      AccountChoice(count: accountCount, .uniform, seed: seed ^ 0x5265_636f_7264),
      accountCount: accountCount, commandsPerBatch: commandsPerBatch, inFlight: 1, seed: seed,
      lostPerMille: lostPerMille, ClientIdentity())
  }

  init(
    _ choice: AccountChoice, accountCount: UInt64, commandsPerBatch: Int, inFlight: Int,
    seed: UInt64, lostPerMille: UInt64 = 0, _ identity: ClientIdentity
  ) throws(SocketFailure) {
    precondition((1...Self.placeCountMax).contains(inFlight))
    var mix = EventMix(seed: seed, lostPerMille: lostPerMille)
    var templates: [RecordTemplate] = []
    for _ in 0..<Self.templateCount {
      let events = (0..<commandsPerBatch).map { _ in mix.next() }
      templates.append(try RecordTemplate(events))
    }
    self.templates = templates
    requestBytesMax = templates.map(\.sizeBytes).max() ?? 0
    greeting = identity.hello
    self.commandsPerBatch = commandsPerBatch
    buyers = choice
    merchantCount = AccountLoader.merchantCount(accountCount)
    random = SeededGenerator(seed: seed &+ 1)
    placeCount = inFlight
    unsafe freePlaces = .allocate(capacity: Self.connectionCountMax)
    unsafe freePlaces.initialize(
      repeating: .max >> UInt64(64 - inFlight), count: Self.connectionCountMax)
    unsafe batchCounts = .allocate(capacity: Self.connectionCountMax * inFlight)
    unsafe batchCounts.initialize(repeating: 0, count: Self.connectionCountMax * inFlight)
    try checkTemplates(accountCount)
  }

  /// What is put in place must be what a server reads.
  private mutating func checkTemplates(_ accountCount: UInt64) throws(SocketFailure) {
    let space = UnsafeMutableRawPointer.allocate(byteCount: requestBytesMax, alignment: 64)
    defer { unsafe space.deallocate() }
    for template in templates {
      unsafe template.write(
        to: space, stream: 2, source: 1, batch: 1, buyers: &buyers, merchantCount: merchantCount,
        &random)
      let payload = unsafe UnsafeRawBufferPointer(
        start: space + FrameHeader.sizeBytes, count: template.sizeBytes - FrameHeader.sizeBytes)
      let commands: [Command]
      do throws(CallFailure) {
        commands = try unsafe codec.decodeRecord(payload)
      } catch {
        throw SocketFailure(reason: "a batch to send does not decode: \(error.message)")
      }
      let sequences = commands.map { Int($0.sequence) }
      guard sequences == Array(commandsPerBatch + 1...2 * commandsPerBatch),
        commands.allSatisfy({ (1...accountCount).contains($0.event.buyer.rawValue) })
      else { throw SocketFailure(reason: "a batch to send decodes to other commands") }
    }
  }

  @inline(__always)
  public mutating func writeRequest(
    _ number: UInt32, connection: Int, note: inout CallNote, to space: UnsafeMutableRawPointer
  ) -> Int {
    // Safe: no more are in flight than there are places, and no more connections.
    let free = unsafe freePlaces[connection]
    precondition(free != 0, "more Records in flight than sources")
    let place = free.trailingZeroBitCount
    unsafe freePlaces[connection] = free & (free &- 1)
    note.place = UInt8(truncatingIfNeeded: place)
    let sourceIndex = connection &* placeCount &+ place
    let template = templates[nextTemplate]
    nextTemplate = (nextTemplate &+ 1) % Self.templateCount
    unsafe template.write(
      to: space, stream: number, source: firstSource &+ UInt64(sourceIndex),
      batch: batchCounts[sourceIndex], buyers: &buyers, merchantCount: merchantCount, &random)
    unsafe batchCounts[sourceIndex] &+= 1
    return template.sizeBytes
  }

  public mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    var note = CallNote()
    return unsafe writeRequest(number, connection: connection, note: &note, to: space)
  }

  @inline(__always)
  public func replyNumber(_ bytes: UnsafeRawBufferPointer, next: UInt32) -> UInt32 {
    unsafe ReplyFrame.number(bytes, next: next)
  }

  @inline(__always)
  public mutating func scanReply(
    _ bytes: UnsafeRawBufferPointer, number: UInt32, connection: Int, note: CallNote
  ) -> ReplyScan {
    let scan = unsafe scanReply(bytes, number: number)
    switch scan {
    case .answer, .refused:
      // Safe: as in `writeRequest`. A refused batch leaves a gap in the sequences, which is allowed.
      unsafe freePlaces[connection] |= 1 << UInt64(note.place)
    default: break
    }
    return scan
  }

  public mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    switch unsafe ReplyFrame.scan(bytes, number: number) {
    case .incomplete: return .incomplete
    case .other(let scan): return scan
    case .success(let sizeBytes):
      return unsafe ReplyFrame.read(bytes, sizeBytes) { payload throws(CallFailure) in
        let reply = try unsafe codec.decodeRecordReply(payload)
        guard reply.applied == UInt32(commandsPerBatch), reply.duplicates == 0 else {
          return .broken("of \(commandsPerBatch) commands, \(reply.applied) were applied")
        }
        return .answer(sizeBytes: sizeBytes)
      }
    }
  }
}
