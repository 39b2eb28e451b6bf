import CommandLog
import Synchronization

/// What all values that stand for one directory share.
final class Machine: Sendable {
  let state: Mutex<MachineState>

  init(_ state: MachineState) { self.state = Mutex(state) }

  /// Carries out a call, or fails it as the faults say.
  func perform<Result: Sendable>(
    _ call: Call, _ body: (inout MachineState) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    try state.withLock { state throws(DiskError) in
      let fault = try state.begin(call)
      if let fault, fault != .late { throw state.failure(fault, call) }
      let result = try body(&state)
      if let fault { throw state.failure(fault, call) }
      return result
    }
  }
}

/// A file, whatever its names.
struct Inode {
  /// What reads see.
  var cached: [UInt8] = []
  /// What is on the disk.
  var durable: [UInt8] = []
  /// In the order they were made.
  var unsynced: [FileChange] = []

  /// Reads see the disk from now on, with what is still to be written to it.
  mutating func dropCache() {
    cached = durable
    for change in unsynced { change.apply(to: &cached) }
  }
}

/// A change of a file that no sync has reached.
enum FileChange {
  case write(offset: Int, [UInt8])
  case extend(sizeBytes: Int)

  func apply(to bytes: inout [UInt8]) {
    switch self {
    case .write(let offset, let written): bytes.put(written[...], at: offset)
    case .extend(let sizeBytes): bytes.extend(to: sizeBytes)
    }
  }
}

/// A change of the directory that no sync has reached.
enum NameChange {
  case create(String, Int)
  case rename(String, String, Int)
  case remove(String)

  func apply(to names: inout [String: Int]) {
    switch self {
    case .create(let name, let inode): names[name] = inode
    case .rename(let old, let new, let inode):
      // The old name may have been kept for another file meanwhile.
      if names[old] == inode { names[old] = nil }
      names[new] = inode
    case .remove(let name): names[name] = nil
    }
  }
}

/// The directory, its files, and what is going to happen to them.
struct MachineState {
  var random: SplitMix64
  var inodes: [Inode] = []
  var names: [String: Int] = [:]
  var durableNames: [String: Int] = [:]
  var unsyncedNames: [NameChange] = []
  /// Raised by every crash and power cut.
  var boot = 0
  /// Whether a halt came: every call fails until a crash or a power cut.
  var isHalted = false
  var faults = Faults()
  var capacityBytes: Int?
  var skipsSync = false
  var unsyncedPrefix = ""
  var forgetsDirectorySync = false
  var calls: [DiskError.Operation: Int] = [:]
  var callCount = 0

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  var freeBytes: Int {
    guard let capacityBytes else { return 1 << 50 }
    return max(0, capacityBytes - names.values.reduce(0) { $0 + inodes[$1].cached.count })
  }

  mutating func change(_ change: NameChange) {
    change.apply(to: &names)
    unsyncedNames.append(change)
  }

  mutating func syncDirectory() {
    if forgetsDirectorySync { return }
    for change in unsyncedNames { change.apply(to: &durableNames) }
    unsyncedNames = []
  }

  mutating func write(
    _ bytes: [UInt8], at offset: Int, _ inode: Int, _ call: Call
  ) throws(DiskError) {
    let growth = max(0, offset + bytes.count - inodes[inode].cached.count)
    let missing = max(0, growth - freeBytes)
    change(.write(offset: offset, Array(bytes.dropLast(missing))), inode)
    if missing > 0 { throw call.error(.noSpace) }
  }

  mutating func allocate(_ sizeBytes: Int, _ inode: Int, _ call: Call) throws(DiskError) {
    if sizeBytes - inodes[inode].cached.count > freeBytes { throw call.error(.noSpace) }
    change(.extend(sizeBytes: sizeBytes), inode)
  }

  private mutating func change(_ change: FileChange, _ inode: Int) {
    change.apply(to: &inodes[inode].cached)
    inodes[inode].unsynced.append(change)
  }

  mutating func sync(_ inode: Int) {
    if skipsSync { return }
    for change in inodes[inode].unsynced { change.apply(to: &inodes[inode].durable) }
    inodes[inode].unsynced = []
  }

  /// What Linux does when it cannot write: the pages count as written, reads see
  /// them, and the disk has all, some or none of them.
  mutating func forgetUnsynced(_ inode: Int) {
    let losses = random.chance(perMille: 500) ? Losses.all : Losses(&random)
    losses.settle(&inodes[inode], &random)
  }
}

extension [UInt8] {
  mutating func extend(to sizeBytes: Int) {
    if count < sizeBytes { append(contentsOf: repeatElement(0, count: sizeBytes - count)) }
  }

  mutating func put(_ bytes: ArraySlice<UInt8>, at offset: Int) {
    if bytes.isEmpty { return }
    extend(to: offset + bytes.count)
    replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }
}
