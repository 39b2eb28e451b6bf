import IntegrityCore
import IntegrityPolicy
import PolicyFitting
import Testing

/// What is known of an account when one of its orders is asked about.
@Suite struct EvidenceReplayTests {
  @Test func onlyWhatHappenedBeforeThatSecond() {
    let events = [1, 2, 3].map { OrderOutcomeTests.settled(day: $0, order: UInt64($0)) }
    let policy = PolicyDocument.standard.policy
    let key = AccountKey(.merchant, AccountID(9))
    let second = events[1].at.rawValue
    let moments = [second - 1, second, second + 1].map { (account: key, at: UnixSeconds($0)) }
    var counts: [Int] = []
    var records: [AccountRecord] = []
    var replay = EvidenceReplay(schema: .standard, policy: policy)
    replay.run(events, moments: moments) { index, view in
      #expect(view.clock.now == moments[index].at)
      counts.append(view.eventCount)
      records.append(view.record)
    }
    #expect(counts == [1, 1, 2])
    #expect(records[0] == records[1] && records[1] != records[2])
  }

  /// A record that an event leaves alone is not counted as having a history.
  @Test func aPickupIsNoHistoryOfTheBuyer() {
    let events = [OrderOutcomeTests.event(.pickedUp(late: true), day: 1)]
    let later = UnixSeconds(events[0].at.rawValue + 1)
    let moments = [AccountKey(.buyer, AccountID(7)), AccountKey(.merchant, AccountID(9))]
      .map { (account: $0, at: later) }
    var counts: [Int] = []
    var replay = EvidenceReplay(schema: .standard, policy: PolicyDocument.standard.policy)
    replay.run(events, moments: moments) { counts.append($1.eventCount) }
    #expect(counts == [0, 1])
  }
}
