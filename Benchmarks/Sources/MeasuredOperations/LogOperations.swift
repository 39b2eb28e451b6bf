import CommandLog
import Foundation
import IntegrityCore
import ProbityEngine

/// Commands to the bytes of the log, and groups of them to a file.
public enum LogOperations {
  /// - Parameter directory: an existing one, on the disk that is to be measured.
  ///   Files are made in a directory in it, and removed with the workload.
  public static func all(in directory: String) -> [MeasuredOperation] {
    [
      MeasuredOperation("encode a command for the log") {
        let subject = CommandBytes()
        return Workload(encodedBytes: Double(CommandCoding.sizeBytes)) { subject.encode($0) }
      },
      // The log syncs by itself behind every 8 MiB: one run in a hundred.
      MeasuredOperation("append a group of 500, each command", runsMax: LogSubject.runsMax) {
        let subject = try LogSubject(in: directory, .interval(milliseconds: 1_000_000))
        return Workload(encodedBytes: subject.commandBytes) { subject.append($0) }
      },
      MeasuredOperation(
        "append a group of 500 and fdatasync, each command", isCounted: false,
        runsMax: LogSubject.runsMax
      ) {
        let subject = try LogSubject(in: directory, .always)
        return Workload(encodedBytes: subject.commandBytes) { subject.append($0) }
      },
    ]
  }
}

/// Five hundred commands of one source, of all the types that are common.
enum SampleCommands {
  static let group: [Command] = (1...500).map { number in
    let details: [EventDetail] = [
      .settled(orderedAt: UnixSeconds(1_766_000_000)), .pickedUp(late: false),
      .claimOpened(.quality, .defective), .claimDecided(.quality, .upheld),
    ]
    return Command(
      source: 42, sequence: UInt64(1_000_000 + number),
      event: Event(
        at: UnixSeconds(UInt32(1_767_000_000 + number)), buyer: AccountID(UInt64(100_000 + number)),
        merchant: AccountID(UInt64(2_000 + number)), order: UInt64(5_000_000 + number),
        claim: UInt64(700_000 + number), amount: Minor(1_999), detail: details[number & 3]))
  }
}

/// Commands and a buffer for a group of them.
final class CommandBytes {
  private let commands = SampleCommands.group
  private var bytes: [UInt8] = []

  func encode(_ count: Int) -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<(count / commands.count) {
      bytes.removeAll(keepingCapacity: true)
      for command in commands { CommandCoding.append(command, to: &bytes) }
      sum &+= UInt64(bytes[8]) &+ UInt64(bytes.count)
    }
    return sum
  }
}

/// A log in a directory that goes with it.
final class LogSubject {
  /// As many as one segment takes, with some to spare.
  static let runsMax = 700

  private let log: SegmentedLog<PosixDisk>
  private let path: String
  private let body: [UInt8]
  private let commandCount = SampleCommands.group.count
  /// Bytes of the log a command: its own, and its part of the group's.
  let commandBytes: Double

  init(in directory: String, _ durability: Durability) throws {
    path = "\(directory)/log-append-\(getpid())-\(durability)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    var body: [UInt8] = []
    for command in SampleCommands.group { CommandCoding.append(command, to: &body) }
    self.body = body
    // Fixed, as the clock is: what is counted must not depend on either.
    let identity = StoreIdentity(
      identifier: (0..<16).map { UInt8($0) }, schema: 1, createdAt: 1_767_225_600)
    log = SegmentedLog(
      PosixDisk(directory: path), identity: identity,
      rules: ReplayRules(semantics: 1, policyHash: 1), resuming: LogEnd(),
      options: .init(durability: durability, reserveBytes: 0),
      clock: LogClock(monotonicNanoseconds: { 1 }, wallSeconds: { 1_767_225_600 }))
    // The first group begins a segment, whose zeros are on disk as they are in a daemon.
    try log.makeSpare()
    _ = try log.append(body, count: commandCount)
    commandBytes = Double(log.appendedBytes) / Double(commandCount)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func append(_ count: Int) -> UInt64 {
    Workload.repeating(count / commandCount) {
      do throws(LogError) {
        return try log.append(body, count: commandCount)
      } catch {
        preconditionFailure("the log does not take a group: \(error)")
      }
    }
  }
}
