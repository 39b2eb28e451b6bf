import AccountStore
import CommandLog
import ForgedStore
import IntegrityCore
import IntegrityPolicy
import ProbityEngine
import SimulatedDisk

/// Bytes from a fuzzer, read as a snapshot, and the state in it loaded.
///
/// The first byte says how: as the whole file; or as a description of chunks,
/// forged with right checksums over whatever they say.
public enum SnapshotFuzz {
  static let position: UInt64 = 3
  static let rules = EvidenceRules(schema: .standard, policy: PolicyDocument.standard.policy)
  static let policies = PolicySetup(
    name: "standard", text: PolicyDocument.standardText, compile: PolicyDocument.compile)
  static let accountsMax = 4096
  static let sourcesMax = 64

  /// Reads the snapshot that `input` makes, and checks what comes of it.
  ///
  /// - Returns: whether a state was loaded.
  @discardableResult
  public static func run(_ input: [UInt8]) -> Bool {
    var reader = InputReader(input)
    let isDescribed = reader.byte() & 1 == 1
    let disk = SimulatedDisk(seed: 1)
    let bytes = isDescribed ? described(&reader).forge() : reader.rest()
    disk.plant(bytes, as: FileNames.snapshot(position: position))
    do throws(StoreFault) {
      let snapshot = try SnapshotReader(disk, ForgedIdentity.identity, position: position)
      try check(snapshot, sizeBytes: bytes.count)
      try load(snapshot)
      return true
    } catch {
      precondition(!error.description.isEmpty && error.kind != .disk, "\(error)")
      return false
    }
  }

  private static func check(
    _ snapshot: SnapshotReader<SimulatedDisk>, sizeBytes: Int
  ) throws(StoreFault) {
    precondition(snapshot.sizeBytes == sizeBytes && snapshot.summary.position == position)
    var offset = SnapshotFormat.headerBytes
    for chunk in snapshot.chunks {
      precondition(chunk.offset == offset, "chunks do not follow each other")
      offset += Int(chunk.bodyBytes)
    }
    let rest = SnapshotFormat.tableEntryBytes * snapshot.chunks.count + SnapshotFormat.trailerBytes
    precondition(offset + rest == sizeBytes, "chunks do not fill the file")
    try snapshot.verify()
  }

  /// The state has the hash that the file names, or there is none.
  private static func load(_ snapshot: SnapshotReader<SimulatedDisk>) throws(StoreFault) {
    let loader = StateLoader(
      snapshot, rules: rules, accountsMax: accountsMax, sourcesMax: sourcesMax,
      policies: policies)
    let state = try loader.load(threadCount: 1)
    precondition(state.position.rawValue == position)
    precondition(state.table.count <= accountsMax && state.sources.count <= sourcesMax)
    state.table.checkInvariants()
    // What no command can have made traps here, unless its hash was wrong.
    state.desk.checkInvariants()
  }

  // MARK: Described

  private static func described(_ reader: inout InputReader) -> ForgedSnapshot {
    let says = reader.byte()
    var snapshot = ForgedSnapshot(position: position)
    snapshot.stateHash = reader.word(UInt64.self)
    snapshot.rules = ReplayRules(
      semantics: reader.word(UInt32.self), policyHash: reader.word(UInt64.self))
    if says & 1 != 0 { snapshot.position = reader.word(UInt64.self) }
    if says & 2 != 0 { snapshot.tableOffset = reader.word(UInt64.self) }
    if says & 4 != 0 { snapshot.chunkCount = reader.word(UInt64.self) }
    if says & 8 != 0 { snapshot.saidBytes = reader.word(UInt64.self) }
    while !reader.isAtEnd && snapshot.chunks.count < 1000 {
      snapshot.chunks.append(chunk(&reader))
    }
    return snapshot
  }

  private static func chunk(_ reader: inout InputReader) -> ForgedSnapshot.Chunk {
    let says = reader.byte()
    let section = UInt32(reader.byte())
    let group = UInt32(reader.byte())
    let itemCount = UInt32(reader.word(UInt16.self))
    var chunk = ForgedSnapshot.Chunk(
      reader.bytes(Int(reader.word(UInt16.self))), section: section, group: group)
    chunk.itemCount = itemCount
    if says & 1 != 0 { chunk.offset = reader.word(UInt64.self) }
    if says & 2 != 0 { chunk.bodyBytes = reader.word(UInt32.self) }
    if says & 4 != 0 { chunk.crc = reader.word(UInt32.self) }
    if says & 8 != 0 { chunk.group = reader.word(UInt32.self) }
    return chunk
  }

  /// The description of a file that is right.
  static func description(_ snapshot: ForgedSnapshot) -> [UInt8] {
    var bytes: [UInt8] = [1, 0]
    bytes.append(word: snapshot.stateHash)
    bytes.append(word: snapshot.rules.semantics)
    bytes.append(word: snapshot.rules.policyHash)
    for chunk in snapshot.chunks {
      bytes += [0, UInt8(chunk.section), UInt8(chunk.group)]
      bytes.append(word: UInt16(chunk.itemCount))
      bytes.append(word: UInt16(chunk.body.count))
      bytes += chunk.body
    }
    return bytes
  }
}
