import ArgumentParser
import CommandLog
import EventFeed
import Glibc
import IntegrityCore
import IntegrityPolicy
import ProbityEngine

/// One file of a store, wherever it lies and whatever its name.
struct StoreFile {
  let path: String
  /// nil where nothing is loaded.
  let policy: Policy?
  let options: StoreOptions

  private var name: String { String(path.split(separator: "/").last ?? "") }

  private var disk: PosixDisk {
    let directory = path.dropLast(name.count)
    return PosixDisk(directory: directory.isEmpty ? "." : String(directory))
  }

  // MARK: What it holds

  /// - Throws: where it is no file of a store, or cannot be read.
  func findings(isDeep: Bool) throws(StoreFault) -> FileFindings {
    switch try StoreInspector.kind(of: name, disk) {
    case .segment(let identity):
      let finding = StoreInspector(disk, identity).segment(named: name)
      return FileFindings(
        path: path, kind: "segment", store: identity.abbreviated, segment: SegmentRow(finding),
        faults: [finding.fault?.description].compactMap { $0 })
    case .snapshot(let identity):
      return try snapshot(identity, isDeep: isDeep)
    case .other:
      return try part()
    }
  }

  private func snapshot(
    _ identity: StoreIdentity, isDeep: Bool
  ) throws(StoreFault) -> FileFindings {
    var finding = StoreInspector(disk, identity).snapshot(named: name)
    var contents: SnapshotContents?
    var isLoaded: Bool?
    if let policy, finding.fault == nil {
      let rules = EvidenceRules(schema: try .stored(identity, in: disk), policy: policy)
      let examination = StoreExamination(disk, identity, rules: rules, options: options)
      do throws(StoreFault) {
        contents = try examination.contents(ofSnapshotNamed: name)
        if isDeep { _ = try examination.state(ofSnapshotNamed: name) }
        isLoaded = isDeep ? true : nil
      } catch {
        finding.fault = error
      }
    }
    var row = SnapshotRow(finding, contents)
    row.loaded = Nullable(isLoaded)
    return FileFindings(
      path: path, kind: "snapshot", store: identity.abbreviated, snapshot: row,
      faults: [finding.fault?.description].compactMap { $0 })
  }

  /// A part of a segment, or the identity of a store.
  private func part() throws(StoreFault) -> FileFindings {
    let identity = try identityBeside()
    if name == FileNames.store {
      return FileFindings(path: path, kind: "identity", store: identity.abbreviated, faults: [])
    }
    var commandCount: UInt64 = 0
    var positions: ClosedRange<UInt64>?
    let groupCount = try StoreInspector(disk, identity).strayGroups(in: name) { group, _ in
      let last = group.firstPosition + UInt64(group.count) - 1
      commandCount += UInt64(group.count)
      positions =
        min(
          positions?.lowerBound ?? .max, group.firstPosition)...max(
          positions?.upperBound ?? 0, last)
    }
    return FileFindings(
      path: path, kind: "part", store: identity.abbreviated,
      part: PartRow(
        file: name, groups: groupCount, commands: commandCount,
        firstPosition: Nullable(positions?.lowerBound),
        lastPosition: Nullable(positions?.upperBound)), faults: [])
  }

  /// Of the store in the same directory: parts of segments name none.
  private func identityBeside() throws(StoreFault) -> StoreIdentity {
    do throws(StoreFault) {
      return try StoreIdentity.read(disk)
    } catch {
      if error.kind != .access || name == FileNames.store { throw error }
      throw StoreFault(
        .missing, file: path,
        what: "this is neither a segment nor a snapshot, and there is no store beside it",
        remedy: "name the directory of a store, or a file of one")
    }
  }

  // MARK: Its commands

  /// Prints every command of it that can be read, a line each.
  func printCommands() throws(StoreFault) -> ExitCode {
    let writer = EventLineWriter()
    var lines: [UInt8] = []
    var unreadable: UInt64 = 0
    let each = { (group: LogGroup, body: [UInt8]) in
      var offset = 0
      for index in 0..<group.count {
        let position = group.firstPosition + UInt64(index)
        switch LoggedCommand.decode(body, at: &offset) {
        case .event(let command): writer.append(command, position: position, to: &lines)
        case .desk(let command): lines += Array(DeskLine.json(command, position: position).utf8)
        case nil:
          // Where one ends is not known: nor is where the next begins.
          unreadable += UInt64(group.count - index)
          return
        }
        lines.append(UInt8(ascii: "\n"))
      }
      if lines.count > 64 << 10 { Self.flush(&lines) }
    }
    var fault: StoreFault?
    switch try StoreInspector.kind(of: name, disk) {
    case .segment(let identity):
      fault = StoreInspector(disk, identity).segment(named: name, each: each).fault
    case .snapshot:
      throw StoreFault(
        .missing, file: path, what: "a snapshot holds accounts, and no commands",
        remedy: "name a segment")
    case .other:
      _ = try StoreInspector(disk, identityBeside()).strayGroups(in: name, each: each)
    }
    Self.flush(&lines)
    if unreadable > 0 {
      Output.printError("Error: \(path): \(unreadable) commands are of a form that is not known")
    }
    if let fault { Output.printError("Error: \(fault.description)") }
    return fault == nil && unreadable == 0 ? .success : .storeRefused
  }

  private static func flush(_ lines: inout [UInt8]) {
    Output.write(lines, to: STDOUT_FILENO)
    lines.removeAll(keepingCapacity: true)
  }
}

/// What `inspect` says of one file, as `--json` prints it.
struct FileFindings: Encodable {
  let path: String
  let kind: String
  let store: String
  var segment: SegmentRow?
  var snapshot: SnapshotRow?
  var part: PartRow?
  let faults: [String]
  var sound: Bool { faults.isEmpty }

  enum CodingKeys: CodingKey { case path, kind, store, segment, snapshot, part, faults }
}

/// A part of a segment that was put aside.
struct PartRow: Encodable {
  let file: String
  /// Whole ones.
  let groups: Int
  let commands: UInt64
  let firstPosition: Nullable<UInt64>
  let lastPosition: Nullable<UInt64>
}
