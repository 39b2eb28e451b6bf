import CommandLog
import ForgedStore
import IntegrityCore
import ProbityEngine
import SimulatedDisk
import Testing

/// What people read when a start is refused: one line each, which names file,
/// offset, what is wrong and the next step. The texts stand here in full, because
/// Docs/OPERATIONS.md says what to do by them.
@Suite struct RefusalTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let text: String
    var change: @Sendable (inout TestStore) throws -> Void = { _ in }
    let damage: @Sendable (SimulatedDisk) throws -> Void

    init(
      _ text: String, change: @escaping @Sendable (inout TestStore) throws -> Void = { _ in },
      damage: @escaping @Sendable (SimulatedDisk) throws -> Void = { _ in }
    ) {
      self.text = text
      self.change = change
      self.damage = damage
    }

    var testDescription: String { text }
  }

  static let first = FileNames.segment(firstPosition: 1)

  /// A store with a snapshot at 10 and commands up to 14, killed.
  private static func disk() throws -> SimulatedDisk {
    let tests = TestStore()
    let disk = SimulatedDisk()
    let store = try tests.open(disk)
    try tests.record(5, store)
    tests.stop(store)
    try tests.record(2, try tests.open(disk))
    return disk
  }

  private static func deleteSnapshots(_ disk: SimulatedDisk) {
    for name in disk.fileNames where FileNames.snapshotPosition(name) != nil { disk.delete(name) }
  }

  /// Groups of 1–2, 3–4 … stand at blocks 1, 2 …
  private static func damage(_ disk: SimulatedDisk, group: Int) {
    disk.flipBit(8 * (4096 * group + 100), of: first)
  }

  private static let accept10 =
    "; or, to go on without them, run `probity repair --accept-loss-after 10`"
  private static let snapshot = "/simulated/snapshot-00000000000000000010.snapshot"
  private static let segment = "/simulated/log-00000000000000000001.segment"

  static let losses: [Case] = [
    Case(
      "DATA_LOSS: \(segment) at offset 24576: a damaged group that was acknowledged; positions 11 "
        + "to 14 cannot be read. Next step: restore this file from a back-up\(accept10)",
      damage: { damage($0, group: 6) }),
    Case(
      "DATA_LOSS: \(segment) at offset 0: the segment's header is damaged; positions from 11 on "
        + "cannot be read. Next step: restore this file from a back-up\(accept10)",
      damage: { $0.flipBit(8 * 40, of: first) }),
    Case(
      "DATA_LOSS: \(segment) at offset 0: the file has 5000 bytes and was made with 65536; "
        + "positions from 11 on cannot be read. Next step: restore this file from a back-up"
        + accept10,
      damage: { $0.truncate(first, to: 5000) }),
    Case(
      "DATA_LOSS: /simulated: the snapshot ends at position 10, and the log has no segment. "
        + "Next step: restore the missing files from a back-up: the log from position 11 on, or a "
        + "later snapshot\(accept10)",
      damage: { $0.delete(first) }),
    Case(
      "DATA_LOSS: \(segment): the log ends at position 6, before the snapshot at 10: commands "
        + "behind 10 may have been acknowledged and are not here. Next step: restore the log's "
        + "newest segments from a back-up\(accept10)",
      damage: { $0.zero(4 * 4096..<8 * 4096, of: first) }),
    Case(
      "DATA_LOSS: /simulated: there is no valid snapshot, and the log has no segment. Next step: "
        + "restore the missing files from a back-up: a snapshot, or the log from position 1 on",
      damage: {
        deleteSnapshots($0)
        $0.delete(first)
      }),
    Case(
      "DATA_LOSS: \(segment) at offset 4096: a damaged group that was acknowledged; positions 1 to "
        + "14 cannot be read. Next step: restore this file from a back-up; nothing before it is "
        + "there, so that no loss can be accepted",
      damage: {
        deleteSnapshots($0)
        damage($0, group: 1)
      }),
  ]

  static let others: [Case] = [
    Case(
      "\(snapshot) at offset 16: this file belongs to another store. Next step: move it to the "
        + "directory it came from, or restore a whole back-up into an empty one",
      change: { $0.halfLifeDays = 8 },
      damage: {
        let other = SimulatedDisk()
        var tests = TestStore()
        tests.halfLifeDays = 8
        _ = try tests.open(other)
        $0.plant(other.contents(of: FileNames.store) ?? [], as: FileNames.store)
      }),
    Case(
      "/simulated/store at offset 8: format version 2; this program reads version 1. Next step: "
        + "use the version of the program that wrote it",
      damage: { $0.plant(ForgedIdentity.file(version: 2), as: FileNames.store) }),
    Case(
      "/simulated/store at offset 0: this is not the identity of a store, or is damaged. Next "
        + "step: restore this file from a back-up of the same store",
      damage: { $0.flipBit(70, of: FileNames.store) }),
    Case(
      "/simulated/store: the store's identity is missing, but \(first) is there. Next step: "
        + "restore the file from a back-up of this store, or name an empty directory",
      damage: { $0.delete(FileNames.store) }),
    Case(
      "/simulated/store: there is no store here, and none may be made. Next step: check the path "
        + "and that the file system is mounted",
      change: { $0.options.mayCreate = false },
      damage: { disk in for name in disk.fileNames { disk.delete(name) } }),
    Case(
      "/simulated/store at offset 32: the store's half-life is 180 days, fixed when it was made; "
        + "30 days were asked for. Next step: start without --half-life-days, or with "
        + "--half-life-days 180",
      change: { $0.halfLifeDays = 30 }),
    Case(
      "\(snapshot): it holds 11 accounts, and the limit is 10. Next step: start with "
        + "--accounts-max 11 or more",
      change: { $0.options.accountsMax = 10 }),
    Case(
      "/simulated: this machine's clock says 1759827200 s since 1970, and the store was written "
        + "at 1760000000, 2 days later. Next step: set the clock (is time synchronisation "
        + "running?) and start again",
      change: { $0.clock.wallSeconds = UnixSeconds(1_760_000_000 - 2 * 86_400) }),
    Case(
      "/simulated/store: cannot open: simulated denied. Next step: give this user read and write "
        + "access to the directory and all files in it",
      damage: { $0.failAll(.open, with: .denied) }),
    Case(
      "\(segment): cannot sync: simulated noSpace. Next step: free some space and start again",
      damage: { $0.failAll(.sync, with: .noSpace) }),
    Case(
      "\(segment): cannot sync: simulated readOnly. Next step: mount the file system for writing",
      damage: { $0.failAll(.sync, with: .readOnly) }),
    Case(
      "/simulated/store at offset 0: cannot read: simulated storage. Next step: check the disk and "
        + "the system's log; do not start again before it is sound",
      damage: { $0.failAll(.read, with: .storage) }),
  ]

  @Test(arguments: losses + others) func isOneLine(c: Case) throws {
    let disk = try Self.disk()
    try c.damage(disk)
    var tests = TestStore()
    try c.change(&tests)
    let fault = try #require(tests.refusal(disk))
    #expect(fault.description == c.text)
    #expect(!fault.description.contains("\n"))
  }

  @Test func aClockADayBackIsTaken() throws {
    var tests = TestStore()
    tests.clock.wallSeconds = UnixSeconds(1_760_000_000 - 86_400)
    #expect(tests.refusal(try Self.disk()) == nil)
  }

  @Test func anotherPolicyNeedsACleanStop() throws {
    let disk = try Self.disk()
    var others = TestStore()
    others.policy = try TestStore.otherPolicy()
    let hash = { (policy: Policy) in
      let text = String(policy.hash, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    #expect(
      others.refusal(disk)?.description
        == "\(Self.segment) at offset 48: its commands were recorded under the policy with hash "
        + "\(hash(TestStore().policy)), the one given has \(hash(others.policy)). Next step: start "
        + "with the policy it was recorded under and stop cleanly (which takes a snapshot); then "
        + "start with the new policy")
    let tests = TestStore()
    tests.stop(try tests.open(disk))
    let store = try others.open(disk)
    #expect(store.state.position.rawValue == 14)
    try others.record(1, store)
    #expect(try others.open(disk).state.position.rawValue == 16)
    // And back again it needs one more.
    #expect(tests.refusal(disk)?.kind == .rules)
  }
}
