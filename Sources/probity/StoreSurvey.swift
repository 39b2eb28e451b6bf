import AccountStore
import CommandLog
import IntegrityCore
import ProbityEngine

/// Gathers what `inspect` says of one store.
struct StoreSurvey {
  typealias Frozen = FrozenDisk<PosixDisk>

  let directory: String
  let isDeep: Bool
  let policy: Policy
  let options: StoreOptions
  let now: UnixSeconds
  let isProgressShown: Bool

  /// - Throws: `StoreFault` where there is no store that could be looked at.
  func findings() throws(StoreFault) -> StoreFindings {
    let ownerBefore = DirectoryLock.owner(of: directory)
    let base = PosixDisk(directory: directory)
    let disk = try faulting { () throws(DiskError) in try Frozen(base) }
    let identity = try StoreInspector.identity(disk)
    let rules = EvidenceRules(schema: try .stored(identity, in: disk), policy: policy)
    let meter = SurveyMeter(isShown: isProgressShown)
    let inspector = StoreInspector(disk, identity, progress: meter.add)
    meter.expect(try inspector.sizeBytes())
    let examination = StoreExamination(
      disk, identity, rules: rules, options: options, progress: meter.add)
    var snapshots = try inspector.snapshots()
    var rows = snapshots.map { finding in
      SnapshotRow(finding, try? examination.contents(ofSnapshotNamed: finding.name))
    }
    let segments = try inspector.segments()
    var faults = segments.compactMap(\.fault)
    let deep =
      isDeep ? proof(examination, &snapshots, &rows, segments, meter, &faults) : nil
    faults = snapshots.compactMap(\.fault) + faults
    let start = start(disk, inspector, examination, snapshots, &faults)
    meter.finish()
    return StoreFindings(
      path: directory, store: identity.abbreviated,
      createdAt: UnixSeconds(identity.createdAt).iso8601, halfLifeSeconds: identity.schema,
      inUseBy: Nullable(ownerBefore ?? DirectoryLock.owner(of: directory)), snapshots: rows,
      segments: segments.map(SegmentRow.init), aside: try inspector.asides().map(FileRow.init),
      drafts: try inspector.drafts().map(FileRow.init), start: start, deep: Nullable(deep),
      faults: faults.map(\.description), sound: faults.isEmpty)
  }

  // MARK: A start

  private func start(
    _ disk: Frozen, _ inspector: StoreInspector<Frozen>, _ examination: StoreExamination<Frozen>,
    _ snapshots: [SnapshotFinding], _ faults: inout [StoreFault]
  ) -> StartRow {
    let used = snapshots.last { $0.fault == nil }?.summary
    var row = StartRow(
      policyHash: policy.hash.hex, snapshotPosition: used?.position ?? 0,
      replayedCommands: Nullable(nil), endPosition: Nullable(nil), tornTail: Nullable(nil),
      refusal: Nullable(nil))
    do throws(StoreFault) {
      // Of newer snapshots that a start does not pass over: too large, of another store.
      for snapshot in snapshots.reversed() {
        guard let fault = snapshot.fault else { break }
        if fault.kind != .damage && fault.kind != .disk { throw fault }
      }
      let forecast = try inspector.forecast(
        after: row.snapshotPosition, rules: examination.replayRules)
      row.replayedCommands = Nullable(forecast.replayedCount)
      row.endPosition = Nullable(forecast.endPosition)
      row.tornTail = Nullable(
        forecast.tornTail.map { .init(file: $0.file, offset: $0.offset, bytes: $0.sizeBytes) })
      let newest = max(forecast.segmentCreatedAt, used?.createdAt ?? 0)
      if let fault = StoreFault.clock(
        directory, newest: newest, now: now.rawValue, backSecondsMax: options.clockBackSecondsMax)
      {
        throw fault
      }
    } catch {
      row.refusal = Nullable(error.description)
      if !faults.contains(error) { faults.append(error) }
    }
    return row
  }

  // MARK: With --deep

  /// Loads every snapshot that is whole, and replays the log from as far back as
  /// it goes.
  private func proof(
    _ examination: StoreExamination<Frozen>, _ snapshots: inout [SnapshotFinding],
    _ rows: inout [SnapshotRow], _ segments: [SegmentFinding], _ meter: SurveyMeter,
    _ faults: inout [StoreFault]
  ) -> DeepRow {
    for index in snapshots.indices where snapshots[index].fault == nil {
      do throws(StoreFault) {
        _ = try examination.state(ofSnapshotNamed: snapshots[index].name)
        rows[index].loaded = Nullable(true)
      } catch {
        snapshots[index].fault = error
        rows[index].loaded = Nullable(false)
        rows[index].valid = false
        rows[index].fault = Nullable(error.description)
      }
    }
    var deep = DeepRow(
      replayedFrom: Nullable(nil), endPosition: Nullable(nil), stateHash: Nullable(nil),
      accounts: Nullable(nil), sources: Nullable(nil), notReplayed: [])
    meter.expect(segments.reduce(0) { $0 + $1.usedBytes })
    let whole = snapshots.filter { $0.fault == nil }.compactMap(\.summary)
    guard let first = segments.first?.firstPosition else { return deep }
    let bases = (first == 1 ? [0] : []) + whole.map(\.position).filter { $0 + 1 >= first }
    for base in bases {
      do throws(StoreFault) {
        let fold = try examination.fold(from: base, comparing: whole)
        deep.replayedFrom = Nullable(base)
        deep.endPosition = Nullable(fold.endPosition)
        deep.stateHash = Nullable(fold.stateHash.hex)
        deep.accounts = Nullable(fold.accountCount)
        deep.sources = Nullable(fold.sourceCount)
        note(fold, &snapshots, &rows, &faults)
        break
      } catch {
        if error.kind == .rules {
          deep.notReplayed.append("from position \(base + 1): \(error.what)")
        } else if faults.isEmpty {
          faults.append(error)
        }
      }
    }
    return deep
  }

  private func note(
    _ fold: FoldFinding, _ snapshots: inout [SnapshotFinding], _ rows: inout [SnapshotRow],
    _ faults: inout [StoreFault]
  ) {
    for comparison in fold.comparisons {
      for index in rows.indices where rows[index].position == comparison.position {
        rows[index].equalsLog = Nullable(comparison.isEqual)
        if comparison.isEqual { continue }
        faults.append(
          StoreFault(
            .damage, file: snapshots[index].path,
            what: "the log's commands up to position \(comparison.position) come to state hash "
              + "\(comparison.stateHash.hex), the snapshot says "
              + (rows[index].stateHash.value ?? ""),
            remedy: "report this: one of the two was made by a program with a fault; keep both"))
      }
    }
  }
}

/// How far an inspection is.
final class SurveyMeter {
  private var progress: Progress
  private var done = 0
  private var expected = 0
  private let isShown: Bool

  init(isShown: Bool) {
    self.isShown = isShown
    progress = Progress(total: nil, unit: "MiB", isShown: isShown)
  }

  /// So many bytes more will be read.
  func expect(_ bytes: Int) {
    expected += bytes
    progress = Progress(total: max(1, expected - done), unit: "MiB", isShown: isShown)
    expected -= done
    done = 0
  }

  func add(_ bytes: Int) {
    done += bytes
    progress.update(done: done, items: done >> 20)
  }

  func finish() { progress.finish() }
}

extension StoreIdentity {
  /// Enough to tell stores apart, and too little to forge a group.
  var abbreviated: String {
    identifier.prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}

extension EvidenceSchema {
  /// Of a store that is there.
  static func stored(
    _ identity: StoreIdentity, in disk: some Disk
  ) throws(StoreFault) -> EvidenceSchema {
    guard let seconds = UInt32(exactly: identity.schema), halfLifeRange.contains(seconds) else {
      throw StoreFault(
        .damage, file: disk.path(of: "store"), offset: 32,
        what: "a half-life of \(identity.schema) s is impossible",
        remedy: "restore this file from a back-up of the same store")
    }
    return EvidenceSchema(halfLifeSeconds: seconds)
  }
}
