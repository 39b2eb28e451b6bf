import CommandLog

/// What a power cut does to what was not synced.
package enum PowerCutFate: Sendable {
  /// Each sector of each write and each change of a name is kept, lost or
  /// (sectors) spoiled, as the seed has it.
  case seeded
  /// All of it is lost.
  case losesAll
  /// All of it is kept.
  case keepsAll
}

extension SimulatedDisk {
  /// The process is killed: what it wrote is with the system, synced or not.
  /// Its open files and its `process` value are dead.
  package func crash() {
    machine.state.withLock { state in
      state.restart()
      state.dropUnreachable()
    }
  }

  /// The power goes: only what is durable is left, and of the rest what `fate`
  /// says. Every name leads to the file it led to before or after some change.
  package func powerCut(_ fate: PowerCutFate = .seeded) {
    machine.state.withLock { state in
      let losses =
        switch fate {
        case .seeded: Losses(&state.random)
        case .losesAll: Losses.all
        case .keepsAll: Losses.none
        }
      for index in state.inodes.indices { losses.settle(&state.inodes[index], &state.random) }
      for index in state.inodes.indices { state.inodes[index].dropCache() }
      for change in state.unsyncedNames where state.random.chance(perMille: losses.namesKept) {
        change.apply(to: &state.durableNames)
      }
      state.unsyncedNames = []
      state.names = state.durableNames
      state.restart()
      state.dropUnreachable()
    }
  }
}

extension MachineState {
  mutating func restart() {
    boot += 1
    isHalted = false
  }

  /// Forgets the bytes of files that no name leads to.
  mutating func dropUnreachable() {
    var reachable = Set(names.values).union(durableNames.values)
    for case .create(_, let inode) in unsyncedNames { reachable.insert(inode) }
    for case .rename(_, _, let inode) in unsyncedNames { reachable.insert(inode) }
    for index in inodes.indices where !reachable.contains(index) { inodes[index] = Inode() }
  }
}

/// How much is lost of what was not synced, of a thousand.
struct Losses {
  /// What a disk writes as one: torn writes are torn here.
  static let sectorBytes = 512

  var sectorsKept: Int
  var sectorsSpoiled: Int
  var namesKept: Int

  static let all = Losses(sectorsKept: 0, sectorsSpoiled: 0, namesKept: 0)
  static let none = Losses(sectorsKept: 1000, sectorsSpoiled: 0, namesKept: 1000)

  init(sectorsKept: Int, sectorsSpoiled: Int, namesKept: Int) {
    self.sectorsKept = sectorsKept
    self.sectorsSpoiled = sectorsSpoiled
    self.namesKept = namesKept
  }

  /// Of one power cut. Those that keep all or nothing are not too rare.
  init(_ random: inout SplitMix64) {
    let kept = [0, 50, 500, 900, 990, 1000]
    sectorsKept = kept[random.below(kept.count)]
    sectorsSpoiled = random.chance(perMille: 300) ? 50 : 0
    namesKept = kept[random.below(kept.count)]
  }

  /// Decides about everything unsynced of a file. What reads see stays as it is.
  func settle(_ inode: inout Inode, _ random: inout SplitMix64) {
    for change in inode.unsynced {
      switch change {
      case .extend: if random.chance(perMille: sectorsKept) { change.apply(to: &inode.durable) }
      case .write(let offset, let bytes):
        settle(bytes, at: offset, &inode.durable, &random)
      }
    }
    inode.unsynced = []
  }

  private func settle(
    _ bytes: [UInt8], at offset: Int, _ durable: inout [UInt8], _ random: inout SplitMix64
  ) {
    // The file's new size may be noted without its new bytes.
    if random.chance(perMille: sectorsKept / 2) { durable.extend(to: offset + bytes.count) }
    var start = 0
    while start < bytes.count {
      let sector = (offset + start) / Self.sectorBytes * Self.sectorBytes
      let end = min(bytes.count, sector + Self.sectorBytes - offset)
      if random.chance(perMille: sectorsSpoiled) {
        let reach = max(min(durable.count, sector + Self.sectorBytes), offset + end)
        durable.put(random.bytes(reach - sector)[...], at: sector)
      } else if random.chance(perMille: sectorsKept) {
        durable.put(bytes[start..<end], at: offset + start)
      }
      start = end
    }
  }
}
