import CommandLog
import Foundation
import IntegrityCore
import ProbityEngine

/// What `inspect` says of a store, as `--json` prints it.
struct StoreFindings: Encodable {
  let path: String
  var kind = "store"
  /// The first eight digits of the identifier, which is not to be known.
  let store: String
  let createdAt: String
  let halfLifeSeconds: UInt64
  /// The process that has the directory: the end is moving.
  let inUseBy: Nullable<String>
  let snapshots: [SnapshotRow]
  let segments: [SegmentRow]
  let aside: [FileRow]
  let drafts: [FileRow]
  let start: StartRow
  let deep: Nullable<DeepRow>
  /// Every fault that was found, a line each; empty where the store is sound.
  let faults: [String]
  let sound: Bool
}

/// A snapshot's file.
struct SnapshotRow: Encodable {
  var file: String
  var position: UInt64
  var bytes: Nullable<Int>
  var stateHash: Nullable<String>
  var accounts: Nullable<UInt64>
  var sources: Nullable<UInt64>
  var createdAt: Nullable<String>
  var policyHash: Nullable<String>
  var semantics: Nullable<UInt32>
  var valid: Bool
  var fault: Nullable<String>
  /// With --deep: whether the state that was loaded has the hash it names.
  var loaded: Nullable<Bool>
  /// With --deep: whether it equals the log's fold; null where the log does not reach back.
  var equalsLog: Nullable<Bool>

  init(_ finding: SnapshotFinding, _ contents: SnapshotContents?) {
    let summary = finding.summary
    file = finding.name
    position = summary?.position ?? finding.position
    bytes = Nullable(finding.sizeBytes)
    stateHash = Nullable(summary?.stateHash.hex)
    accounts = Nullable(contents?.accountCount)
    sources = Nullable(contents?.sourceCount)
    createdAt = Nullable((summary?.createdAt).map { UnixSeconds($0).iso8601 })
    policyHash = Nullable(summary?.rules.policyHash.hex)
    semantics = Nullable(summary?.rules.semantics)
    valid = finding.fault == nil
    fault = Nullable(finding.fault?.description)
    loaded = Nullable(nil)
    equalsLog = Nullable(nil)
  }
}

/// A segment's file.
struct SegmentRow: Encodable {
  struct Tail: Encodable {
    let offset: Int
    let bytes: Int
    /// Highest position that headers there name.
    let lastPosition: Nullable<UInt64>
  }

  let file: String
  let firstPosition: UInt64
  /// The one before `firstPosition` where there are no groups.
  let lastPosition: UInt64
  let groups: Int
  let commands: UInt64
  let bytesUsed: Int
  let bytes: Nullable<UInt32>
  let durablePosition: UInt64
  let createdAt: Nullable<String>
  let policyHash: Nullable<String>
  let semantics: Nullable<UInt32>
  let tail: Nullable<Tail>
  let valid: Bool
  let fault: Nullable<String>

  init(_ finding: SegmentFinding) {
    let header = finding.header
    file = finding.name
    firstPosition = finding.firstPosition
    lastPosition = finding.lastPosition
    groups = finding.groupCount
    commands = finding.commandCount
    bytesUsed = finding.usedBytes
    bytes = Nullable(header?.sizeBytes)
    durablePosition = finding.durablePosition
    createdAt = Nullable((header?.createdAt).map { UnixSeconds($0).iso8601 })
    policyHash = Nullable(header?.rules.policyHash.hex)
    semantics = Nullable(header?.rules.semantics)
    tail = Nullable(
      finding.tail.map {
        Tail(
          offset: $0.offset, bytes: $0.sizeBytes,
          lastPosition: Nullable($0.positions?.upperBound))
      })
    valid = finding.fault == nil
    fault = Nullable(finding.fault?.description)
  }
}

/// A file that lies beside.
struct FileRow: Encodable {
  let file: String
  let bytes: Nullable<Int>

  init(_ finding: AsideFinding) {
    file = finding.name
    bytes = Nullable(finding.sizeBytes)
  }
}

/// What a start would do.
struct StartRow: Encodable {
  struct TornTail: Encodable {
    let file: String
    let offset: Int
    let bytes: Int
  }

  /// That the start would have.
  var policyHash: String
  /// 0 = none.
  var snapshotPosition: UInt64
  var replayedCommands: Nullable<UInt64>
  var endPosition: Nullable<UInt64>
  /// What would be put aside: never acknowledged.
  var tornTail: Nullable<TornTail>
  /// null = it would start.
  var refusal: Nullable<String>
}

/// What loading and replaying came to.
struct DeepRow: Encodable {
  /// Of the snapshot that the replay began with; 0 = the beginning; null = nothing was replayed.
  var replayedFrom: Nullable<UInt64>
  var endPosition: Nullable<UInt64>
  /// Of the state at the end.
  var stateHash: Nullable<String>
  var accounts: Nullable<Int>
  var sources: Nullable<Int>
  /// Parts of the log that were recorded under another policy, and so not replayed.
  var notReplayed: [String]
}
