// A directory on a disk that exists in memory only and can be treated badly.
//
// For: power cuts, killed processes, calls that fail and bytes that rot, each the
// same again for the same seed and the same calls. Not for: speed, or several
// directories. A file has what reads see (its cached bytes) and what a power cut
// leaves (its durable bytes); a directory has the same of its names.

import CommandLog
import Synchronization

/// A simulated directory. Copies of the value are the same directory; see
/// `forked` for another with the same contents.
///
/// Calls of several threads are taken one at a time; what a seed brings about is
/// the same again only if their order is.
package struct SimulatedDisk: Disk {
  let machine: Machine
  /// The boot that this value belongs to; nil = any.
  private let boot: Int?

  /// An empty directory.
  package init(seed: UInt64 = 0) {
    self.init(machine: Machine(MachineState(seed: seed)), boot: nil)
  }

  private init(machine: Machine, boot: Int?) {
    self.machine = machine
    self.boot = boot
  }

  /// The disk as a process has it that starts now: every call fails once
  /// `crash` or `powerCut` ended that process. `self` lives on.
  package func process() -> SimulatedDisk {
    SimulatedDisk(machine: machine, boot: machine.state.withLock { $0.boot })
  }

  /// Another directory with the same contents, unsynced ones too, without faults to come.
  package func forked(seed: UInt64) -> SimulatedDisk {
    var state = machine.state.withLock { $0 }
    state.random = SplitMix64(seed: seed)
    state.faults = Faults()
    state.calls = [:]
    state.callCount = 0
    return SimulatedDisk(machine: Machine(state), boot: nil)
  }

  // MARK: Disk

  package func names() throws(DiskError) -> [String] {
    try perform(.list, "") { state throws(DiskError) in state.names.keys.sorted() }
  }

  package func open(_ name: String, for access: DiskAccess) throws(DiskError) -> SimulatedFile {
    try file(
      access,
      try perform(.open, name) { state throws(DiskError) in
        guard let inode = state.names[name] else { throw .simulated(.open, name, .missing) }
        return (inode, state.boot)
      }, name)
  }

  package func create(_ name: String) throws(DiskError) -> SimulatedFile {
    try file(
      .writing,
      try perform(.create, name) { state throws(DiskError) in
        if state.names[name] != nil { throw .simulated(.create, name, .exists) }
        state.inodes.append(Inode())
        let inode = state.inodes.count - 1
        state.change(.create(name, inode))
        return (inode, state.boot)
      }, name)
  }

  package func rename(_ name: String, to newName: String) throws(DiskError) {
    try perform(.rename, name) { state throws(DiskError) in
      guard let inode = state.names[name] else { throw .simulated(.rename, name, .missing) }
      state.change(.rename(name, newName, inode))
    }
  }

  package func remove(_ name: String) throws(DiskError) {
    try perform(.remove, name) { state throws(DiskError) in
      if state.names[name] == nil { throw .simulated(.remove, name, .missing) }
      state.change(.remove(name))
    }
  }

  package func syncDirectory() throws(DiskError) {
    try perform(.syncDirectory, "") { state throws(DiskError) in state.syncDirectory() }
  }

  package func freeBytes() throws(DiskError) -> Int {
    try perform(.freeSpace, "") { state throws(DiskError) in state.freeBytes }
  }

  package func path(of name: String) -> String { DiskError.path(name) }

  private func file(
    _ access: DiskAccess, _ opened: (inode: Int, boot: Int), _ name: String
  ) throws(DiskError) -> SimulatedFile {
    SimulatedFile(machine, inode: opened.inode, boot: opened.boot, name: name, access)
  }

  private func perform<Result: Sendable>(
    _ operation: DiskError.Operation, _ name: String,
    _ body: (inout MachineState) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    try machine.perform(Call(operation: operation, name: name, boot: boot), body)
  }
}

/// What one call to a disk asks for.
struct Call {
  let operation: DiskError.Operation
  let name: String
  /// The boot that the caller belongs to; nil = any.
  let boot: Int?
  var offset: Int?

  func error(_ kind: DiskError.Kind, _ reason: String? = nil) -> DiskError {
    .simulated(operation, name, kind, offset: offset, reason)
  }
}

extension DiskError {
  static func path(_ name: String) -> String { name.isEmpty ? "/simulated" : "/simulated/" + name }

  static func simulated(
    _ operation: Operation, _ name: String, _ kind: Kind, offset: Int? = nil,
    _ reason: String? = nil
  ) -> DiskError {
    DiskError(
      operation, file: path(name), offset: offset, kind: kind, reason: reason ?? "simulated \(kind)"
    )
  }
}
