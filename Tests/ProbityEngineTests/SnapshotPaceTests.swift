import AccountStore
import IntegrityCore
import ProbityEngine
import Testing

/// What keeps a snapshot ahead of the commands that change what it copies.
@Suite struct SnapshotPaceTests {
  // MARK: The disk's rate

  @Test func piecesAreDueByASchedule() {
    var pace = DiskPace(bytesPerSecond: 1_000_000_000)
    let start = 5_000_000_000 as UInt64
    _ = pace.restNanoseconds(after: 0, now: start)
    // What may be made up for is used up first.
    #expect(pace.restNanoseconds(after: 20_000_000, now: start) == 0)
    #expect(pace.restNanoseconds(after: 1_000, now: start) == 1_000)
    // The piece took a while itself, and that counts.
    #expect(pace.restNanoseconds(after: 1_000, now: start + 1_500) == 500)
    // As does a rest that took too long.
    #expect(pace.restNanoseconds(after: 1_000, now: start + 4_000) == 0)
    #expect(pace.restNanoseconds(after: 2_000, now: start + 4_000) == 1_000)
  }

  @Test func onlySoMuchIsMadeUpFor() {
    var pace = DiskPace(bytesPerSecond: 1_000_000_000)
    let start = 5_000_000_000 as UInt64
    _ = pace.restNanoseconds(after: 20_000_000, now: start)
    // A second later there is no burst of a second's bytes.
    let later = start + 1_000_000_000
    #expect(pace.restNanoseconds(after: Int(DiskPace.lagNanosecondsMax), now: later) == 0)
    #expect(pace.restNanoseconds(after: 700, now: later) == 700)
  }

  @Test func noLimitIsNoRest() {
    var pace = DiskPace(bytesPerSecond: 0)
    #expect(pace.restNanoseconds(after: 1 << 40, now: 1) == 0)
  }

  // MARK: Between two jobs

  /// A state of 100 buyers, a piece of 4 records, and a copy with a full channel.
  private func begun() -> (IntegrityState, StateCopier, SnapshotChannel) {
    let state = SourceTableTests.state(sourcesMax: 10)
    for sequence in 1...100 as ClosedRange<UInt64> {
      _ = state.apply(Make.commands(1, sequence...sequence))
    }
    var limits = Engine.Limits()
    limits.copiedRecordsMax = 4
    limits.pauseRecordsMax = 2
    let copier = StateCopier(state: state, clock: StillClock(), limits: limits)
    let channel = SnapshotChannel(pieceBytesMax: 4 * AccountRecord.sizeBytes)
    copier.ask(channel)
    copier.turn { true }
    return (state, copier, channel)
  }

  @Test func whatWasWrittenMeanwhileIsFilledUpBetweenJobs() {
    let (_, copier, channel) = begun()
    #expect(channel.room == 0)
    for _ in 0..<3 { channel.advance() }
    #expect(channel.room == 3)
    copier.copyAhead()
    #expect(channel.room == 0)
  }

  @Test func aCopyEndsBetweenGroupsOnly() {
    let (state, copier, channel) = begun()
    // Far more rounds than the copy takes.
    for _ in 0..<200 {
      while channel.room < 8 { channel.advance() }
      copier.copyAhead()
    }
    while channel.room < 8 { channel.advance() }
    guard case .nothing = channel.next(waits: false) else {
      Issue.record("a copy ended in the midst of a group")
      return
    }
    copier.turn { true }
    var isEnded = false
    for _ in 0..<100 where !isEnded {
      switch channel.next(waits: false) {
      case .piece: channel.advance()
      case .end(let ending):
        isEnded = true
        #expect(ending.summary.position == state.position.rawValue)
      case .nothing, .abandoned: break
      }
    }
    #expect(isEnded)
  }
}
