import CommandLog

/// What lies on the disk, and what rots there. No call of `Disk`: nothing is
/// counted and nothing fails.
extension SimulatedDisk {
  /// Names that reads see, sorted.
  package var fileNames: [String] { machine.state.withLock { $0.names.keys.sorted() } }

  /// Names that a power cut leaves, whatever its fate, sorted.
  package var durableFileNames: [String] {
    machine.state.withLock { $0.durableNames.keys.sorted() }
  }

  /// What reads see; nil without such a file.
  package func contents(of name: String) -> [UInt8]? {
    machine.state.withLock { state in state.names[name].map { state.inodes[$0].cached } }
  }

  /// What was synced of the file that has this name now.
  package func durableContents(of name: String) -> [UInt8]? {
    machine.state.withLock { state in state.names[name].map { state.inodes[$0].durable } }
  }

  /// Puts a file there, durable, in place of the one that has the name.
  package func plant(_ bytes: [UInt8], as name: String) {
    machine.state.withLock { state in
      state.inodes.append(Inode(cached: bytes, durable: bytes))
      state.names[name] = state.inodes.count - 1
      state.durableNames[name] = state.inodes.count - 1
    }
  }

  /// Turns one bit of a file over, on the disk and for reads.
  package func flipBit(_ bit: Int, of name: String) {
    rot(name) { bytes in
      if bit / 8 < bytes.count { bytes[bit / 8] ^= 1 << UInt8(bit % 8) }
    }
  }

  /// Puts zeros in place of what was written.
  package func zero(_ range: Range<Int>, of name: String) {
    overwrite(range.lowerBound, of: name, with: [UInt8](repeating: 0, count: range.count))
  }

  /// Puts other bytes in place of what was written. The file does not grow.
  package func overwrite(_ offset: Int, of name: String, with new: [UInt8]) {
    rot(name) { bytes in
      let start = min(offset, bytes.count)
      bytes.put(new.prefix(bytes.count - start), at: start)
    }
  }

  /// Cuts a file short.
  package func truncate(_ name: String, to sizeBytes: Int) {
    rot(name) { bytes in bytes.removeLast(max(0, bytes.count - sizeBytes)) }
  }

  /// Removes a file for good.
  package func delete(_ name: String) {
    machine.state.withLock { state in
      state.names[name] = nil
      state.durableNames[name] = nil
    }
  }

  private func rot(_ name: String, _ body: (inout [UInt8]) -> Void) {
    machine.state.withLock { state in
      guard let inode = state.names[name] else { return }
      body(&state.inodes[inode].cached)
      body(&state.inodes[inode].durable)
    }
  }
}
