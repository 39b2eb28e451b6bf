import CommandLog
import Glibc

/// Pieces of one snapshot on their way from the sequencer, which copies them, to
/// the housekeeper, which writes them.
///
/// Bounded: the sequencer copies no further while `piecesMax` wait, so the
/// memory is that of these and of the last step's.
@safe final class SnapshotChannel: @unchecked Sendable {
  /// Records or entries of one kind, of one shard.
  struct Piece: Sendable {
    var section: SnapshotSection
    var group: UInt32
    var itemCount: Int
    var bytes: [UInt8]
  }

  /// What the copier knows at the end.
  struct Ending: Sendable {
    var summary: SnapshotSummary
    var pauseNanosecondsMax: UInt64
    var accountCount: Int
  }

  enum Next: Sendable {
    case piece(Piece)
    case end(Ending)
    /// Nothing is there yet.
    case nothing
    /// The sequencer has gone.
    case abandoned
  }

  static let piecesMax = 4

  // Safe: as in `JobQueue`.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var pieces: [Piece] = []
  private var taken = 0
  private var ending: Ending?
  private var isAbandoned = false
  private let wakeCopier: @Sendable () -> Void

  /// - Parameter wakeCopier: called when there is room again.
  init(wakeCopier: @escaping @Sendable () -> Void) {
    self.wakeCopier = wakeCopier
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// How many pieces the copier may add. The copier's thread.
  var room: Int { withLock { isAbandoned ? 0 : Self.piecesMax - (pieces.count - taken) } }

  /// Whether nobody takes pieces any more. Any thread.
  var isGivenUp: Bool { withLock { isAbandoned } }

  func put(_ piece: Piece) {
    withLock {
      pieces.append(piece)
      unsafe pthread_cond_signal(condition)
    }
  }

  func end(_ ending: Ending) {
    withLock {
      self.ending = ending
      unsafe pthread_cond_signal(condition)
    }
  }

  /// Either side: the other finds out.
  func abandon() {
    withLock {
      isAbandoned = true
      pieces = []
      taken = 0
      unsafe pthread_cond_signal(condition)
    }
    wakeCopier()
  }

  /// The writer's thread.
  ///
  /// - Parameter waits: whether to wait for something to be there.
  func next(waits: Bool) -> Next {
    let next: Next = withLock {
      while true {
        if isAbandoned { return .abandoned }
        if taken < pieces.count { return .piece(takePiece()) }
        if let ending { return .end(ending) }
        if !waits { return .nothing }
        unsafe pthread_cond_wait(condition, mutex)
      }
    }
    if case .piece = next { wakeCopier() }
    return next
  }

  private func takePiece() -> Piece {
    let piece = pieces[taken]
    taken += 1
    if taken == pieces.count {
      pieces.removeAll(keepingCapacity: true)
      taken = 0
    }
    return piece
  }

  private func withLock<Result>(_ body: () -> Result) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return body()
  }
}

/// The sections of a snapshot's file.
public enum SnapshotSection: UInt32, Sendable {
  /// 64-byte account records; the group is the shard.
  case accounts = 1
  /// 40-byte entries of sources, by slot; group 0.
  case sources = 2
  /// `StateOutline`, once, at the end; group 0.
  case outline = 3
}
