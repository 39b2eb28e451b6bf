import Logging
import ProbityEngine

/// What a store has to tell, as lines of the log.
struct StoreLog {
  private let logger: Logger

  init(_ logger: Logger) { self.logger = logger }

  func report(_ report: RecoveryReport, directory: String) {
    if report.isNew { logger.notice("made a new store", metadata: ["directory": "\(directory)"]) }
    for damaged in report.damagedSnapshots {
      logger.error("a snapshot cannot be used and was put aside: \(damaged)")
    }
    if let tail = report.tornTail {
      logger.warning(
        "the log ended in a group that was never acknowledged; it was put aside",
        metadata: [
          "file": "\(tail.file)", "offset": "\(tail.offset)", "bytes": "\(tail.sizeBytes)",
          "aside": "\(tail.asideFile)",
        ])
    }
    logger.notice(
      "recovered",
      metadata: [
        "snapshot": "\(report.snapshotPosition)", "replayed": "\(report.replayedCount)",
        "milliseconds": "\(report.durationNanoseconds / 1_000_000)",
      ])
  }

  func report(_ notice: StoreNotice) {
    switch notice {
    case .snapshotTaken(let report):
      logger.notice(
        "snapshot taken",
        metadata: [
          "position": "\(report.position.rawValue)", "accounts": "\(report.accounts)",
          "bytes": "\(report.bytes)",
          "milliseconds": "\(report.durationNanoseconds / 1_000_000)",
          "pauseMicroseconds": "\(report.pauseNanoseconds / 1_000)",
        ])
    case .snapshotFailed(let failure): logger.error("no snapshot: \(failure)")
    case .spareFailed(let reason):
      logger.warning(
        "the log's next file cannot be made: recording ends when the present one is full: \(reason)"
      )
    case .spareRestored: logger.notice("the log has room again")
    case .pruneFailed(let reason): logger.warning("old files are left: \(reason)")
    case .clockSetBack(let seconds):
      logger.warning(
        "the machine's clock was set back; scores are as of the new time, deadlines go on",
        metadata: ["seconds": "\(seconds)"])
    }
  }
}
