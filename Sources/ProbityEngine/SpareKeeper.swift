import CommandLog

/// Makes the log's next segment ahead of time.
///
/// On a thread of its own: recording in full needs a segment every half second,
/// and a snapshot that waited for each would never catch up with the commands.
package final class SpareKeeper<Storage: Disk> {
  private let log: SegmentedLog<Storage>
  private let sequencer: Sequencer
  private let clock: any EngineClock
  private let notify: @Sendable (StoreNotice) -> Void
  private var retryAt: UInt64 = 0
  private var isMissing = false

  /// After a failure: space may return at any moment, and is asked for cheaply.
  static var retryNanoseconds: UInt64 { 1_000_000_000 }

  package init(
    _ log: SegmentedLog<Storage>, sequencer: Sequencer, clock: any EngineClock,
    notify: @escaping @Sendable (StoreNotice) -> Void
  ) {
    self.log = log
    self.sequencer = sequencer
    self.clock = clock
    self.notify = notify
  }

  /// Makes the segment if it is not there.
  ///
  /// - Parameter pause: called with bytes that were written, to leave the disk to others.
  package func work(pause: (Int) -> Void) {
    let now = clock.monotonicNanoseconds
    if now < retryAt { return }
    do throws(DiskError) {
      // Only then: the sequencer takes this lock with every group.
      if try log.makeSpare(pause: pause) { sequencer.refusal.withLock { $0 = nil } }
      if isMissing { notify(.spareRestored) }
      isMissing = false
    } catch {
      retryAt = clock.monotonicNanoseconds + Self.retryNanoseconds
      if !isMissing { notify(.spareFailed(error.description)) }
      isMissing = true
    }
  }
}
