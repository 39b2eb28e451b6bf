import CommandLog

/// An open file of a `SimulatedDisk`; every call fails once the process that
/// opened it has ended.
package final class SimulatedFile: DiskFile {
  private let machine: Machine
  private let inode: Int
  private let boot: Int
  private let name: String
  private let access: DiskAccess

  init(_ machine: Machine, inode: Int, boot: Int, name: String, _ access: DiskAccess) {
    self.machine = machine
    self.inode = inode
    self.boot = boot
    self.name = name
    self.access = access
  }

  package var sizeBytes: Int {
    get throws(DiskError) {
      let inode = inode
      return try machine.perform(call(.read)) { state throws(DiskError) in
        state.inodes[inode].cached.count
      }
    }
  }

  package func read(
    _ count: Int, at offset: Int, into buffer: inout [UInt8]
  ) throws(DiskError) -> Int {
    let inode = inode
    let bytes = try machine.perform(call(.read, offset)) { state throws(DiskError) in
      let cached = state.inodes[inode].cached
      let start = min(offset, cached.count)
      return cached[start..<min(start + count, cached.count)]
    }
    if buffer.count < count {
      buffer.append(contentsOf: repeatElement(0, count: count - buffer.count))
    }
    buffer.replaceSubrange(0..<bytes.count, with: bytes)
    return bytes.count
  }

  package func write(_ bytes: Span<UInt8>, at offset: Int) throws(DiskError) {
    let call = try changing(.write, offset)
    // Safe: copied within the closure.
    let bytes = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
    let inode = inode
    try machine.state.withLock { state throws(DiskError) in
      let fault = try state.begin(call)
      var bytes = bytes
      switch fault {
      case .shortWrite where !bytes.isEmpty: bytes.removeLast(1 + state.random.below(bytes.count))
      case .shortOfRoom: bytes.removeLast(state.random.below(bytes.count + 1))
      case .storage, .noSpace, .denied, .readOnly, .halt: bytes = []
      case nil, .late, .shortWrite: break
      }
      if !bytes.isEmpty { try state.write(bytes, at: offset, inode, call) }
      if let fault { throw state.failure(fault, call) }
    }
  }

  package func allocate(_ sizeBytes: Int) throws(DiskError) {
    let call = try changing(.allocate, nil)
    let inode = inode
    try machine.perform(call) { state throws(DiskError) in
      try state.allocate(sizeBytes, inode, call)
    }
  }

  package func sync() throws(DiskError) {
    let inode = inode
    let (call, name) = (call(.sync), name)
    try machine.state.withLock { state throws(DiskError) in
      let fault = try state.begin(call)
      if fault == nil || fault == .late {
        let isSkipped = !state.unsyncedPrefix.isEmpty && name.hasPrefix(state.unsyncedPrefix)
        if !isSkipped { state.sync(inode) }
      } else if fault != .halt {
        state.forgetUnsynced(inode)
      }
      if let fault { throw state.failure(fault, call) }
    }
  }

  package func dropCache() {
    let inode = inode
    machine.state.withLock { $0.inodes[inode].dropCache() }
  }

  private func call(_ operation: DiskError.Operation, _ offset: Int? = nil) -> Call {
    Call(operation: operation, name: name, boot: boot, offset: offset)
  }

  private func changing(
    _ operation: DiskError.Operation, _ offset: Int?
  ) throws(DiskError) -> Call {
    let call = call(operation, offset)
    if access == .reading { throw call.error(.storage, "the file is open for reading only") }
    return call
  }
}
