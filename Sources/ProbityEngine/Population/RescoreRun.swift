import AccountStore
import IntegrityCore
import Rescoring
import Synchronization

/// Judges every account under two policies, shard by shard, and then the claims of late.
///
/// A shard is walked by all workers at once and told when it is complete, so that who is
/// interrupted goes on with the next one. Memory: some 100 KB, and the rows that wait to be
/// taken, whatever the population.
struct RescoreRun {
  private let order: RescoreOrder
  private let means: PopulationThread.Means
  private let sink: any PopulationSink
  private let active: Policy

  init(
    _ order: RescoreOrder, _ means: PopulationThread.Means, _ sink: any PopulationSink
  ) {
    self.order = order
    self.means = means
    self.sink = sink
    active = means.policies.policy.policy
  }

  /// Slots that a worker takes at a time.
  private static let chunkCount = 16_384
  /// Rows of one part.
  private static let rowsMax = 1_000

  func run() -> PopulationEnd {
    let candidate: (name: String, policy: Policy)
    do throws(DeskRefusal) {
      guard let found = try findCandidate() else { return .closed }
      candidate = found
    } catch {
      return .refused(error)
    }
    let shardCount = means.table.layout.shardCount
    if Int(order.firstShard) > shardCount {
      return .refused(
        DeskRefusal(.invalid, field: "first_shard", "there are \(shardCount) shards"))
    }
    let asOf = order.asOf == .zero ? means.clock.wallSeconds : order.asOf
    if let end = checkClaims(asOf) { return end }
    let started = means.clock.monotonicNanoseconds
    let progress = Progress(walked: Atomic(0), candidateHash: candidate.policy.hash)
    for shard in Int(order.firstShard)..<shardCount {
      if let end = walk(shard, candidate.policy, asOf, progress) { return end }
    }
    let scanned = means.clock.monotonicNanoseconds
    if let end = decideClaims(candidate.policy, asOf, progress) { return end }
    return .rescored(
      RescoreEnd(
        asOf: asOf, policyVersion: active.version, policyHash: active.hash,
        candidateVersion: candidate.policy.version, candidateHash: candidate.policy.hash,
        candidateName: candidate.name, position: means.position(),
        scanMicroseconds: (scanned - started) / 1_000))
  }

  /// - Returns: nil where the engine has ended.
  private func findCandidate() throws(DeskRefusal) -> (name: String, policy: Policy)? {
    switch order.candidate {
    case .active:
      let active = means.policies.policy
      return (active.name, active.policy)
    case .document(let text): return try means.compile(text).get()
    case .put(let hash):
      guard case .policies(let report)? = means.questions.ask(.policies) else { return nil }
      guard let entry = report.entries.first(where: { $0.hash == hash }) else {
        throw DeskRefusal(
          .notFound, field: "policy",
          "there is no policy with the hash \(String(hash, radix: 16)): put its document first")
      }
      return try means.compile(entry.text).get()
    }
  }

  // MARK: Accounts

  private final class Progress: Sendable {
    let walked: Atomic<Int>
    let candidateHash: UInt64

    init(walked: consuming Atomic<Int>, candidateHash: UInt64) {
      self.walked = walked
      self.candidateHash = candidateHash
    }
  }

  private func part(_ shard: Int, _ asOf: UnixSeconds, _ progress: Progress) -> RescorePart {
    var part = RescorePart(
      shard: UInt32(shard), shardCount: UInt32(means.table.layout.shardCount),
      walkedCount: UInt64(progress.walked.load(ordering: .relaxed)),
      accountCount: UInt64(means.table.count), asOf: asOf)
    part.policyHash = active.hash
    part.candidateHash = progress.candidateHash
    return part
  }

  /// - Returns: how the run ends, if it does.
  private func walk(
    _ shard: Int, _ candidate: Policy, _ asOf: UnixSeconds, _ progress: Progress
  ) -> PopulationEnd? {
    let end = means.table.recordCount(inShard: shard)
    let next = SharedCounter()
    let merged = Mutex<PopulationTally?>(nil)
    let threads = (0..<means.workerCount).map { _ in
      EngineThread { [self] in
        EngineThread.giveWayToAll()
        var tally = PopulationTally(
          active: active, candidate: candidate, schema: means.schema, now: asOf,
          rows: order.rows)
        while let slots = next.take(Self.chunkCount, below: end), !isOver {
          walk(shard, slots, &tally)
          progress.walked.wrappingAdd(slots.count, ordering: .relaxed)
          if !tellRows(&tally, shard, asOf, progress) { break }
        }
        merged.withLock { whole in
          if whole == nil { whole = tally } else { whole?.merge(tally) }
        }
      }
    }
    for thread in threads { thread.join() }
    if means.stop.isSet { return .closed }
    if sink.isCancelled { return .cancelled }
    var part = part(shard, asOf, progress)
    part.isComplete = true
    if let tally = merged.withLock({ $0 }) {
      part.buyers = tally.buyers
      part.merchants = tally.merchants
      part.movers = tally.movers.movers
    }
    return sink.put(.rescore(part)) ? nil : .cancelled
  }

  private var isOver: Bool { means.stop.isSet || sink.isCancelled }

  private func walk(_ shard: Int, _ slots: Range<Int>, _ tally: inout PopulationTally) {
    var records: [AccountRecord] = []
    records.reserveCapacity(AccountTable.scanBatchCount)
    var pace = YieldPace()
    var first = slots.lowerBound
    while first < slots.upperBound {
      let last = min(first + AccountTable.scanBatchCount, slots.upperBound)
      means.table.readRecords(inShard: shard, first..<last, into: &records)
      for record in records { tally.add(record) }
      first = last
      pace.step(records.count)
    }
  }

  private func tellRows(
    _ tally: inout PopulationTally, _ shard: Int, _ asOf: UnixSeconds, _ progress: Progress
  ) -> Bool {
    if tally.rows.isEmpty { return true }
    let rows = tally.takeRows()
    var first = 0
    while first < rows.count {
      let last = min(first + Self.rowsMax, rows.count)
      var part = part(shard, asOf, progress)
      part.rows = Array(rows[first..<last])
      if !sink.put(.rescore(part)) { return false }
      first = last
    }
    return true
  }

  // MARK: Claims

  /// Claims between two parts that tell of them.
  private static let claimsPerPart: UInt32 = 4_096

  /// When claims were opened that are decided once more.
  private func opened(_ asOf: UnixSeconds) -> ClosedRange<UnixSeconds> {
    let seconds = min(UInt64(asOf.rawValue), UInt64(order.claimDays) * 86_400)
    return UnixSeconds(asOf.rawValue - UInt32(seconds))...asOf
  }

  /// Refuses, before the scan, where some of the claims are forgotten.
  private func checkClaims(_ asOf: UnixSeconds) -> PopulationEnd? {
    if order.claimDays == 0 { return nil }
    guard
      case .claimNumbers(_, _, let isWhole)? = means.questions.ask(
        .claimNumbers(opened(asOf).lowerBound))
    else { return .closed }
    return isWhole
      ? nil
      : .refused(
        ClaimDesk.forgottenClaims("claim_days", "fewer days, 0 for no claims, or a later as_of"))
  }

  private func decideClaims(
    _ candidate: Policy, _ asOf: UnixSeconds, _ progress: Progress
  ) -> PopulationEnd? {
    if order.claimDays == 0 { return nil }
    let opened = opened(asOf)
    guard
      case .claimNumbers(let first, let next, _)? = means.questions.ask(
        .claimNumbers(opened.lowerBound)),
      case .policies(let report)? = means.questions.ask(.policies)
    else { return .closed }
    var decider = ClaimRedecision(candidate, opened: opened, report, means)
    var number = first
    repeat {
      let last = min(number + min(Self.claimsPerPart, next - number), next)
      while number < last && !isOver {
        decider.decide(number)
        EngineThread.yield()
        number += 1
      }
      if means.stop.isSet { return .closed }
      var part = part(means.table.layout.shardCount, asOf, progress)
      part.claims = decider.comparison
      part.claimTotal = UInt64(next - first)
      if sink.isCancelled || !sink.put(.rescore(part)) { return .cancelled }
    } while number < next
    return nil
  }
}

/// Hands out ranges to workers.
private final class SharedCounter: Sendable {
  private let next = Atomic<Int>(0)

  func take(_ count: Int, below end: Int) -> Range<Int>? {
    let first = next.wrappingAdd(count, ordering: .relaxed).oldValue
    return first < end ? first..<min(first + count, end) : nil
  }
}
