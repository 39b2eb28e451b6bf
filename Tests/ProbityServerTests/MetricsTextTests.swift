import Foundation
import IntegrityCore
import ProbityServer
import ProbityWire
import Testing

@Suite struct MetricsTextTests {
  static var status: StatusReply {
    var status = StatusReply()
    status.version = "1.2.3"
    status.uptimeSeconds = 86_400
    status.logPosition = LogPosition(42_110)
    status.stateHash = 3
    status.buyers = 700
    status.merchants = 300
    status.memoryBytes = 1 << 20
    status.policyVersion = 4
    status.policyHash = 0xbeef
    status.policyName = "a \"quoted\" \\ name\nof two lines, 诚信"
    status.durability = "interval=100ms"
    status.connections = 5
    status.commandsQueued = 6
    status.commandsApplied = 42_000
    status.commandsDuplicate = 110
    status.lookups = .max
    status.callsRefused = 7
    status.isDraining = false
    status.eventLoops = 2
    status.halfLifeSeconds = 15_552_000
    status.durablePosition = LogPosition(42_100)
    status.snapshotPosition = LogPosition(40_000)
    status.snapshotAt = UnixSeconds(1_767_225_600)
    status.snapshotBytes = 80_000
    status.snapshotDurationMicroseconds = 15_250
    status.snapshotPauseMicroseconds = 300
    status.logBytes = 3_400_000
    status.logSegments = 3
    status.diskFreeBytes = 50_000_000_000
    status.sources = 8
    status.claims = 21
    status.recoveredCommands = 2_110
    status.recoveryMicroseconds = 1_500_000
    status.tornTails = 1
    return status
  }

  @Test func theTextIsTheGoldenOne() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Golden/metrics.txt")
    let golden = try String(contentsOf: file, encoding: .utf8)
    #expect(MetricsText.of(Self.status) == golden)
  }

  @Test func flagsAreZeroAndOne() {
    var status = Self.status
    #expect(MetricsText.of(status).contains("\nprobity_recording 1\n"))
    status.recordingRefused = "the disk is full"
    status.isDraining = true
    #expect(MetricsText.of(status).contains("\nprobity_recording 0\n"))
    #expect(MetricsText.of(status).contains("\nprobity_draining 1\n"))
  }

  /// What a scraper demands: each family once, its HELP and TYPE before its samples.
  @Test func everyFamilyIsDeclaredOnceBeforeItsSamples() {
    var families: [Substring] = []
    for line in MetricsText.of(Self.status).split(separator: "\n") {
      let words = line.split(separator: " ")
      if line.hasPrefix("# HELP ") {
        #expect(!families.contains(words[2]))
        families.append(words[2])
      } else if line.hasPrefix("# TYPE ") {
        #expect(words[2] == families.last)
        #expect(["counter", "gauge"].contains(words[3]))
        #expect(words[2].hasSuffix("_total") == (words[3] == "counter"))
      } else {
        #expect(line.prefix { $0 != " " && $0 != "{" } == families.last ?? "")
        #expect(line.split(separator: " ").last.flatMap { Double($0) } != nil)
      }
    }
    #expect(families.count > 25)
  }

  /// Docs/OPERATIONS.md lists every metric by its name, and no other.
  @Test func theDocumentListsThem() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let document = try String(
      contentsOf: root.appending(path: "Docs/OPERATIONS.md"), encoding: .utf8)
    func names(_ text: String) -> Set<Substring> {
      Set(
        text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
          .filter { $0.hasPrefix("probity_") })
    }
    #expect(names(document) == names(MetricsText.of(Self.status)))
  }
}
