import Foundation
import Histogram
import LoadGenerator
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("Reports")
struct ReportTests {
  /// A run of a second in which latencies of 1 µs, 2 µs … `count` µs were seen.
  static func result(_ count: UInt64, kinds: Int = 1) -> LoadResult {
    var result = LoadResult(kindCount: kinds)
    for kind in 0..<kinds {
      for microseconds in 1...count {
        result.calls[kind].latencies.record(microseconds * 1_000)
      }
      result.calls[kind].answeredCount = count
    }
    result.nanoseconds = 1_000_000_000
    return result
  }

  static func plan(_ workload: Workload = .score) -> LoadPlan {
    LoadPlan(workload, of: .loopback(port: 1), ClientIdentity())
  }

  static func report(
    _ plan: LoadPlan, _ runs: [LoadResult], smaller: [LoadResult] = []
  ) -> BenchReport {
    var measured = Measured()
    measured.runs = runs
    measured.smaller = Array(zip(plan.smaller, smaller).map { ($0, $1) })
    return BenchReport(plan, ServerFacts(), measured, isInterrupted: false)
  }

  @Test("percentiles are those of the values, to three digits")
  func percentiles() {
    var latencies = LoadResult.histogram()
    for (microseconds, count) in [
      (20, 6_000), (30, 3_000), (100, 900), (1_000, 90), (10_000, 9), (100_000, 1),
    ] as [(UInt64, UInt64)] { latencies.record(microseconds * 1_000, count: count) }
    let summary = LatencySummary(latencies)
    for (got, expected) in [
      (summary.p50, 20), (summary.p90, 30), (summary.p99, 100), (summary.p999, 1_000),
      (summary.p9999, 10_000), (summary.max, 100_000),
    ] {
      #expect(abs(got - Double(expected)) <= Double(expected) / 1_000, "\(got) for \(expected)")
    }
  }

  @Test("without a value all percentiles are 0")
  func nothing() {
    #expect(LatencySummary(LoadResult.histogram()) == LatencySummary(LoadResult().latencies))
    #expect(LatencySummary(LoadResult.histogram()).max == 0)
  }

  @Test("spread of odd and even numbers of runs")
  func spread() {
    #expect(Spread([3, 1, 2]).median == 2)
    #expect(Spread([4, 1, 2, 3]).median == 2.5)
    #expect(Spread([4, 1, 2, 3]).min == 1)
    #expect(Spread([4, 1, 2, 3]).max == 4)
    #expect(Spread([]).median == 0)
  }

  @Test("rates are the median of runs, latencies those of all")
  func runs() {
    let report = Self.report(Self.plan(), [Self.result(100), Self.result(300), Self.result(200)])
    #expect(report.requestsPerSecond == 200)
    #expect(report.runs.requestsPerSecond == Spread([100, 200, 300]))
    #expect(report.requests == 600)
    #expect(report.seconds == 3)
    #expect(abs(report.latencyMicroseconds.max - 300) < 1)
    #expect(report.isFlawless)
  }

  @Test("items are ids and commands; a mixed load tells its calls apart")
  func items() {
    var plan = Self.plan(.mixed)
    plan.batch = 10
    let report = Self.report(plan, [Self.result(100, kinds: 3)])
    #expect(report.requestsPerSecond == 300)
    #expect(report.itemsPerSecond == 100 + 1_000 + 1_000)
    #expect(report.calls?.keys.sorted() == ["batch", "record", "score"])
    #expect(report.calls?["score"]?.itemsPerSecond == 100)
    #expect(report.calls?["record"]?.itemsPerSecond == 1_000)
  }

  @Test("refusals are errors by their status's name, and a flaw")
  func errors() {
    var result = Self.result(100)
    result.refusedCounts = [8: 5, 14: 2, 99: 1]
    result.unansweredCount = 3
    let report = Self.report(Self.plan(), [result])
    #expect(
      report.errors
        == ["RESOURCE_EXHAUSTED": 5, "UNAVAILABLE": 2, "STATUS_99": 1, "NO_REPLY": 3])
    #expect(!report.isFlawless)
    #expect(report.requests == 100, "failures are not throughput")
  }

  @Test("a rate that was not kept is noted, but not one request due just behind the end")
  func rates() {
    var plan = Self.plan()
    for (rate, isKept) in [(100.0, true), (101, true), (110, false), (1_000, false)] {
      plan.rate = rate
      let notes = Self.report(plan, [Self.result(100)]).notes
      #expect(!notes.contains { $0.contains("did not keep up") } == isKept, "\(rate)")
    }
    plan.rate = 1
    var nothing = LoadResult()
    nothing.nanoseconds = 900_000_000
    #expect(!Self.report(plan, [nothing]).notes.contains { $0.contains("keep up") })
  }

  @Test("JSON has the fields that scripts read")
  func json() throws {
    var plan = Self.plan()
    plan.rate = 1_000
    let data = try JSONEncoder().encode(Self.report(plan, [Self.result(100)]))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    for key in [
      "workload", "connections", "inFlight", "requestsPerSecond", "itemsPerSecond", "errors",
      "runs", "machine", "seed", "server", "rate", "client",
    ] { #expect(object[key] != nil, "\(key)") }
    let latency = try #require(object["latencyMicroseconds"] as? [String: Any])
    #expect(latency.keys.sorted() == ["max", "p50", "p90", "p99", "p999", "p9999"])
  }

  @Test("later runs add up their time, threads do not")
  func merging() {
    var threads = Self.result(10)
    threads.merge(Self.result(20))
    #expect(threads.nanoseconds == 1_000_000_000)
    #expect(threads.answeredCount == 30)
    threads.merge(Self.result(20), isLater: true)
    #expect(threads.nanoseconds == 2_000_000_000)
    #expect(threads.latencies.totalCount == 50)
  }

  // MARK: Plot

  /// Every name of an element that an XML parser meets; nil if it is not well-formed.
  private static func elements(_ text: String) -> [String: Int]? {
    final class Counter: NSObject, XMLParserDelegate {
      var counts: [String: Int] = [:]
      func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
        qualifiedName: String?, attributes: [String: String]
      ) { counts[name, default: 0] += 1 }
    }
    let counter = Counter()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = counter
    return parser.parse() ? counter.counts : nil
  }

  @Test("a plot is well-formed, and holds a curve for each series and a dot for each load")
  func plots() throws {
    var plan = Self.plan(.mixed)
    plan.inFlight = 8
    let smaller = [Self.result(10, kinds: 3), Self.result(20, kinds: 3), Self.result(30, kinds: 3)]
    let closed = Self.report(plan, [Self.result(100, kinds: 3)], smaller: smaller).plot
    var found = try #require(Self.elements(closed))
    #expect(found["polyline"] == 3 + 1)
    #expect(found["circle"] == 3 + 1)
    plan.rate = 50
    let open = Self.report(plan, [Self.result(100, kinds: 3)], smaller: smaller).plot
    found = try #require(Self.elements(open))
    #expect(found["polyline"] == 3 + 2)
    for text in ["4 connections", "in flight", "µs", "99 %", "requests a second", "seed 1"] {
      #expect(closed.contains(text), "\(text)")
    }
    #expect(found["script"] == nil)
    #expect(!closed.contains("nan") && !closed.contains("inf\""))
  }

  @Test("a plot of nothing, and of a name with marks in it, is well-formed")
  func oddPlots() throws {
    #expect(Self.elements(Self.report(Self.plan(), []).plot) != nil)
    #expect(Self.elements(Self.report(Self.plan(), [Self.result(1)]).plot) != nil)
    var facts = ServerFacts()
    facts.version = "<&\"\u{1}>"
    var measured = Measured()
    measured.runs = [Self.result(10)]
    let report = BenchReport(Self.plan(), facts, measured, isInterrupted: false)
    #expect(Self.elements(report.plot) != nil)
  }

  // MARK: Plans

  /// A plan with an option out of range, and what the fault must name.
  struct Fault: Sendable {
    let option: String
    let change: @Sendable (inout LoadPlan) -> Void

    init(_ option: String, _ change: @escaping @Sendable (inout LoadPlan) -> Void) {
      self.option = option
      self.change = change
    }
  }

  static let faults = [
    Fault("--connections") { $0.connections = 0 },
    Fault("--connections") { $0.connections = 10_001 },
    Fault("--in-flight") { $0.inFlight = 5_000 },
    Fault("--in-flight") {
      $0.workload = .mixed; $0.inFlight = 65
    },
    Fault("--threads") { $0.threads = 65 },
    Fault("--threads") {
      $0.connections = 1; $0.threads = 2
    },
    Fault("--runs") { $0.runs = 0 },
    Fault("--accounts") { $0.accounts = 0 },
    Fault("--duration") { $0.durationSeconds = 0 },
    Fault("--duration") { $0.durationSeconds = .nan },
    Fault("--warm-up") { $0.warmUpSeconds = -1 },
    Fault("--rate") { $0.rate = 0 },
    Fault("--zipf-exponent") { $0.distribution = .zipf(exponent: 9) },
    Fault("--ceiling") {
      $0.workload = .claim; $0.measuresCeiling = true
    },
    Fault("--mix") { $0.mix = CallMix(score: 0, batch: 0, record: 0) },
    Fault("--mix") { $0.mix = CallMix(score: -1, batch: 2, record: 3) },
    Fault("--batch") {
      $0.workload = .record; $0.batch = 10_001
    },
    Fault("--batch") {
      $0.workload = .batch; $0.batch = 65_537
    },
    Fault("too much") {
      $0.workload = .batch; $0.batch = 65_536; $0.inFlight = 4_096
    },
  ]

  @Test("what an option cannot be is named", arguments: faults)
  func outOfRange(fault: Fault) {
    var plan = Self.plan()
    #expect(plan.fault == nil)
    fault.change(&plan)
    #expect(plan.fault?.contains(fault.option) == true, "\(plan.fault ?? "no fault")")
  }

  @Test("what is standard for a workload has no fault", arguments: Workload.allCases)
  func standards(workload: Workload) { #expect(Self.plan(workload).fault == nil) }

  @Test("smaller loads are powers of two below what was asked, or shares of the rate")
  func smaller() {
    var plan = Self.plan()
    plan.inFlight = 20
    #expect(plan.smaller.map(\.inFlight) == [1, 2, 4, 8, 16])
    plan.inFlight = 1
    #expect(plan.smaller.isEmpty)
    plan.rate = 1_000
    #expect(plan.smaller.map(\.rate) == [100, 250, 500, 750, 900])
  }
}
