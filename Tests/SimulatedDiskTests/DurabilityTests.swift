import CommandLog
import SimulatedDisk
import Testing

/// What is left of files and names after a crash and after a power cut.
@Suite struct DurabilityTests {
  static let block = [UInt8](repeating: 7, count: 4096)

  /// A disk with one file of four zero blocks, all of it durable.
  static func disk(seed: UInt64 = 1) throws -> (SimulatedDisk, SimulatedFile) {
    let disk = SimulatedDisk(seed: seed)
    let file = try disk.create("a")
    try file.allocate(4 * 4096)
    try file.sync()
    try disk.syncDirectory()
    return (disk, file)
  }

  @Test func aCrashKeepsWhatWasWrittenAndEndsOpenFiles() throws {
    let (disk, file) = try Self.disk()
    let process = disk.process()
    try file.write(Self.block.span, at: 4096)
    disk.crash()
    #expect(throws: DiskError.self) { try file.sync() }
    #expect(throws: DiskError.self) { try process.names() }
    var bytes: [UInt8] = []
    #expect(try disk.open("a", for: .reading).read(4096, at: 4096, into: &bytes) == 4096)
    #expect(bytes == Self.block)
    // Still not on the disk, though.
    disk.powerCut(.losesAll)
    #expect(disk.contents(of: "a") == [UInt8](repeating: 0, count: 4 * 4096))
  }

  @Test func whatWasSyncedOutlivesEveryPowerCut() throws {
    for seed in 0..<60 as Range<UInt64> {
      let (disk, file) = try Self.disk(seed: seed)
      try file.write(Self.block.span, at: 4096)
      try file.sync()
      try file.write(Self.block.span, at: 8192)
      disk.powerCut()
      let bytes = try #require(disk.contents(of: "a"))
      #expect(bytes[0..<4096].allSatisfy { $0 == 0 })
      #expect(Array(bytes[4096..<8192]) == Self.block)
      // The write that was not synced damages no block but its own.
      #expect(bytes[12288...].allSatisfy { $0 == 0 })
      #expect(bytes == disk.durableContents(of: "a"))
    }
  }

  @Test func anUnsyncedWriteIsKeptLostOrSpoiledSectorBySector() throws {
    var whole = 0
    var none = 0
    var torn = 0
    var spoiled = 0
    for seed in 0..<150 as Range<UInt64> {
      let (disk, file) = try Self.disk(seed: seed)
      try file.write(Self.block.span, at: 4096)
      disk.powerCut()
      let bytes = try #require(disk.contents(of: "a"))
      let sectors = stride(from: 4096, to: 8192, by: 512).map { Set(bytes[$0..<$0 + 512]) }
      if sectors.contains(where: { $0.count > 1 }) { spoiled += 1 }
      if sectors.allSatisfy({ $0 == [7] }) { whole += 1 }
      if sectors.allSatisfy({ $0 == [0] }) { none += 1 }
      if sectors.contains([7]) && sectors.contains([0]) { torn += 1 }
    }
    for count in [whole, none, torn, spoiled] { #expect(count > 4) }
  }

  @Test func theFatesThatAreAskedForComeAbout() throws {
    for fate in [PowerCutFate.losesAll, .keepsAll] {
      let (disk, file) = try Self.disk()
      try file.write(Self.block.span, at: 0)
      _ = try disk.create("b")
      disk.powerCut(fate)
      let isKept: Bool = if case .keepsAll = fate { true } else { false }
      #expect(disk.contents(of: "a")?.first == (isKept ? 7 : 0))
      #expect(disk.fileNames == (isKept ? ["a", "b"] : ["a"]))
    }
  }

  @Test func namesAreDurableOnlyAfterTheDirectoryWasSynced() throws {
    let disk = SimulatedDisk(seed: 3)
    let file = try disk.create("a")
    try file.write([1, 2, 3].span, at: 0)
    try file.sync()
    #expect(disk.durableFileNames == [])
    try disk.syncDirectory()
    try disk.rename("a", to: "b")
    #expect(disk.durableFileNames == ["a"])
    disk.powerCut(.losesAll)
    #expect(disk.fileNames == ["a"])
    #expect(disk.contents(of: "a") == [1, 2, 3])
  }

  /// A file renamed over another: afterwards there is the one or the other.
  @Test func aRenamedFileIsOldOrNew() throws {
    var seen: Set<[UInt8]> = []
    for seed in 0..<100 as Range<UInt64> {
      let disk = SimulatedDisk(seed: seed)
      disk.plant([1], as: "a")
      let file = try disk.create("draft")
      try file.write([2].span, at: 0)
      try file.sync()
      try disk.rename("draft", to: "a")
      disk.powerCut()
      let bytes = try #require(disk.contents(of: "a"))
      #expect(bytes == [1] || bytes == [2])
      seen.insert(bytes)
    }
    #expect(seen.count == 2)
  }

  @Test func changesOfNamesAreKeptOrLostEachByItself() throws {
    var seen: Set<[String]> = []
    for seed in 0..<300 as Range<UInt64> {
      let disk = SimulatedDisk(seed: seed)
      for name in ["a", "b", "c"] { disk.plant([], as: name) }
      for name in ["a", "b", "c"] { try disk.remove(name) }
      disk.powerCut()
      seen.insert(disk.fileNames)
    }
    #expect(seen.count == 8)
  }

  @Test func droppingTheCacheShowsTheDiskUnderWhatIsStillToBeWritten() throws {
    let (disk, file) = try Self.disk()
    try file.write(Self.block.span, at: 0)
    disk.failAll(.sync, with: .storage)
    #expect(throws: DiskError.self) { try file.sync() }
    disk.clearFaults()
    try file.write(Self.block.span, at: 4096)
    #expect(disk.contents(of: "a")?[0] == 7)
    file.dropCache()
    let bytes = try #require(disk.contents(of: "a"))
    #expect(Array(bytes[0..<4096]) == disk.durableContents(of: "a").map { Array($0[0..<4096]) })
    #expect(bytes[4096] == 7)
  }

  @Test func aFailedSyncLosesWhatItWasToWriteThoughReadsSeeIt() throws {
    var lost = 0
    for seed in 0..<50 as Range<UInt64> {
      let (disk, file) = try Self.disk(seed: seed)
      try file.write(Self.block.span, at: 0)
      disk.fail(call: 1, of: .sync, with: .storage)
      #expect(throws: DiskError.self) { try file.sync() }
      try file.sync()
      #expect(disk.contents(of: "a")?.prefix(4096) == Self.block[...])
      if disk.durableContents(of: "a")?.prefix(4096) != Self.block[...] { lost += 1 }
      try file.write(Self.block.span, at: 0)
      try file.sync()
      disk.powerCut()
      #expect(disk.contents(of: "a")?.prefix(4096) == Self.block[...])
    }
    #expect(lost > 25)
  }

  @Test func equalSeedsGiveEqualRemains() throws {
    func remains(_ seed: UInt64) throws -> [UInt8]? {
      let (disk, file) = try Self.disk(seed: seed)
      for offset in 0..<4 { try file.write(Self.block.span, at: offset * 4096) }
      disk.powerCut()
      return disk.contents(of: "a")
    }
    for seed in 0..<20 as Range<UInt64> { #expect(try remains(seed) == remains(seed)) }
    #expect(Set(try (0..<20 as Range<UInt64>).map(remains)).count > 8)
  }
}
