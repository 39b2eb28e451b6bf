import CommandLog
import ProbityEngine

/// A snapshot's pieces from one thread to another, without a lock between them.
///
/// Each piece is filled with its number; the reader checks that they come whole,
/// once and in order, those of the last step too.
struct ChannelRace {
  static let piecesPerSnapshot = 400
  static let lastPieces = 20

  /// - Returns: pieces that came, and how many were not what they should be.
  static func run() -> (pieceCount: Int, violationCount: Int) {
    let channel = SnapshotChannel(pieceBytesMax: 4_096)
    let result = ChannelResult()
    let writer = Thread { write(channel) }
    let reader = Thread { read(channel, result) }
    writer.join()
    reader.join()
    return (result.pieceCount, result.violationCount)
  }

  private static func write(_ channel: SnapshotChannel) {
    var number = 0
    while number < piecesPerSnapshot {
      // As the sequencer does: what there is room for, then other work.
      for _ in 0..<min(channel.room, piecesPerSnapshot - number) {
        channel.put { piece in
          fill(&piece, number)
          return true
        }
        number += 1
      }
    }
    let last = (number..<number + lastPieces).map { number in
      var piece = SnapshotChannel.Piece(section: .sources, group: 0, itemCount: 0, bytes: [])
      fill(&piece, number)
      return piece
    }
    channel.end(
      SnapshotChannel.Ending(
        pieces: last,
        summary: SnapshotSummary(
          position: 1, stateHash: 2, rules: ReplayRules(semantics: 3, policyHash: 4), createdAt: 5),
        pauseNanosecondsMax: 6, accountCount: 7))
  }

  private static func fill(_ piece: inout SnapshotChannel.Piece, _ number: Int) {
    piece.section = .accounts
    piece.group = UInt32(number)
    piece.itemCount = number
    for _ in 0..<(number % 64 + 1) * 8 { piece.bytes.append(UInt8(truncatingIfNeeded: number)) }
  }

  private static func read(_ channel: SnapshotChannel, _ result: ChannelResult) {
    while true {
      switch channel.next(waits: true) {
      case .piece(let piece):
        let number = result.pieceCount
        let isRight =
          piece.group == UInt32(number) && piece.itemCount == number
          && piece.bytes.count == (number % 64 + 1) * 8
          && piece.bytes.allSatisfy { $0 == UInt8(truncatingIfNeeded: number) }
        if !isRight { result.violationCount += 1 }
        result.pieceCount += 1
        channel.advance()
      case .end: return
      case .nothing, .abandoned:
        result.violationCount += 1
        return
      }
    }
  }
}

/// What the reader counted: its own until it has been joined.
// Safe: written by one thread, read by another after `join`.
final class ChannelResult: @unchecked Sendable {
  var pieceCount = 0
  var violationCount = 0
}
