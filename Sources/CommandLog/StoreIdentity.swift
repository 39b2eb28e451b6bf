/// What makes a store this store: fixed when it is created, in the file `store`
/// and at the head of every segment and snapshot.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | `PRBYSTOR` |
/// | 8 | 4 | format version |
/// | 12 | 4 | created, UTC seconds |
/// | 16 | 16 | random identifier |
/// | 32 | 8 | schema: what the creator says of the evidence's form |
/// | 40 | 4 | CRC32C of bytes 0–39 |
public struct StoreIdentity: Equatable, Sendable {
  /// 16 random bytes. Not to be shown to clients: it seeds the checksums of
  /// groups, so that no command can be made to look like a group.
  public let identifier: [UInt8]
  /// Opaque here: the half-life of the evidence, in seconds.
  public let schema: UInt64
  /// UTC seconds.
  public let createdAt: UInt32

  public static let formatVersion: UInt32 = 1
  static let magic = Array("PRBYSTOR".utf8)
  static let sizeBytes = 44

  /// - Precondition: `identifier` has 16 bytes.
  public init(identifier: [UInt8], schema: UInt64, createdAt: UInt32) {
    precondition(identifier.count == 16)
    self.identifier = identifier
    self.schema = schema
    self.createdAt = createdAt
  }

  /// A new identity, from the system's random numbers.
  public static func random(schema: UInt64, createdAt: UInt32) -> StoreIdentity {
    StoreIdentity(
      identifier: (0..<16).map { _ in UInt8.random(in: .min ... .max) }, schema: schema,
      createdAt: createdAt)
  }

  /// Where checksums of groups begin.
  var checksumSeed: UInt32 { identifier.checksum(0..<16) }

  var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.sizeBytes)
    bytes.replaceSubrange(0..<8, with: Self.magic)
    bytes.put(Self.formatVersion, at: 8)
    bytes.put(createdAt, at: 12)
    bytes.replaceSubrange(16..<32, with: identifier)
    bytes.put(schema, at: 32)
    bytes.put(bytes.checksum(0..<40), at: 40)
    return bytes
  }

  /// Reads the file `store`.
  public static func read(_ disk: some Disk) throws(StoreFault) -> StoreIdentity {
    let path = disk.path(of: FileNames.store)
    var bytes: [UInt8] = []
    let count = try faulting { () throws(DiskError) in
      try disk.open(FileNames.store, for: .reading).read(sizeBytes, at: 0, into: &bytes)
    }
    guard count == sizeBytes, Array(bytes[0..<8]) == magic,
      bytes.word(UInt32.self, at: 40) == bytes.checksum(0..<40)
    else {
      throw StoreFault(
        .damage, file: path, offset: 0, what: "this is not the identity of a store, or is damaged",
        remedy: "restore this file from a back-up of the same store")
    }
    let version = bytes.word(UInt32.self, at: 8)
    if version != formatVersion { throw .version(path, found: version) }
    return StoreIdentity(
      identifier: Array(bytes[16..<32]), schema: bytes.word(UInt64.self, at: 32),
      createdAt: bytes.word(UInt32.self, at: 12))
  }
}

/// The rules under which commands were applied: a log can be replayed only
/// under the same. Opaque here.
public struct ReplayRules: Equatable, Sendable {
  /// Raised by every change of what a command does.
  public let semantics: UInt32
  public let policyHash: UInt64

  public init(semantics: UInt32, policyHash: UInt64) {
    self.semantics = semantics
    self.policyHash = policyHash
  }
}

extension StoreFault {
  static func version(_ path: String, found: UInt32) -> StoreFault {
    StoreFault(
      .version, file: path, offset: 8,
      what: "format version \(found); this program reads version \(StoreIdentity.formatVersion)",
      remedy: "use the version of the program that wrote it")
  }

  static func otherStore(_ path: String) -> StoreFault {
    StoreFault(
      .otherStore, file: path, offset: 16, what: "this file belongs to another store",
      remedy: "move it to the directory it came from, or restore a whole back-up into an empty one")
  }
}
