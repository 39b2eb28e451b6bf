import AccountStore
import ArgumentParser
import CommandLog
import Foundation
import IntegrityCore
import ProbityEngine

struct Repair: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a store start again that refuses with DATA_LOSS, without what it lost.",
    discussion: """
      The only way on where no back-up has the missing part. It ends the log behind the position \
      that the refusal names, which has to be given, so that nobody accepts a loss without having \
      read how large it is. All that it takes away it keeps, in files that begin with `aside-`.

      What it cannot mend it refuses to touch: a store without a snapshot whose log does not begin \
      at 1, files of another store or version, a disk that does not read. It changes nothing where \
      nothing is lost.

      Exit codes: 0 it is done, or there was nothing to do; 3 it was refused; 1 it failed, and may \
      be run again.
      """)

  @Option(help: ArgumentHelp("Directory of the store. No daemon may use it.", valueName: "dir"))
  var data: String

  @Option(
    help: ArgumentHelp(
      "The last position that is kept: the one that the refusal names.", valueName: "position"))
  var acceptLossAfter: UInt64

  @Flag(help: "Say what would be done, and do nothing.")
  var dryRun = false

  @Option(help: "Most accounts to hold, as for `serve`.")
  var accountsMax = StoreLayout.accountsMaxStandard

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    do {
      // Looked at before anything is made there, so that a wrong path leaves no trace.
      let disk = PosixDisk(directory: data)
      let identity = try StoreInspector.identity(disk)
      let lock = dryRun ? nil : try DirectoryLock(directory: data)
      defer { withExtendedLifetime(lock) {} }
      try repair(disk, identity)
    } catch let fault as StoreFault {
      throw fault.reported()
    }
  }

  private func repair(_ disk: PosixDisk, _ identity: StoreIdentity) throws {
    var options = StoreOptions()
    options.accountsMax = accountsMax
    let rules = EvidenceRules(
      schema: try .stored(identity, in: disk), policy: try PolicyFile.read(nil).policy)
    let (snapshot, passedOver) = try StoreExamination(
      disk, identity, rules: rules, options: options
    ).newestSnapshot()
    let repair = LogRepair(
      disk, identity: identity, snapshot: snapshot, now: UnixSeconds.now.rawValue)
    guard let plan = try repair.plan() else {
      return try show(RepairOutput(data), passedOver)
    }
    if acceptLossAfter != plan.intactPosition {
      Output.printError(
        "Error: \(acceptLossAfter) is not the position to which everything is there: that is "
          + "\(plan.intactPosition). Nothing was changed. The loss: \(plan.fault.description)")
      throw ExitCode.storeRefused
    }
    let report = dryRun ? nil : try repair.carryOut(plan)
    try show(RepairOutput(data, plan, report), passedOver)
  }

  private func show(_ output: RepairOutput, _ passedOver: [StoreFault]) throws {
    for fault in passedOver { Output.printError("not used: \(fault.description)") }
    if json { return try Output.printJSON(output) }
    for line in output.lines { Output.print(line) }
  }
}

/// What a repair did or would do, as `--json` prints it.
struct RepairOutput: Encodable {
  struct Kept: Encodable {
    let file: String
    let offset: Nullable<Int>
    let bytes: Nullable<Int>
    /// null on a dry run.
    let keptAs: Nullable<String>
  }

  let directory: String
  let needed: Bool
  let done: Bool
  let intactPosition: Nullable<UInt64>
  let lostFrom: Nullable<UInt64>
  /// null = nobody can tell how far the log went.
  let lostThrough: Nullable<UInt64>
  let kept: [Kept]
  let newSegmentAt: Nullable<UInt64>

  /// Of a store that needs none.
  init(_ directory: String) {
    self.directory = directory
    needed = false
    done = false
    intactPosition = Nullable(nil)
    lostFrom = Nullable(nil)
    lostThrough = Nullable(nil)
    kept = []
    newSegmentAt = Nullable(nil)
  }

  /// - Parameter report: nil on a dry run.
  init(_ directory: String, _ plan: RepairPlan, _ report: RepairReport?) {
    self.directory = directory
    needed = true
    done = report != nil
    intactPosition = Nullable(plan.intactPosition)
    lostFrom = Nullable(plan.intactPosition + 1)
    lostThrough = Nullable(plan.lostThrough)
    newSegmentAt = Nullable(plan.newSegment?.firstPosition)
    kept =
      report?.kept.map {
        Kept(
          file: $0.name, offset: Nullable($0.range?.lowerBound), bytes: Nullable($0.range?.count),
          keptAs: Nullable($0.asideName))
      } ?? Self.planned(plan)
  }

  private static func planned(_ plan: RepairPlan) -> [Kept] {
    func whole(_ name: String) -> Kept {
      Kept(file: name, offset: Nullable(nil), bytes: Nullable(nil), keptAs: Nullable(nil))
    }
    let cut = plan.cut.map {
      Kept(
        file: FileNames.segment(firstPosition: $0.firstPosition), offset: Nullable($0.offset),
        bytes: Nullable($0.sizeBytes), keptAs: Nullable(nil))
    }
    return (cut.map { [$0] } ?? [])
      + plan.snapshotsAside.map { whole(FileNames.snapshot(position: $0)) }
      + plan.segmentsAside.map { whole(FileNames.segment(firstPosition: $0)) }
  }

  var lines: [String] {
    guard let intact = intactPosition.value else {
      return ["\(directory): nothing is lost; no repair is needed, and nothing was changed."]
    }
    var lines = [
      "\(directory): the log \(done ? "ends" : "would end") at position \(intact) now.",
      lostThrough.value.map { "Lost: positions \(intact + 1) to \($0), as far as is known." }
        ?? "Lost: what came behind position \(intact); how much that was, nobody can tell.",
    ]
    for kept in kept {
      let part = kept.offset.value.map { offset in
        "\(kept.bytes.value ?? 0) bytes at offset \(offset) of "
      }
      lines.append(
        "\(done ? "Kept" : "Would be kept"): \(part ?? "")\(kept.file)"
          + (kept.keptAs.value.map { ", as \($0)" } ?? ", in a file that begins with aside-"))
    }
    if let first = newSegmentAt.value {
      lines.append("\(done ? "Made" : "Would be made"): a new segment from position \(first).")
    }
    lines.append(
      """
      Before clients record again: commands behind position \(intact) were acknowledged to them \
      and are gone, and positions from \(intact + 1) on will be given anew. Clients that keep their \
      events can send them again under the same source and sequence: what is there counts once. \
      Those of a source must come in order: see "When commands were lost" in Docs/OPERATIONS.md.
      """)
    return lines
  }
}
