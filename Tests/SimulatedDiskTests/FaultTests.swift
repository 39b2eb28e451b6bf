import CommandLog
import SimulatedDisk
import Testing

/// Calls that fail as they are told to, the plain errors, counts, and what rots.
@Suite struct FaultTests {
  static func kind(_ body: () throws -> Void) -> DiskError.Kind? {
    do {
      try body()
      return nil
    } catch { return (error as? DiskError)?.kind }
  }

  @Test(arguments: [
    (Fault.storage, DiskError.Kind.storage), (.noSpace, .noSpace), (.denied, .denied),
    (.readOnly, .readOnly),
  ])
  func aCallThatFailsDoesNothing(_ fault: Fault, kind: DiskError.Kind) throws {
    let disk = SimulatedDisk(seed: 1)
    disk.plant([1, 2, 3], as: "a")
    let file = try disk.open("a", for: .writing)
    let calls: [() throws -> Void] = [
      { _ = try disk.names() }, { _ = try disk.open("a", for: .reading) },
      { _ = try disk.create("b") }, { try disk.rename("a", to: "b") }, { try disk.remove("a") },
      { try disk.syncDirectory() }, { _ = try disk.freeBytes() }, { _ = try file.sizeBytes },
      {
        var bytes: [UInt8] = []
        _ = try file.read(1, at: 0, into: &bytes)
      }, { try file.write([9].span, at: 0) }, { try file.allocate(10) }, { try file.sync() },
    ]
    for call in calls {
      disk.fail(call: 1, with: fault)
      #expect(Self.kind(call) == kind)
      #expect(disk.fileNames == ["a"])
      #expect(disk.contents(of: "a") == [1, 2, 3])
    }
    #expect(disk.callCount == calls.count + 1)
  }

  @Test(arguments: [
    (Fault.shortWrite, DiskError.Kind.storage, 0...3), (.shortOfRoom, .noSpace, 0...4),
  ])
  func aShortWriteLeavesTheBeginning(
    _ fault: Fault, kind: DiskError.Kind, left: ClosedRange<Int>
  ) throws {
    var lengths: Set<Int> = []
    for seed in 0..<60 as Range<UInt64> {
      let disk = SimulatedDisk(seed: seed)
      let file = try disk.create("a")
      disk.fail(call: 1, with: fault)
      #expect(Self.kind { try file.write([1, 2, 3, 4].span, at: 0) } == kind)
      let bytes = try #require(disk.contents(of: "a"))
      #expect(bytes == Array([1, 2, 3, 4].prefix(bytes.count)))
      lengths.insert(bytes.count)
    }
    #expect(lengths == Set(left))
  }

  @Test func aLateFaultComesWhenAllIsDone() throws {
    let disk = SimulatedDisk(seed: 1)
    disk.fail(call: 1, of: .create, with: .late)
    #expect(Self.kind { _ = try disk.create("a") } == .storage)
    #expect(disk.fileNames == ["a"])
    let file = try disk.open("a", for: .writing)
    try file.write([1].span, at: 0)
    disk.fail(call: 1, with: .late)
    #expect(Self.kind { try file.sync() } == .storage)
    #expect(disk.durableContents(of: "a") == [1])
  }

  @Test func aMachineThatHaltsAnswersNothingUntilItStartsAgain() throws {
    var done = 0
    for seed in 0..<40 as Range<UInt64> {
      let disk = SimulatedDisk(seed: seed)
      disk.fail(call: 2, with: .halt)
      _ = try disk.create("a")
      #expect(Self.kind { _ = try disk.create("b") } == .storage)
      #expect(disk.isHalted)
      #expect(Self.kind { _ = try disk.names() } == .storage)
      disk.crash()
      #expect(!disk.isHalted)
      done += try disk.names().count - 1
    }
    #expect((5...35).contains(done))
  }

  @Test func faultsAtRandomComeAboutAsOftenAsAsked() throws {
    let disk = SimulatedDisk(seed: 9)
    disk.failAtRandom(perMille: 100, with: [.storage, .noSpace])
    let kinds = (0..<2000).compactMap { _ in Self.kind { _ = try disk.names() } }
    #expect((150...250).contains(kinds.count))
    #expect((70...130).contains(kinds.count { $0 == .noSpace }))
    disk.clearFaults()
    #expect(Self.kind { _ = try disk.names() } == nil)
  }

  @Test func aFullDiskTakesWhatFitsAndSaysSo() throws {
    let disk = SimulatedDisk(seed: 1)
    disk.capacityBytes = 10
    let file = try disk.create("a")
    #expect(try disk.freeBytes() == 10)
    try file.write([1, 2, 3, 4].span, at: 0)
    #expect(try disk.freeBytes() == 6)
    #expect(Self.kind { try file.allocate(11) } == .noSpace)
    #expect(Self.kind { try file.write([5, 6, 7, 8].span, at: 8) } == .noSpace)
    #expect(disk.contents(of: "a") == [1, 2, 3, 4, 0, 0, 0, 0, 5, 6])
    // What is there may be written over.
    try file.write([9].span, at: 0)
    try disk.remove("a")
    #expect(try disk.freeBytes() == 10)
  }

  @Test func plainErrorsAreThoseOfAFileSystem() throws {
    let disk = SimulatedDisk(seed: 1)
    disk.plant([1], as: "a")
    #expect(Self.kind { _ = try disk.open("b", for: .reading) } == .missing)
    #expect(Self.kind { _ = try disk.create("a") } == .exists)
    #expect(Self.kind { try disk.rename("b", to: "c") } == .missing)
    #expect(Self.kind { try disk.remove("b") } == .missing)
    let file = try disk.open("a", for: .reading)
    #expect(Self.kind { try file.write([1].span, at: 0) } == .storage)
    var buffer: [UInt8] = []
    #expect(try file.read(8, at: 0, into: &buffer) == 1)
    #expect(buffer.count == 8)
    #expect(try file.read(8, at: 5, into: &buffer) == 0)
  }

  @Test func callsAreCountedByOperation() throws {
    let disk = SimulatedDisk(seed: 1)
    let file = try disk.create("a")
    try file.write([1].span, at: 0)
    try file.write([1].span, at: 1)
    try file.sync()
    #expect(disk.callCount == 4)
    #expect(disk.callCount(of: .write) == 2)
    #expect(disk.callCount(of: .sync) == 1)
    #expect(disk.forked(seed: 2).callCount == 0)
  }

  @Test func whatRotsRotsOnTheDiskToo() throws {
    let disk = SimulatedDisk(seed: 1)
    disk.plant([0, 0, 0, 0], as: "a")
    disk.flipBit(9, of: "a")
    #expect(disk.contents(of: "a") == [0, 2, 0, 0])
    disk.overwrite(2, of: "a", with: [5, 6, 7])
    #expect(disk.contents(of: "a") == [0, 2, 5, 6])
    disk.zero(1..<3, of: "a")
    disk.truncate("a", to: 2)
    #expect(disk.durableContents(of: "a") == [0, 0])
    disk.delete("a")
    disk.powerCut(.keepsAll)
    #expect(disk.fileNames == [])
  }

  @Test func aForkIsAnotherDirectory() throws {
    let disk = SimulatedDisk(seed: 1)
    disk.plant([1], as: "a")
    let fork = disk.forked(seed: 1)
    fork.delete("a")
    #expect(disk.fileNames == ["a"])
  }

  @Test func theLiesAreLies() throws {
    let disk = SimulatedDisk(seed: 1)
    disk.skipsSync = true
    disk.forgetsDirectorySync = true
    disk.plant([], as: "a")
    let file = try disk.open("a", for: .writing)
    try file.write([1].span, at: 0)
    try file.sync()
    _ = try disk.create("b")
    try disk.syncDirectory()
    #expect(disk.durableContents(of: "a") == [])
    #expect(disk.durableFileNames == ["a"])
  }
}
