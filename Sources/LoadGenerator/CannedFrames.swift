import IntegrityCore
import ProbityWire

/// Replies that say nothing true but are whole and valid: what the bare responder
/// answers with.
package enum CannedFrames {
  /// Frames with stream 0, by method; under 0 the HELLO.
  ///
  /// - Parameter itemsPerCall: verdicts of a ScoreBatch, commands of a Record.
  package static func all(itemsPerCall: Int) -> [UInt16: [UInt8]] {
    let codec = Codec()
    func frame(_ encode: (inout ByteArraySink) -> Void) -> [UInt8] {
      var sink = ByteArraySink()
      encode(&sink)
      return sink.bytes
    }
    var frames: [UInt16: [UInt8]] = [0: ClientIdentity(agent: "bare-responder").hello]
    frames[Method.score.rawValue] = response(score)
    frames[Method.scoreBatch.rawValue] = response(scoreBatch(itemsPerCall))
    frames[Method.record.rawValue] = frame {
      let reply = RecordReply(
        applied: UInt32(itemsPerCall), duplicates: 0, highestSequence: 1,
        logPosition: LogPosition(1))
      codec.encodeRecord(reply, stream: 0, to: &$0)
    }
    frames[Method.status.rawValue] = frame {
      var status = StatusReply()
      status.version = "bare responder"
      status.buyers = .max
      codec.encodeStatus(status, stream: 0, to: &$0)
    }
    return frames
  }

  private static func response(_ payload: [UInt8]) -> [UInt8] {
    var sink = ByteArraySink()
    let header = FrameHeader(
      type: .response, flags: .end, payloadBytes: UInt32(payload.count))
    // Safe: the sink gives exactly the payload's bytes.
    unsafe header.write(to: &sink) { unsafe $0.copyBytes(from: payload) }
    return sink.bytes
  }

  /// A `ScoreReply` as it usually is: two reasons, every field of the basis.
  private static let score: [UInt8] =
    // known, score 660, floor 440, tier C, confidence 12.5
    [0x08, 1, 0x10, 0x94, 5, 0x18, 0xb8, 3, 0x20, 3, 0x2d, 0, 0, 0x48, 0x41]
    // reason_codes 101 and 102, reason_points 60 and 0
    + [0x32, 2, 101, 102, 0x3a, 2, 120, 0]
    + [0x41] + word(1_767_225_600) + [0x49] + word(1) + [0x50, 1, 0x59] + word(.max)

  /// Columns of known accounts.
  private static func scoreBatch(_ count: Int) -> [UInt8] {
    let verdict = PackedVerdict(score: 660, scoreFloor: 440, tier: .c, isKnown: true)
    return PackedColumn.start(field: 1, sizeBytes: 4 * count)
      + Array(repeatElement(littleEndian(verdict.rawValue), count: count).joined())
      + PackedColumn.start(field: 2, sizeBytes: 4 * count)
      + Array(repeatElement(littleEndian(Float(12.5).bitPattern), count: count).joined())
      + [0x19] + word(1_767_225_600) + [0x21] + word(1) + [0x28, 1, 0x31] + word(.max)
  }

  private static func word(_ value: UInt64) -> [UInt8] { littleEndian(value) }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    stride(from: 0, to: value.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
