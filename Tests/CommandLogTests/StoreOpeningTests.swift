import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// A store is found, or made; and never made where one was.
@Suite struct StoreOpeningTests {
  static func open(
    _ disk: some Disk, mayCreate: Bool = true
  ) throws(StoreFault) -> (StoreIdentity, isNew: Bool) {
    try StoreOpening(
      disk, schema: ForgedIdentity.schema, rules: ForgedIdentity.rules, segmentBytes: 16 << 10,
      mayCreate: mayCreate, now: ForgedIdentity.createdAt
    ).identity()
  }

  static func fault(_ disk: some Disk, mayCreate: Bool = true) -> StoreFault? {
    do throws(StoreFault) {
      _ = try open(disk, mayCreate: mayCreate)
      return nil
    } catch { return error }
  }

  @Test func aStoreIsMadeOnce() throws {
    let disk = SimulatedDisk(seed: 1)
    #expect(Self.fault(disk, mayCreate: false)?.kind == .missing)
    #expect(disk.fileNames == [])
    let (made, isNew) = try Self.open(disk)
    #expect(isNew)
    #expect(made.schema == ForgedIdentity.schema)
    #expect(disk.fileNames == ["log-00000000000000000001.segment", "store"])
    disk.powerCut(.losesAll)
    let (found, isNewAgain) = try Self.open(disk, mayCreate: false)
    #expect(found == made)
    #expect(!isNewAgain)
    // Another directory, another store.
    #expect(try Self.open(SimulatedDisk()).0.identifier != made.identifier)
  }

  @Test func draftsAreRemoved() throws {
    let disk = SimulatedDisk()
    let made = try Self.open(disk).0
    for draft in FileNames.drafts { disk.plant([1], as: draft) }
    disk.plant([1], as: "of somebody else")
    #expect(try Self.open(disk).0 == made)
    #expect(
      disk.fileNames == ["log-00000000000000000001.segment", "of somebody else", "store"])
  }

  @Test(arguments: [
    "log-00000000000000000009.segment", "snapshot-00000000000000000009.snapshot", "aside-tail-1-1",
  ])
  func aStoreWithoutItsIdentityIsNotTakenForNone(stray: String) {
    let disk = SimulatedDisk()
    disk.plant([], as: stray)
    let fault = Self.fault(disk)
    #expect(fault?.kind == .missing)
    #expect(fault?.what.contains(stray) == true)
    #expect(disk.fileNames == [stray])
  }

  /// Every call of making a store fails in turn, in every way: then there is a
  /// whole store or none, and what is there opens.
  @Test(arguments: [Fault.storage, .shortWrite, .late, .halt, .noSpace])
  func everyCallInTurn(_ fault: Fault) throws {
    for number in 1...50 {
      let disk = SimulatedDisk(seed: UInt64(number))
      disk.fail(call: number, with: fault)
      let made = try? Self.open(disk.process()).0
      if disk.callCount < number {
        #expect(number > 12)
        break
      }
      for ending in 0..<6 as Range<UInt64> {
        let after = disk.forked(seed: UInt64(number) * 6 + ending)
        if ending == 0 { after.crash() } else { after.powerCut() }
        let opened = try Self.open(after)
        if let made { #expect(opened.0 == made && !opened.isNew) }
        // A store has a log, always.
        let recovery = LogRecovery(
          after, identity: opened.0, rules: ForgedIdentity.rules, for: .writing)
        #expect(try recovery.run(after: 0) { _, _ in }.nextPosition == 1)
        #expect(!after.fileNames.contains(FileNames.storeDraft))
      }
    }
  }

  /// A draft that lies beside a store without identity does not make its log a draft too.
  @Test(arguments: [
    "log-00000000000000000002.segment", "snapshot-00000000000000000001.snapshot", "aside-tail-1-1",
  ])
  func aDraftIsNoReasonToRemoveALog(content: String) throws {
    let disk = SimulatedDisk()
    disk.plant([1], as: FileNames.storeDraft)
    disk.plant([ForgedSegment(groups: [ForgedGroup(payload(1))])])
    disk.plant([1], as: content)
    #expect(Self.fault(disk)?.kind == .missing)
    #expect(disk.fileNames.count == 3)
  }

  @Test func theIdentityIsChecked() {
    let whole = ForgedIdentity.file()
    for bit in 0..<whole.count * 8 {
      let disk = SimulatedDisk()
      disk.plant(whole, as: FileNames.store)
      disk.flipBit(bit, of: FileNames.store)
      let fault = Self.fault(disk)
      #expect(fault?.kind == .damage)
      #expect(fault?.file == disk.path(of: "store"))
    }
    for count in 0..<whole.count {
      let disk = SimulatedDisk()
      disk.plant(Array(whole.prefix(count)), as: FileNames.store)
      #expect(Self.fault(disk)?.kind == .damage)
    }
    let other = SimulatedDisk()
    other.plant(ForgedIdentity.file(version: 2), as: FileNames.store)
    #expect(Self.fault(other)?.kind == .version)
  }
}
