/// Finds the store in a directory, or makes one.
public struct StoreOpening<Storage: Disk> {
  private let disk: Storage
  private let schema: UInt64
  private let rules: ReplayRules
  private let segmentBytes: Int
  private let mayCreate: Bool
  private let now: UInt32

  /// - Parameters:
  ///   - schema: of a new store.
  ///   - rules: of a new store's first segment.
  ///   - segmentBytes: size of a new store's first segment.
  ///   - mayCreate: false refuses a directory without a store.
  ///   - now: UTC seconds.
  public init(
    _ disk: Storage, schema: UInt64, rules: ReplayRules, segmentBytes: Int, mayCreate: Bool,
    now: UInt32
  ) {
    self.disk = disk
    self.schema = schema
    self.rules = rules
    self.segmentBytes = segmentBytes
    self.mayCreate = mayCreate
    self.now = now
  }

  /// The identity of the store that is there; nil where there is none.
  public static func existingIdentity(_ disk: Storage) throws(StoreFault) -> StoreIdentity? {
    let names = try faulting { () throws(DiskError) in try disk.names() }
    return names.contains(FileNames.store) ? try StoreIdentity.read(disk) : nil
  }

  /// Reads the identity of the store, or makes a store where there are no files
  /// of one at all, and removes drafts that a crash left.
  public func identity() throws(StoreFault) -> (StoreIdentity, isNew: Bool) {
    let names = try faulting { () throws(DiskError) in try disk.names() }
    if names.contains(FileNames.store) {
      let identity = try StoreIdentity.read(disk)
      try faulting { () throws(DiskError) in
        for draft in FileNames.drafts where names.contains(draft) { try disk.remove(draft) }
      }
      return (identity, false)
    }
    // Beside a draft of it, a first segment is what a crash in `create` leaves.
    let isHalfMade = names.contains(FileNames.storeDraft)
    let ours = FileNames.segment(firstPosition: 1)
    let others = names.filter { !(isHalfMade && $0 == ours) }
    if let fault = StoreFault.stray(others, disk) { throw fault }
    if !mayCreate {
      throw StoreFault(
        .missing, file: disk.path(of: FileNames.store),
        what: "there is no store here, and none may be made",
        remedy: "check the path and that the file system is mounted")
    }
    if isHalfMade { try undoCreation(names) }
    let identity = StoreIdentity.random(schema: schema, createdAt: now)
    try faulting { () throws(DiskError) in try create(identity) }
    return (identity, true)
  }

  /// The identity gets its name last: with it there is a log, so that a store
  /// without one is never taken for a new one.
  private func create(_ identity: StoreIdentity) throws(DiskError) {
    let draft = try disk.create(FileNames.storeDraft)
    try draft.write(identity.encoded.span, at: 0)
    try draft.sync()
    try disk.syncDirectory()
    let header = SegmentHeader(
      sizeBytes: UInt32(segmentBytes), identifier: identity.identifier, firstPosition: 1,
      schema: schema, rules: rules, chain: 0, createdAt: now)
    let segment = try disk.create(FileNames.segment(firstPosition: 1))
    try segment.allocate(segmentBytes)
    try segment.write(header.encoded.span, at: 0)
    try segment.sync()
    try disk.syncDirectory()
    try disk.rename(FileNames.storeDraft, to: FileNames.store)
    try disk.syncDirectory()
  }

  /// What a crash in the midst of `create` left. Nothing was ever recorded there.
  private func undoCreation(_ names: [String]) throws(StoreFault) {
    try faulting { () throws(DiskError) in
      let segment = FileNames.segment(firstPosition: 1)
      if names.contains(segment) { try disk.remove(segment) }
      try disk.syncDirectory()
      try disk.remove(FileNames.storeDraft)
    }
  }
}

extension StoreFault {
  /// Of a directory without an identity that has other files of a store.
  static func stray(_ names: [String], _ disk: some Disk) -> StoreFault? {
    guard let stray = names.sorted().first(where: FileNames.isContent) else { return nil }
    return StoreFault(
      .missing, file: disk.path(of: FileNames.store),
      what: "the store's identity is missing, but \(stray) is there",
      remedy: "restore the file from a back-up of this store, or name an empty directory")
  }
}
