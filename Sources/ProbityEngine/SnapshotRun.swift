import CommandLog
import IntegrityCore

/// The housekeeper's side of one snapshot: writes what the copier copies.
///
/// A step at a time, so that a simulation can put anything between two.
struct SnapshotRun<Storage: Disk> {
  enum Step {
    /// Nothing to write yet.
    case waiting
    case wrote(bytes: Int)
    case done(SnapshotReport, createdAt: UnixSeconds)
    case failed(SnapshotFailure)
  }

  private let writer: SnapshotWriter<Storage>
  private let channel: SnapshotChannel
  private let clock: any EngineClock
  private let receipts: FileReceipts<Storage>
  private let started: UInt64

  /// Begins the file.
  ///
  /// - Parameter receipts: made durable before the snapshot is published.
  init(
    _ disk: Storage, _ identity: StoreIdentity, _ channel: SnapshotChannel,
    _ receipts: FileReceipts<Storage>, _ clock: any EngineClock
  ) throws(SnapshotFailure) {
    started = clock.monotonicNanoseconds
    self.channel = channel
    self.receipts = receipts
    self.clock = clock
    do throws(DiskError) {
      writer = try SnapshotWriter(disk, identity: identity)
    } catch {
      throw SnapshotFailure(error)
    }
  }

  /// Writes the next piece, or ends the file.
  ///
  /// - Parameters:
  ///   - waits: whether to wait for the copier.
  ///   - pause: called with the bytes read back in the end, to leave the disk to others.
  func step(waits: Bool, pause: (Int) -> Void = { _ in }) -> Step {
    switch channel.next(waits: waits) {
    case .nothing: return .waiting
    case .abandoned:
      writer.abandon()
      return .failed(.closed)
    case .piece(let piece):
      let step = write(piece)
      channel.advance()
      return step
    case .end(let ending): return finish(ending, pause)
    }
  }

  private func write(_ piece: SnapshotChannel.Piece) -> Step {
    do throws(DiskError) {
      try writer.append(
        section: piece.section.rawValue, group: piece.group, itemCount: piece.itemCount,
        piece.bytes)
      return .wrote(bytes: piece.bytes.count)
    } catch {
      return fail(SnapshotFailure(error))
    }
  }

  private func finish(_ ending: SnapshotChannel.Ending, _ pause: (Int) -> Void) -> Step {
    do throws(DiskError) {
      try receipts.sync()
    } catch {
      return fail(SnapshotFailure(error))
    }
    do throws(StoreFault) {
      let sizeBytes = try writer.finish(ending.summary, pause: pause)
      let report = SnapshotReport(
        position: LogPosition(ending.summary.position), stateHash: ending.summary.stateHash,
        accounts: UInt64(ending.accountCount), bytes: UInt64(sizeBytes),
        durationNanoseconds: clock.monotonicNanoseconds - started,
        pauseNanoseconds: ending.pauseNanosecondsMax)
      return .done(report, createdAt: UnixSeconds(ending.summary.createdAt))
    } catch {
      return fail(SnapshotFailure(error))
    }
  }

  private func fail(_ failure: SnapshotFailure) -> Step {
    channel.abandon()
    writer.abandon()
    return .failed(failure)
  }
}

extension SnapshotFailure {
  init(_ error: DiskError) {
    self = error.kind == .noSpace ? .noSpace(error.description) : .failed(error.description)
  }

  init(_ fault: StoreFault) {
    self = fault.kind == .noSpace ? .noSpace(fault.description) : .failed(fault.description)
  }
}
