import AccountStore
import CommandLog
import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import SimulatedDisk
import Testing

/// The desk in snapshots and in the log.
@Suite struct DeskStoreTests {
  private final class Run {
    let store = StoreFixture()
    let outcomes = Outcomes()
    var random: SplitMix64
    var now = UnixSeconds(StillClock.startSeconds)
    var stream: UInt32 = 1_000_000
    var opened: UInt64 = 0

    init(seed: UInt64) {
      random = SplitMix64(seed: seed)
      store.options.policies = PolicySetup(
        name: "standard", text: Make.document.text, compile: PolicyDocument.compile)
      store.limits.copiedRecordsMax = 8
      store.limits.pauseRecordsMax = 4
    }

    func send(_ action: DeskAction) {
      stream += 1
      store.sequencer.turn([
        EngineJob(
          .desk(DeskCommand(action, at: now, actor: "anna", reason: "why")),
          deadlineNanoseconds: .max, ticket: EngineJob.Ticket(connection: 1, stream: stream),
          replyTo: outcomes)
      ])
    }

    func answer() async -> JobOutcome? {
      let count = Int(stream - 1_000_000)
      return await outcomes.wait(for: count)[stream]
    }

    /// Something at random; now and then so much time passes that claims are forgotten.
    func act() {
      now = UnixSeconds(
        now.rawValue + UInt32(random.below(20) == 0 ? random.below(90 * 86_400) : 600))
      let id = ClaimID(opened == 0 ? 1 : opened - UInt64(random.below(Int(min(opened, 9)))))
      let account = AccountKey(.buyer, AccountID(UInt64(1 + random.below(9))))
      switch random.below(12) {
      case 0: send(.decideClaim(id, Verdict.allCases[random.below(3)]))
      case 1: send(.settleSubsidy(id, .commit))
      case 2: send(.openAppeal(id, by: .merchant))
      case 3: send(.decideAppeal(id, isUpheld: true))
      case 4: send(.setBudget(.buyer30Days, key: account.id.rawValue, cap: Minor(90_000)))
      case 5: send(.link(account, AccountKey(.buyer, AccountID(account.id.rawValue % 4 + 1))))
      case 6: send(.unlink(account, AccountKey(.buyer, AccountID(account.id.rawValue % 4 + 1))))
      default:
        opened += 1
        send(
          .openClaim(
            DeskFixture.claim(
              opened, buyer: account.id.rawValue, merchant: UInt64(20 + random.below(3)), at: now,
              amount: Int64(1 + random.below(3_000)), category: UInt32(random.below(3)))))
      }
    }
  }

  /// A copy while commands go on, and claims are forgotten: what is loaded is the same, and
  /// goes on the same.
  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
  func aSnapshotHoldsTheDesk(seed: UInt64) throws {
    let run = Run(seed: seed)
    try run.store.open()
    for _ in 0..<300 { run.act() }
    let other = try DeskFixture.variant(12)
    run.send(.putPolicy(other.text))
    run.send(.activatePolicy(other.policy.hash))
    run.send(.shadowPolicy(Make.document.policy.hash))
    for _ in 0..<40 { run.act() }
    let result = run.store.snapshot { run.act() }
    guard case .success(let report) = result else {
      Issue.record("no snapshot: \(String(describing: result))")
      return
    }
    let claimCount = run.store.state.desk.claims.count
    #expect(run.store.state.desk.claims.first > 0, "no claim was forgotten")
    let atEnd = run.store.state.hash
    run.store.disk.crash()
    try run.store.open()
    #expect(run.store.report.snapshotPosition == report.position.rawValue)
    #expect(run.store.report.damagedSnapshots.isEmpty)
    #expect(run.store.state.hash == atEnd && run.store.state.desk.claims.count == claimCount)
    #expect(run.store.state.rules.policy.hash == other.policy.hash)
    #expect(run.store.state.shelf.shadowHash == Make.document.policy.hash)
    run.store.state.desk.checkInvariants()
    // What follows comes to the same with the snapshot and with the whole log.
    for _ in 0..<100 { run.act() }
    let loaded = run.store.state.hash
    run.store.disk.crash()
    for name in run.store.snapshots { run.store.disk.delete(name) }
    try run.store.open()
    #expect(run.store.report.snapshotPosition == 0, "the whole log was replayed")
    #expect(run.store.state.hash == loaded)
  }

  @Test func aSnapshotFromBeforeThereWasADeskLoads() throws {
    let run = Run(seed: 1)
    try run.store.open()
    run.store.record(1...20)
    _ = run.store.snapshot()
    let hash = run.store.state.hash
    run.store.disk.crash()
    try run.store.open()
    #expect(run.store.report.snapshotPosition == 20 && run.store.state.hash == hash)
    #expect(run.store.state.desk.hash == 0)
    run.act()
    #expect(run.store.state.position.rawValue == 21)
  }

  /// It moves the desk's day on, which shows in the hash once there is anything else.
  @Test func aSnapshotHoldsTheDayOfACommandThatCameToNothing() throws {
    let run = Run(seed: 1)
    func hashes() -> [UInt64] {
      let hash = run.store.state.hash
      run.store.state.desk.changes.append(
        AccountChange(
          account: AccountKey(.buyer, AccountID(1)), what: .tier, before: 1, after: 2, at: run.now,
          position: run.store.state.position))
      return [hash, run.store.state.hash]
    }
    try run.store.open()
    run.store.record(1...20)
    run.send(.putPolicy(Make.document.text))
    _ = run.store.snapshot()
    run.store.disk.crash()
    try run.store.open()
    #expect(run.store.report.snapshotPosition == 21)
    let loaded = hashes()
    run.store.disk.crash()
    for name in run.store.snapshots { run.store.disk.delete(name) }
    try run.store.open()
    #expect(run.store.report.snapshotPosition == 0 && hashes() == loaded)
  }

  /// They come out once more when the log is replayed.
  @Test func receiptsAreThereBehindAPowerCut() throws {
    let run = Run(seed: 3)
    try run.store.open()
    for _ in 0..<40 { run.act() }
    run.store.disk.powerCut()
    try run.store.open()
    let desk = run.store.state.desk
    let receipts = try #require(desk.receipts)
    #expect(desk.claims.count > 10)
    for number in desk.claims.first..<desk.claims.next {
      let receipt = try Receipt(try #require(receipts.read(number)))
      try receipt.verify(under: Make.document.policy)
    }
  }

  // MARK: Policies that are not read any more

  private static let refusing = PolicySetup(
    name: "standard", text: Make.document.text,
    compile: { text in
      if text.contains("version: 12") {
        return .failure(DeskRefusal(.invalid, field: "document", "is refused by a newer version"))
      }
      return PolicyDocument.compile(text)
    })

  @Test(arguments: [true, false])
  func aPolicyThatIsNotReadAnyMoreIsNoDamage(hasSnapshot: Bool) throws {
    let run = Run(seed: 1)
    try run.store.open()
    let other = try DeskFixture.variant(12)
    run.send(.putPolicy(other.text))
    run.send(.activatePolicy(other.policy.hash))
    for _ in 0..<20 { run.act() }
    if hasSnapshot { _ = run.store.snapshot() }
    let hash = run.store.state.hash
    run.store.disk.crash()
    run.store.options.policies = Self.refusing
    #expect(run.store.fault()?.kind == .rules)
    #expect(run.store.asides.isEmpty)
    run.store.disk.crash()
    run.store.options.policies = Run(seed: 1).store.options.policies
    try run.store.open()
    #expect(run.store.state.hash == hash)
  }

  @Test func whatIsNotReadIsNotLogged() async throws {
    let run = Run(seed: 1)
    try run.store.open()
    for text in ["tiers: 7", String(repeating: "#", count: PolicyShelf.textBytesMax + 1)] {
      run.send(.putPolicy(text))
      guard case .refused(let refusal) = await run.answer() else {
        Issue.record("taken")
        return
      }
      #expect(!refusal.message.isEmpty && run.store.state.position == .zero)
    }
  }

  /// Documents of a group together are no more than a group may hold.
  @Test func manyDocumentsAreManyGroups() async throws {
    let run = Run(seed: 1)
    run.store.options.segmentBytes = 64 << 20
    try run.store.open()
    let text = PolicyDocument.standardText + String(repeating: "#", count: 40_000)
    let jobs = (UInt32(1)...300).map { stream in
      EngineJob(
        .desk(DeskCommand(.putPolicy(text), at: run.now, actor: "anna")),
        deadlineNanoseconds: .max, ticket: EngineJob.Ticket(connection: 1, stream: stream),
        replyTo: run.outcomes)
    }
    run.store.sequencer.turn(jobs)
    #expect(await run.outcomes.wait(for: 300).count == 300)
    #expect(run.store.state.position.rawValue == 300)
  }
}
