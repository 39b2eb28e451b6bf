import Foundation
import FuzzTargets
import Testing

/// Every input that was worth keeping keeps its promises.
@Suite struct CorpusTests {
  static func inputs(_ target: String) throws -> [[UInt8]] {
    let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Fuzz/Corpus/\(target)")
    return try FileManager.default.contentsOfDirectory(
      at: directory, includingPropertiesForKeys: nil
    )
    .sorted { $0.path < $1.path }
    .map { [UInt8](try Data(contentsOf: $0)) }
  }

  @Test func logs() throws {
    let inputs = try Self.inputs("log")
    #expect(inputs.count >= FuzzSeeds.log.count)
    for input in inputs + FuzzSeeds.log.map(\.input) { LogFuzz.run(input) }
  }

  @Test func snapshots() throws {
    let inputs = try Self.inputs("snapshot")
    let seeds = try FuzzSeeds.snapshot()
    #expect(inputs.count >= seeds.count)
    for input in inputs + seeds.map(\.input) { SnapshotFuzz.run(input) }
  }

  /// Right checksums over damaged pieces of a desk: a state, or a fault, and never a trap.
  @Test func damagedDesks() throws {
    for (name, input) in try FuzzSeeds.snapshot()
    where name.hasPrefix("state-") && name != "state-file" {
      // A document is long, and its parts are alike.
      let stride = Swift.max(1, input.count / 600)
      for index in Swift.stride(from: 22, to: input.count, by: stride) {
        for flip in [UInt8(1), 0x80, 0xff] {
          var damaged = input
          damaged[index] ^= flip
          SnapshotFuzz.run(damaged)
        }
      }
    }
  }

  /// The seeds reach as far as they are meant to: the state is loaded, the log is read.
  @Test func theSeedsAreWellFormed() throws {
    for (name, input) in try FuzzSeeds.snapshot() where name.hasPrefix("state") {
      #expect(SnapshotFuzz.run(input), "\(name)")
    }
    for (name, input) in FuzzSeeds.log where !name.hasSuffix("lies") {
      #expect(LogFuzz.run(input), "\(name)")
    }
  }
}
