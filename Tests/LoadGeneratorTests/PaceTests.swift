import LoadGenerator
import Testing

@Suite("Pace")
struct PaceTests {
  @Test("requests are due evenly, connection by connection in turn")
  func even() {
    let pace = Pace(ratePerSecond: 1_000, connections: 4, now: 10)
    #expect(
      (0..<5).map { pace.due(index: $0) } == [10, 1_000_010, 2_000_010, 3_000_010, 4_000_010])
    #expect(pace.time(connection: 2, sentCount: 0) == 2_000_010)
    #expect(pace.time(connection: 0, sentCount: 1) == 4_000_010)
  }

  @Test("nothing is due from the end on")
  func end() {
    var pace = Pace(ratePerSecond: 1_000, connections: 1, now: 0)
    pace.endNanoseconds = 2_000_000
    #expect(pace.due(index: 1) == 1_000_000)
    #expect(pace.due(index: 2) == .max)
    #expect(pace.time(index: 2) == 2_000_000)
  }

  @Test("a rate that divides no second does not drift")
  func drift() {
    let pace = Pace(ratePerSecond: 3, connections: 1, now: 0)
    #expect(pace.due(index: 3_000_000) == 1_000_000_000_000_000)
  }
}
