import AccountStore
import Glibc
import IntegrityCore
import Synchronization

// One writer beside three readers, on a table small enough that splits and
// overflow chains are always under way. Readers check that no record is torn,
// that no account the writer has finished inserting is missing, and that what
// they see of an account only moves forward. Worth most under ThreadSanitizer:
//
//     swift run --sanitize=thread --scratch-path .build/tsan store-race [SECONDS]

@main
enum StoreRace {
  static func main() throws {
    let seconds = CommandLine.arguments.dropFirst().first.map { Double($0) } ?? 5
    guard let seconds, seconds > 0, seconds < 86_400 else {
      print("usage: store-race [SECONDS]; SECONDS is a number above 0")
      exit(2)
    }
    let deadline = nanoseconds() + UInt64(seconds * 1e9)
    var total = Tally()
    var roundCount = 0
    while nanoseconds() < deadline {
      // Each round grows a new table from nothing: growth is what is raced against.
      let round = try Round(
        seed: UInt64(roundCount) &* 0x9e37_79b9_7f4a_7c15, shardCount: 1 << (roundCount % 3),
        deadline: min(deadline, nanoseconds() + 1_000_000_000))
      total.add(round.run())
      roundCount += 1
    }
    print(
      "\(roundCount) rounds: \(total.insertCount) accounts inserted, \(total.updateCount) updates,"
        + " \(total.readCount) reads, \(total.batchReadCount) reads in batches,"
        + " \(total.movedCount) found the account moved on since the last look")
    print(
      "violations: \(total.tornCount) torn, \(total.lostCount) lost, \(total.backwardCount) backward,"
        + " \(total.inventedCount) invented")
    var pieceCount = 0
    var wrongCount = 0
    for _ in 0..<20 {
      let (pieces, wrong) = ChannelRace.run()
      pieceCount += pieces
      wrongCount += wrong
    }
    print("\(pieceCount) pieces of snapshots handed over, \(wrongCount) wrong")
    let expected = 20 * (ChannelRace.piecesPerSnapshot + ChannelRace.lastPieces)
    if total.violationCount > 0 || wrongCount > 0 || pieceCount != expected { exit(1) }
    precondition(total.insertCount > 0 && total.readCount > 0 && total.batchReadCount > 0)
  }
}

func nanoseconds() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)  // Safe: the pointer lives for the call.
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// What one thread did and found.
struct Tally {
  var insertCount = 0
  var updateCount = 0
  var readCount = 0
  var batchReadCount = 0
  var movedCount = 0
  /// Words of one record that are not of the same version.
  var tornCount = 0
  /// Accounts that were inserted before the read began and not found.
  var lostCount = 0
  /// Versions older than one seen before.
  var backwardCount = 0
  /// Accounts that nobody inserted, or records of another account.
  var inventedCount = 0

  var violationCount: Int { tornCount + lostCount + backwardCount + inventedCount }

  mutating func add(_ other: Tally) {
    insertCount += other.insertCount
    updateCount += other.updateCount
    readCount += other.readCount
    batchReadCount += other.batchReadCount
    movedCount += other.movedCount
    tornCount += other.tornCount
    lostCount += other.lostCount
    backwardCount += other.backwardCount
    inventedCount += other.inventedCount
  }
}
