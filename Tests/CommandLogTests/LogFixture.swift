import CommandLog
import ForgedStore
import SimulatedDisk
import Synchronization
import Testing

/// A group as it was appended or read.
struct Entry: Equatable, Sendable {
  let first: UInt64
  let count: Int
  let payload: [UInt8]

  var last: UInt64 { first + UInt64(count) - 1 }
}

/// A clock that stands until it is moved.
final class ManualClock: Sendable {
  private let nanoseconds = Atomic<UInt64>(1_000_000_000)

  func advance(milliseconds: UInt64) {
    nanoseconds.add(milliseconds * 1_000_000, ordering: .relaxed)
  }

  var log: LogClock {
    LogClock(
      monotonicNanoseconds: { self.nanoseconds.load(ordering: .relaxed) },
      wallSeconds: { ForgedIdentity.createdAt })
  }
}

/// A log, opened, and what recovery read.
struct OpenLog<Storage: Disk> {
  let log: SegmentedLog<Storage>
  let entries: [Entry]
  let tornTail: TornTail?
}

/// How the tests open logs.
struct LogSettings {
  var segmentBytes = 16 << 10
  var durability = Durability.always
  var reserveBytes = 0
  var rules = ForgedIdentity.rules
  var clock = ManualClock()

  func recover<Storage: Disk>(
    _ disk: Storage, after position: UInt64 = 0, for access: DiskAccess = .writing
  ) throws -> (end: LogEnd<Storage>, entries: [Entry]) {
    var entries: [Entry] = []
    let recovery = LogRecovery(
      disk, identity: ForgedIdentity.identity, rules: rules, for: access)
    let end = try recovery.run(after: position) { group, body in
      entries.append(
        Entry(
          first: group.firstPosition, count: group.count,
          payload: Array(body.prefix(group.bodyBytes))))
    }
    return (end, entries)
  }

  /// Begins a log in a directory without one, and goes on with one that is there.
  func open<Storage: Disk>(_ disk: Storage, after position: UInt64 = 0) throws -> OpenLog<Storage> {
    let isNew = try position == 0 && disk.segmentPositions().isEmpty
    let (end, entries) =
      try isNew ? (LogEnd<Storage>(), []) : recover(disk, after: position)
    let log = SegmentedLog(
      disk, identity: ForgedIdentity.identity, rules: rules, resuming: end,
      options: .init(
        segmentBytes: segmentBytes, durability: durability, reserveBytes: reserveBytes),
      clock: clock.log)
    return OpenLog(log: log, entries: entries, tornTail: end.tornTail)
  }

  /// The fault that recovery ends with; nil = none.
  func fault(_ disk: some Disk, after position: UInt64 = 0) -> StoreFault? {
    do {
      _ = try recover(disk, after: position)
      return nil
    } catch { return error as? StoreFault }
  }
}

extension SegmentedLog {
  /// Appends `payload(nextPosition)`.
  @discardableResult
  func append(_ position: UInt64, bytes: Int = 40, count: Int = 1) throws -> Entry {
    let body = payload(position, bytes: bytes)
    let first = try append(body, count: count)
    #expect(first == position)
    return Entry(first: first, count: count, payload: body)
  }
}

extension SimulatedDisk {
  /// A log of such segments, one behind the other.
  func plant(_ segments: [ForgedSegment]) {
    var chain: UInt32?
    for var segment in segments {
      if let chain { segment.chain = chain }
      let forged = segment.forge()
      plant(forged.bytes, as: segment.name)
      chain = forged.chain
    }
  }

  var segmentNames: [String] {
    fileNames.filter { FileNames.segmentPosition($0) != nil }
  }

  var asideNames: [String] { fileNames.filter { $0.hasPrefix(FileNames.asidePrefix) } }
}
