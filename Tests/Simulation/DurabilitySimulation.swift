import ArgumentParser
import Dispatch
import Foundation
import Synchronization

// Tries the engine on a simulated disk, with crashes, power cuts, full disks and
// failing calls, one seed after another.
//
// For: that nothing acknowledged is ever lost or applied twice. Not for: what
// the real file system does (Tests/Crash).

@main
struct DurabilitySimulation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "durability-simulation",
    abstract: "Run seeds; every planted bug must be found, and nothing else.")

  @Option(help: "Seeds to run.")
  var seeds = 300

  @Option(help: "The first seed.")
  var first: UInt64 = 1

  @Option(help: "Runs at a time.")
  var jobs = 2

  @Option(help: "Seeds in which each planted bug must be found; 0 = plant none.")
  var plantSeeds = 300

  func run() throws {
    let honest = Batch(first: first, count: seeds, plant: nil, stopsAtViolation: false).run(jobs)
    print(Self.summary(honest.tally))
    for (seed, violation) in honest.violations.prefix(20) { print("seed \(seed): \(violation)") }
    var missed: [Plant] = []
    for plant in plantSeeds == 0 ? [] : Plant.allCases {
      let batch = Batch(first: first, count: plantSeeds, plant: plant, stopsAtViolation: true)
      if let (seed, violation) = batch.run(1).violations.first {
        print("planted \(plant.rawValue): found with seed \(seed): \(violation)")
      } else {
        missed.append(plant)
        print("planted \(plant.rawValue): NOT FOUND in \(plantSeeds) seeds")
      }
    }
    let failed = honest.violations.count
    print("\(honest.tally.runs - failed) passed, \(failed) failed")
    if failed > 0 || !missed.isEmpty { throw ExitCode(1) }
  }

  static func summary(_ tally: Tally) -> String {
    """
    \(tally.runs) seeds: \(tally.commands) commands sent, \(tally.acknowledged) acknowledged, \
    \(tally.duplicates) answered as duplicates, \(tally.refusals) batches refused
      \(tally.deskCommands) commands of the desk, \(tally.deskRefusals) refused; \(tally.claims) \
    changed claims; \(tally.receipts) receipts read back and verified
      ended by \(tally.kills) kills, \(tally.powerCuts) power cuts, \(tally.cleanStops) clean stops; \
    \(tally.faults) faults planned, \(tally.failedLogs) logs failed
      \(tally.starts) starts, \(tally.failedStarts) of them refused for a planned fault; \
    \(tally.snapshotsLoaded) from a snapshot, \(tally.replayed) commands replayed, \
    \(tally.tornTails) torn tails put aside, \(tally.damagedSnapshots) snapshots unreadable
      \(tally.snapshots) snapshots asked for and taken, \(tally.snapshotFailures) not
      \(tally.intervalLosses) commands acknowledged in interval mode were not durable at a power cut
    """
  }
}

/// Seeds run side by side.
struct Batch {
  let first: UInt64
  let count: Int
  let plant: Plant?
  let stopsAtViolation: Bool

  struct Result {
    var tally = Tally()
    var violations: [(UInt64, String)] = []
  }

  func run(_ jobs: Int) -> Result {
    let result = Mutex(Result())
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: jobs) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= count { return }
        if stopsAtViolation && result.withLock({ !$0.violations.isEmpty }) { return }
        let seed = first + UInt64(index)
        let simulation = Simulation(seed: seed, plant: plant)
        var violation: String?
        do { try simulation.run() } catch { violation = "\(error)" }
        let tally = simulation.tally
        let runs = result.withLock {
          $0.tally.add(tally)
          if let violation { $0.violations.append((seed, violation)) }
          return $0.tally.runs
        }
        if runs % 10_000 == 0 { print("  \(runs) seeds") }
      }
    }
    return result.withLock { $0 }
  }
}
