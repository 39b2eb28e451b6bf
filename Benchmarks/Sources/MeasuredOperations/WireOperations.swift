import AccountStore
import IntegrityCore
import ProbityWire

/// Messages to bytes and back, and what is around them.
public enum WireOperations {
  public static let all: [MeasuredOperation] = score + batch + record + frames

  private static let score: [MeasuredOperation] = [
    MeasuredOperation("encode a ScoreRequest") {
      let subject = ScoreMessages()
      return Workload(encodedBytes: Double(subject.request.count)) { subject.encodeRequests($0) }
    },
    MeasuredOperation("decode a ScoreRequest") {
      let subject = ScoreMessages()
      return Workload { subject.decodeRequests($0) }
    },
    MeasuredOperation("encode a ScoreReply") {
      let subject = ScoreMessages()
      return Workload(encodedBytes: Double(subject.reply.count)) { subject.encodeReplies($0) }
    },
    MeasuredOperation("decode a ScoreReply") {
      let subject = ScoreMessages()
      return Workload { subject.decodeReplies($0) }
    },
    MeasuredOperation("answer a Score, from frame to frame") {
      let subject = ScoreMessages()
      let table = try subject.decision.table()
      return Workload { subject.answer(table, $0) }
    },
  ]

  private static let batch: [MeasuredOperation] = [
    MeasuredOperation("encode a ScoreBatchRequest of 1,000, each account") {
      let subject = BatchMessages()
      return Workload(encodedBytes: subject.requestBytes) { subject.encodeRequests($0) }
    },
    MeasuredOperation("decode a ScoreBatchRequest of 1,000, each account") {
      let subject = BatchMessages()
      return Workload { subject.decodeRequests($0) }
    },
    MeasuredOperation("encode a ScoreBatchReply of 1,000, each account") {
      let subject = BatchMessages()
      return Workload(encodedBytes: subject.replyBytes) { subject.encodeReplies($0) }
    },
    MeasuredOperation("decode a ScoreBatchReply of 1,000, each account") {
      let subject = BatchMessages()
      return Workload { subject.decodeReplies($0) }
    },
  ]

  private static let record: [MeasuredOperation] = [
    MeasuredOperation("encode a RecordRequest of 500, each command") {
      let subject = RecordMessages()
      return Workload(encodedBytes: subject.requestBytes) { subject.encodeRequests($0) }
    },
    MeasuredOperation("decode a RecordRequest of 500, each command") {
      let subject = RecordMessages()
      return Workload { subject.decodeRequests($0) }
    },
  ]

  private static let frames: [MeasuredOperation] = [
    MeasuredOperation("find a frame and check it, payload of 33 bytes") {
      let frame = FrameBytes(payloadBytes: 33)
      return Workload { frame.scan($0) }
    },
    MeasuredOperation("seal a frame, payload of 33 bytes") {
      let frame = FrameBytes(payloadBytes: 33)
      return Workload { frame.seal($0) }
    },
    MeasuredOperation("CRC32C of 64 bytes") {
      let frame = FrameBytes(payloadBytes: 64)
      return Workload { frame.checksum($0) }
    },
    MeasuredOperation("CRC32C of 4,096 bytes") {
      let frame = FrameBytes(payloadBytes: 4_096)
      return Workload { frame.checksum($0) }
    },
  ]
}

/// Frames in one buffer, allocated once and as large as any frame here.
final class FixedSink: FrameSink {
  let all = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
  private(set) var usedBytes = 0

  init() { all.initializeMemory(as: UInt8.self, repeating: 0x5a) }

  deinit { all.deallocate() }

  @inline(__always)
  func reset() { usedBytes = 0 }

  @inline(__always)
  func append(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    fill(UnsafeMutableRawBufferPointer(rebasing: all[usedBytes..<(usedBytes + count)]))
    usedBytes += count
  }

  /// A copy of what was appended, in memory of its own that stays.
  func frame() -> UnsafeRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: usedBytes, alignment: 64)
    copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[..<usedBytes]))
    return UnsafeRawBufferPointer(copy)
  }
}

/// A frame of a given size with nothing meant by its payload.
final class FrameBytes {
  private let bytes: UnsafeMutableRawBufferPointer
  private let header: FrameHeader
  private var crc: UInt32 = 0

  init(payloadBytes: Int) {
    header = FrameHeader(
      type: .request, flags: .end, stream: 7, code: Method.score.rawValue,
      payloadBytes: UInt32(payloadBytes))
    bytes = .allocate(byteCount: FrameHeader.sizeBytes + payloadBytes, alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0x5a)
    header.seal(bytes)
  }

  deinit { bytes.deallocate() }

  func scan(_ count: Int) -> UInt64 {
    Workload.repeating(count) {
      let scanned = FrameHeader.scan(UnsafeRawBufferPointer(bytes), payloadBytesMax: 8_192)
      guard case .frame(let header) = scanned else {
        preconditionFailure("what was sealed is no frame")
      }
      return UInt64(header.stream)
    }
  }

  func seal(_ count: Int) -> UInt64 {
    var header = header
    return Workload.repeating(count) {
      header.stream &+= 1
      header.seal(bytes)
      return UInt64(bytes[16])
    }
  }

  /// Each checksum goes on from the one before, as over the parts of a file.
  func checksum(_ count: Int) -> UInt64 {
    let payload = UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.sizeBytes...])
    for _ in 0..<count { crc = CRC32C.update(crc, payload) }
    return UInt64(crc)
  }
}
