import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// Every call to the disk fails in turn, in every way: what was acknowledged is
/// there after a crash and after a power cut, and no half group is.
@Suite struct FailedCallTests {
  /// Enough for several segments, spares and a pruning.
  static let steps = 16

  static func settings(_ durability: Durability) -> LogSettings {
    var settings = LogSettings()
    settings.durability = durability
    return settings
  }

  @Test(
    arguments: [Durability.always, .interval(milliseconds: 100)],
    [Fault.storage, .shortWrite, .late, .halt, .shortOfRoom])
  func everyCallInTurn(_ durability: Durability, _ fault: Fault) throws {
    var failures = 0
    for number in 1...1000 {
      var trial = Trial(Self.settings(durability))
      let disk = Trial.disk(trial.settings, seed: UInt64(number))
      disk.fail(call: number, with: fault)
      trial.run(disk, steps: Self.steps, seed: 1)
      if disk.callCount < number {
        #expect(number > 80, "too few calls to prove anything")
        break
      }
      if trial.outcome != .finished { failures += 1 }
      for ending in 0..<3 as Range<UInt64> {
        let after = disk.forked(seed: UInt64(number) * 3 + ending)
        var copy = trial
        if ending == 0 { after.crash() } else { after.powerCut() }
        try copy.check(after, isPowerCut: ending > 0)
      }
    }
    #expect(failures > 5)
  }

  /// The same log, torn down and opened again many times, with faults at random.
  @Test(arguments: 0..<60 as Range<UInt64>)
  func oneMisfortuneAfterTheOther(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var trial = Trial(
      Self.settings(random.chance(perMille: 500) ? .always : .interval(milliseconds: 50)))
    let disk = Trial.disk(trial.settings, seed: seed)
    for life in 0..<6 as Range<UInt64> {
      disk.failAtRandom(
        perMille: [0, 5, 30][random.below(3)],
        with: [.storage, .shortWrite, .late, .halt, .noSpace, .shortOfRoom])
      trial.run(disk, steps: 4 + random.below(20), seed: seed * 100 + life)
      disk.clearFaults()
      let isPowerCut = random.chance(perMille: 600)
      if isPowerCut { disk.powerCut() } else { disk.crash() }
      try trial.check(disk, isPowerCut: isPowerCut)
    }
  }

  /// After a sync that failed nothing is accepted, and asking again is no way out.
  @Test func aFailedSyncIsFinal() throws {
    let disk = SimulatedDisk()
    let log = try LogSettings().open(disk).log
    try log.append(1)
    disk.fail(call: 1, of: .sync, with: .storage)
    #expect(throws: LogError.self) { try log.append(2) }
    let calls = disk.callCount
    for _ in 0..<2 {
      #expect(throws: LogError.self) { try log.append(2) }
      #expect(throws: LogError.self) { try log.sync() }
    }
    #expect(disk.callCount == calls)
    #expect(log.durablePosition == 1)
  }

  /// A failed sync leaves groups that read well and are not on the disk. Recovery
  /// writes them again, so that what it replayed outlives the next power cut.
  @Test func recoveryWritesAgainWhatAFailedSyncMayHaveLost() throws {
    for seed in 0..<40 as Range<UInt64> {
      let disk = SimulatedDisk(seed: seed)
      let log = try LogSettings().open(disk).log
      try log.append(1)
      disk.fail(call: 1, of: .sync, with: .storage)
      #expect(throws: LogError.self) { try log.append(2) }
      disk.crash()
      let opened = try LogSettings().open(disk)
      #expect(opened.entries.map(\.first) == [1, 2])
      disk.powerCut(.losesAll)
      #expect(try LogSettings().open(disk).entries.map(\.first) == [1, 2])
    }
  }

  @Test func aSpareThatCannotBeMadeStopsNothing() throws {
    for number in 1...30 {
      let disk = SimulatedDisk(seed: 1)
      let log = try LogSettings().open(disk).log
      try log.append(1)
      let before = disk.callCount
      disk.fail(call: number, with: .storage)
      do {
        try log.makeSpare(pieceBytes: 4096)
        #expect(disk.callCount - before < number)
        break
      } catch {}
      for position in 2...8 as ClosedRange<UInt64> { try log.append(position) }
      try log.makeSpare(pieceBytes: 4096)
      try log.append(9)
      #expect(try LogSettings().open(disk).entries.map(\.first) == Array(1...9))
    }
  }
}
