import CommandLog
import Glibc
import Synchronization

/// Pieces of one snapshot on their way from the sequencer, which copies them, to
/// the housekeeper, which writes them.
///
/// A ring for one writer and one reader, without a lock: the housekeeper gives
/// way to all other threads, and nobody may have to wait for what it holds. The
/// memory is the ring's, taken and freed by the reader's thread: eight pieces,
/// and the last step's.
/// Source: Lamport, Specifying Concurrent Program Modules, TOPLAS 1983.
@safe package final class SnapshotChannel: @unchecked Sendable {
  /// Records or entries of one kind, of one shard.
  package struct Piece: Sendable {
    package var section: SnapshotSection
    package var group: UInt32
    package var itemCount: Int
    package var bytes: [UInt8]

    package init(section: SnapshotSection, group: UInt32, itemCount: Int, bytes: [UInt8]) {
      self.section = section
      self.group = group
      self.itemCount = itemCount
      self.bytes = bytes
    }
  }

  /// What the copier knows at the end.
  package struct Ending: Sendable {
    /// Those of the last step.
    var pieces: [Piece]
    package var summary: SnapshotSummary
    var pauseNanosecondsMax: UInt64
    var accountCount: Int

    package init(
      pieces: [Piece], summary: SnapshotSummary, pauseNanosecondsMax: UInt64, accountCount: Int
    ) {
      self.pieces = pieces
      self.summary = summary
      self.pauseNanosecondsMax = pauseNanosecondsMax
      self.accountCount = accountCount
    }
  }

  package enum Next {
    /// To be followed by `advance`.
    case piece(Piece)
    case end(Ending)
    /// Nothing is there yet.
    case nothing
    /// The other side has given up.
    case abandoned
  }

  private enum State {
    static let open: UInt8 = 0
    static let ended: UInt8 = 1
    static let abandoned: UInt8 = 2
  }

  static let piecesMax = 8
  /// Between two looks of a reader that waits.
  private static let lookNanoseconds = 200_000

  // Safe: a slot belongs to the copier from `taken` to `filled` + `piecesMax`, to
  // the writer otherwise; `ending` is set before `state` says so.
  private let slots = UnsafeMutablePointer<Piece>.allocate(capacity: piecesMax)
  private let filled = Atomic<Int>(0)
  private let taken = Atomic<Int>(0)
  private let state = Atomic<UInt8>(State.open)
  private var ending: Ending?
  /// The reader's, among the pieces of the last step.
  private var lastTaken = 0

  /// - Parameter pieceBytesMax: memory of a slot.
  package init(pieceBytesMax: Int) {
    for index in 0..<Self.piecesMax {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(pieceBytesMax)
      let piece = Piece(section: .outline, group: 0, itemCount: 0, bytes: bytes)
      unsafe (slots + index).initialize(to: piece)
    }
  }

  deinit {
    unsafe slots.deinitialize(count: Self.piecesMax)
    unsafe slots.deallocate()
  }

  /// Either side: the other finds out.
  func abandon() { state.store(State.abandoned, ordering: .releasing) }

  // MARK: The copier's thread

  /// How many pieces may be put.
  package var room: Int {
    if state.load(ordering: .acquiring) != State.open { return 0 }
    let waiting = filled.load(ordering: .relaxed) - taken.load(ordering: .acquiring)
    return Self.piecesMax - waiting
  }

  /// Whether nobody takes pieces any more.
  var isGivenUp: Bool { state.load(ordering: .acquiring) == State.abandoned }

  /// Fills the next slot, whose `bytes` are empty and have memory.
  ///
  /// - Precondition: there is room.
  /// - Parameter fill: false if there was nothing to put.
  package func put(_ fill: (inout Piece) -> Bool) {
    let index = filled.load(ordering: .relaxed)
    let slot = unsafe slots + index % Self.piecesMax
    unsafe slot.pointee.bytes.removeAll(keepingCapacity: true)
    if unsafe fill(&slot.pointee) { filled.store(index + 1, ordering: .releasing) }
  }

  /// Nothing is put behind it.
  package func end(_ ending: Ending) {
    self.ending = ending
    _ = state.compareExchange(
      expected: State.open, desired: State.ended, ordering: .releasing)
  }

  // MARK: The writer's thread

  /// What is to be written next.
  ///
  /// - Parameter waits: whether to wait for something to be there.
  package func next(waits: Bool) -> Next {
    while true {
      // Before `filled`: what was put before the end is then seen.
      let state = state.load(ordering: .acquiring)
      if state == State.abandoned { return .abandoned }
      let index = taken.load(ordering: .relaxed)
      if index < filled.load(ordering: .acquiring) {
        return unsafe .piece(slots[index % Self.piecesMax])
      }
      if state == State.ended, let ending {
        return lastTaken < ending.pieces.count ? .piece(ending.pieces[lastTaken]) : .end(ending)
      }
      if !waits { return .nothing }
      var time = timespec(tv_sec: 0, tv_nsec: Self.lookNanoseconds)
      unsafe nanosleep(&time, nil)
    }
  }

  /// The piece is written: its slot may be filled again.
  package func advance() {
    let index = taken.load(ordering: .relaxed)
    if index < filled.load(ordering: .acquiring) {
      taken.store(index + 1, ordering: .releasing)
    } else {
      lastTaken += 1
    }
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
  /// Numbered records of the desk, `copiedBytes` each; group 0.
  case claims = 4
  case notes = 5
  case orders = 6
  case reservations = 7
  /// A policy's document each: position 8, bytes 8, text; group 0.
  case policies = 8
  /// 32-byte changes of accounts, in the order of their numbers; group 0.
  case changes = 9
}
