// What the fuzzers run, as a library, so that every input they ever found worth
// keeping is run by the tests as well. An input that breaks a promise traps.

import CommandLog
import ForgedStore
import SimulatedDisk

/// Bytes from a fuzzer, read as a log.
///
/// The first byte says how: as a segment's whole file; as what is behind a right
/// header; or as a description of segments and groups, forged with right
/// checksums and chains over whatever they say.
public enum LogFuzz {
  static let segmentBytesMax = 16 * 4096

  /// Reads the log that `input` makes, and checks what comes of it.
  ///
  /// - Returns: whether it was read to its end.
  @discardableResult
  public static func run(_ input: [UInt8]) -> Bool {
    var reader = InputReader(input)
    let mode = reader.byte()
    let position = mode & 0x40 == 0 ? 0 : UInt64(reader.byte())
    let disk = SimulatedDisk(seed: 1)
    switch mode & 3 {
    case 0: disk.plant(reader.rest(), as: FileNames.segment(firstPosition: 1))
    case 1: plantBehindHeader(reader.rest(), disk)
    default: plantDescribed(&reader, disk)
    }
    return check(disk, after: position, for: mode & 0x80 == 0 ? .writing : .reading)
  }

  private static func plantBehindHeader(_ rest: [UInt8], _ disk: SimulatedDisk) {
    let sizeBytes = 4096 + (rest.count + 4095) / 4096 * 4096
    var bytes = ForgedSegment(sizeBytes: sizeBytes).header
    bytes.fill(to: 4096)
    bytes += rest
    bytes.fill(to: sizeBytes)
    disk.plant(bytes, as: FileNames.segment(firstPosition: 1))
  }

  // MARK: Described

  private static func plantDescribed(_ reader: inout InputReader, _ disk: SimulatedDisk) {
    var next: UInt64 = 1
    var chain: UInt32 = 0
    var names: [String] = []
    for _ in 0...(reader.byte() & 3) {
      var segment = segment(&reader, next, chain)
      for _ in 0..<(reader.byte() & 15) { segment.groups.append(group(&reader)) }
      let forged = segment.forge()
      disk.plant(forged.bytes, as: segment.name)
      names.append(segment.name)
      chain = forged.chain
      next = segment.groups.reduce(segment.firstPosition) {
        ($1.firstPosition ?? $0) &+ UInt64($1.count)
      }
    }
    // What is left is damage: where, and which bits.
    while !reader.isAtEnd {
      let name = names[Int(reader.byte()) % names.count]
      let offset = Int(reader.word(UInt16.self))
      let flips = reader.byte()
      for bit in 0..<8 where flips >> bit & 1 == 1 { disk.flipBit(offset * 8 + bit, of: name) }
    }
  }

  private static func segment(
    _ reader: inout InputReader, _ next: UInt64, _ chain: UInt32
  ) -> ForgedSegment {
    let says = reader.byte()
    var segment = ForgedSegment(
      firstPosition: next, sizeBytes: (1 + Int(reader.byte() & 15)) * 4096, chain: chain)
    if says & 1 != 0 { segment.firstPosition = min(reader.word(UInt64.self), 1 << 62 - 1) }
    if says & 2 != 0 { segment.saidPosition = reader.word(UInt64.self) }
    if says & 4 != 0 { segment.saidBytes = reader.word(UInt32.self) }
    if says & 8 != 0 { segment.chain = reader.word(UInt32.self) }
    if says & 16 != 0 {
      segment.rules = ReplayRules(
        semantics: UInt32(reader.byte()), policyHash: UInt64(reader.byte()))
    }
    if says & 32 != 0 { segment.sizeBytes = min(Int(reader.word(UInt32.self)), segmentBytesMax) }
    if says & 64 != 0 { segment.version = UInt32(reader.byte()) }
    if says & 128 != 0 { segment.schema = UInt64(reader.byte()) }
    return segment
  }

  private static func group(_ reader: inout InputReader) -> ForgedGroup {
    let says = reader.byte()
    let count = UInt32(reader.byte())
    let length = Int(reader.word(UInt16.self) & 0x1fff)
    var group = ForgedGroup(
      says & 1 == 0 ? [UInt8](repeating: 7, count: length) : reader.bytes(length), count: count)
    if says & 2 != 0 { group.firstPosition = reader.word(UInt64.self) }
    if says & 4 != 0 { group.durablePosition = reader.word(UInt64.self) }
    if says & 8 != 0 { group.bodyCRC = reader.word(UInt32.self) }
    if says & 16 != 0 { group.chain = reader.word(UInt32.self) }
    if says & 32 != 0 { group.bodyBytes = reader.word(UInt32.self) }
    if says & 64 != 0 { group.count = reader.word(UInt32.self) }
    if says & 128 != 0 { group.magic = (0..<4).map { _ in reader.byte() } }
    return group
  }

  // MARK: Checks

  private static func check(
    _ disk: SimulatedDisk, after position: UInt64, for access: DiskAccess
  ) -> Bool {
    let before = disk.forked(seed: 1)
    guard let first = recover(disk, after: position, for: access) else {
      precondition(isEqual(disk, before), "a log that is refused was changed")
      return false
    }
    if access == .reading {
      precondition(isEqual(disk, before), "a log that was only read was changed")
      return true
    }
    // Once more: the same, and nothing left to be put aside.
    guard let second = recover(disk, after: position, for: .writing) else {
      preconditionFailure("a log that was recovered is refused")
    }
    precondition(second.groups == first.groups && second.end.tornTail == nil)
    let next = first.end.nextPosition
    if next > LogFormat.positionEnd - 1 << 33 { return true }
    append(next, to: second.end, disk)
    guard let third = recover(disk, after: position, for: .reading) else {
      preconditionFailure("a log that went on is refused")
    }
    precondition(third.groups == first.groups + [Group(first: next, count: 2, bodyBytes: 3)])
    return true
  }

  private struct Group: Equatable {
    let first: UInt64
    let count: Int
    let bodyBytes: Int
  }

  private static func recover(
    _ disk: SimulatedDisk, after position: UInt64, for access: DiskAccess
  ) -> (groups: [Group], end: LogEnd<SimulatedDisk>)? {
    var groups: [Group] = []
    var next = position + 1
    let recovery = LogRecovery(
      disk, identity: ForgedIdentity.identity, rules: ForgedIdentity.rules, for: access)
    do throws(StoreFault) {
      let end = try recovery.run(after: position) { group, body in
        precondition(group.firstPosition == next, "a gap")
        precondition(group.count > 0 && group.bodyBytes <= body.count)
        groups.append(
          Group(first: group.firstPosition, count: group.count, bodyBytes: group.bodyBytes))
        next += UInt64(group.count)
      }
      precondition(end.nextPosition == next, "the end is not behind the last group")
      return (groups, end)
    } catch {
      precondition(!error.description.isEmpty && error.kind != .disk, "\(error)")
      return nil
    }
  }

  private static func append(
    _ position: UInt64, to end: LogEnd<SimulatedDisk>, _ disk: SimulatedDisk
  ) {
    let log = SegmentedLog(
      disk, identity: ForgedIdentity.identity, rules: ForgedIdentity.rules, resuming: end,
      options: .init(segmentBytes: 16 << 10, reserveBytes: 0),
      clock: LogClock(monotonicNanoseconds: { 0 }, wallSeconds: { 0 }))
    do throws(LogError) {
      let first = try log.append([1, 2, 3], count: 2)
      precondition(first == position && log.durablePosition == position + 1)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  private static func isEqual(_ one: SimulatedDisk, _ other: SimulatedDisk) -> Bool {
    one.fileNames == other.fileNames
      && one.fileNames.allSatisfy { one.contents(of: $0) == other.contents(of: $0) }
  }
}
