import CommandLog
import ForgedStore
import SimulatedDisk
import Testing

/// A log at work on a bad disk, and what must be found of it afterwards.
struct Trial {
  let settings: LogSettings
  private(set) var appended: [Entry] = []
  /// Up to here everything outlives a power cut.
  private(set) var durable: UInt64 = 0
  /// What was refused or failed: each may be found, whole, where it was to be.
  private(set) var attempts: [Entry] = []
  /// What a snapshot holds.
  private(set) var snapshot: UInt64 = 0
  private(set) var outcome = Outcome.finished

  enum Outcome { case finished, failed, refusedToOpen }

  init(_ settings: LogSettings) { self.settings = settings }

  var next: UInt64 { (appended.last?.last ?? snapshot) + 1 }

  /// A new store, as it is made: with a segment.
  static func disk(_ settings: LogSettings, seed: UInt64) -> SimulatedDisk {
    let disk = SimulatedDisk(seed: seed)
    disk.plant([ForgedSegment(sizeBytes: settings.segmentBytes)])
    return disk
  }

  /// Opens the log, checks what is there, and works until the end or a failure.
  mutating func run(_ disk: SimulatedDisk, steps: Int, seed: UInt64) {
    do {
      let process = disk.process()
      let opened = try settings.open(process, after: snapshot)
      try work(opened.log, disk, steps: steps, seed: seed)
      outcome = .finished
    } catch let fault as StoreFault {
      #expect(fault.kind == .disk || fault.kind == .noSpace, "\(fault)")
      outcome = .refusedToOpen
    } catch {
      outcome = .failed
    }
  }

  private mutating func work(
    _ log: SegmentedLog<SimulatedDisk>, _ disk: SimulatedDisk, steps: Int, seed: UInt64
  ) throws {
    var random = SplitMix64(seed: seed)
    for step in 0..<steps {
      let size = [40, 40, 3000, 5000, 9000][random.below(5)]
      let count = 1 + random.below(3)
      let body = payload(next &* 7 &+ UInt64(step) &+ seed, bytes: size)
      let entry = Entry(first: next, count: count, payload: body)
      do throws(LogError) {
        attempts.append(entry)
        let first = try log.append(body, count: count)
        attempts.removeLast()
        #expect(first == entry.first)
        appended.append(entry)
      } catch {
        if case .failed = error {
          // Nobody can tell: only what was known to be durable is.
          durable = max(durable, log.durablePosition)
          throw error
        }
      }
      durable = max(durable, log.durablePosition)
      if settings.durability == .always { #expect(log.durablePosition == next - 1) }
      settings.clock.advance(milliseconds: UInt64(random.below(60)))
      if step % 5 == 2 { _ = try? log.makeSpare(pieceBytes: 4096) }
      if step % 7 == 6, durable > 2 {
        snapshot = max(snapshot, appended.last { $0.last < durable }?.last ?? 0)
        _ = try? log.prune(through: snapshot)
      }
    }
  }

  /// What came of it: the machine ends one way or the other, and the log is read.
  ///
  /// Everything that has to be there is, the groups follow each other without a
  /// gap, and each of them is one that was appended or tried, whole.
  mutating func check(_ disk: SimulatedDisk, isPowerCut: Bool) throws {
    let required = isPowerCut ? durable : max(durable, appended.last?.last ?? 0)
    let opened = try settings.open(disk, after: snapshot)
    var next = snapshot + 1
    for entry in opened.entries {
      #expect(entry.first == next)
      let isKnown = appended.contains(entry) || (next > required && attempts.contains(entry))
      #expect(isKnown, "position \(next) of \(required) required")
      next = entry.last + 1
    }
    #expect(next > required, "found up to \(next - 1), required \(required)")
    #expect(opened.log.durablePosition == next - 1)
    // From now on this is what there is.
    appended = appended.filter { $0.last <= snapshot } + opened.entries
    attempts = []
    durable = next - 1
  }
}
