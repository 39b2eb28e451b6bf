import BenchmarkMachine

/// Shares of the calls that a mixed load is made of; any numbers, in proportion.
public struct CallMix: Sendable, Equatable, CustomStringConvertible {
  public var score: Int
  public var batch: Int
  public var record: Int

  public init(score: Int, batch: Int, record: Int) {
    self.score = score
    self.batch = batch
    self.record = record
  }

  /// A marketplace that asks far more than it tells.
  public static let standard = CallMix(score: 90, batch: 5, record: 5)

  /// "90:5:5".
  public var description: String { "\(score):\(batch):\(record)" }
}

/// Score, ScoreBatch and Record on every connection, at random in given shares.
/// Lookups overtake Records.
@safe struct ProbityMix: BenchedProtocol, Sendable {
  let requestBytesMax: Int
  let replyBytesMax: Int
  var greeting: [UInt8] { score.greeting }
  static var isOrdered: Bool { false }
  var kindCount: Int { 3 }

  private var score: ProbityProtocol
  private var batches: ProbityBatches
  private var recording: ProbityRecording
  private var random: SeededGenerator
  private let mix: CallMix

  init(
    _ mix: CallMix, _ score: ProbityProtocol, _ batches: ProbityBatches,
    _ recording: ProbityRecording, seed: UInt64
  ) {
    self.mix = mix
    self.score = score
    self.batches = batches
    self.recording = recording
    random = SeededGenerator(seed: seed)
    requestBytesMax = max(
      score.requestBytesMax, max(batches.requestBytesMax, recording.requestBytesMax))
    replyBytesMax = max(score.replyBytesMax, batches.replyBytesMax)
  }

  @inline(__always)
  mutating func writeRequest(
    _ number: UInt32, connection: Int, note: inout CallNote, to space: UnsafeMutableRawPointer
  ) -> Int {
    let place = random.account(of: UInt64(mix.score + mix.batch + mix.record))
    if place <= UInt64(mix.score) {
      note.kind = Workload.Call.score.kind
      return unsafe score.writeRequest(number, connection: connection, to: space)
    }
    if place <= UInt64(mix.score + mix.batch) {
      note.kind = Workload.Call.batch.kind
      return unsafe batches.writeRequest(number, connection: connection, to: space)
    }
    note.kind = Workload.Call.record.kind
    return unsafe recording.writeRequest(
      number, connection: connection, note: &note, to: space)
  }

  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    preconditionFailure("a mixed load is written with notes")
  }

  @inline(__always)
  func replyNumber(_ bytes: UnsafeRawBufferPointer, next: UInt32) -> UInt32 {
    unsafe ReplyFrame.number(bytes, next: next)
  }

  @inline(__always)
  mutating func scanReply(
    _ bytes: UnsafeRawBufferPointer, number: UInt32, connection: Int, note: CallNote
  ) -> ReplyScan {
    switch note.kind {
    case Workload.Call.score.kind: unsafe score.scanReply(bytes, number: number)
    case Workload.Call.batch.kind: unsafe batches.scanReply(bytes, number: number)
    default:
      unsafe recording.scanReply(bytes, number: number, connection: connection, note: note)
    }
  }

  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    unsafe score.scanReply(bytes, number: number)
  }
}
