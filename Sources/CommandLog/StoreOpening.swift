/// Finds the store in a directory, or makes one.
public enum StoreOpening {
  /// Reads the identity of the store, or creates one where there are no files of
  /// a store at all, and removes drafts that a crash left.
  ///
  /// - Parameters:
  ///   - schema: of a new store.
  ///   - mayCreate: false refuses a directory without a store.
  ///   - now: UTC seconds.
  /// - Returns: the identity, and whether it is new.
  public static func identity(
    _ disk: some Disk, schema: UInt64, mayCreate: Bool, now: UInt32
  ) throws(StoreFault) -> (StoreIdentity, isNew: Bool) {
    let names = try faulting { () throws(DiskError) in try disk.names() }
    if names.contains(FileNames.store) {
      let identity = try StoreIdentity.read(disk)
      try faulting { () throws(DiskError) in
        for draft in FileNames.drafts where names.contains(draft) { try disk.remove(draft) }
      }
      return (identity, false)
    }
    if let stray = names.sorted().first(where: FileNames.isContent) {
      throw StoreFault(
        .missing, file: disk.path(of: FileNames.store),
        what: "the store's identity is missing, but \(stray) is there",
        remedy: "restore the file from a back-up of this store, or name an empty directory")
    }
    if !mayCreate {
      throw StoreFault(
        .missing, file: disk.path(of: FileNames.store),
        what: "there is no store here, and none may be made",
        remedy: "check the path and that the file system is mounted")
    }
    let identity = StoreIdentity.random(schema: schema, createdAt: now)
    try create(disk, identity)
    return (identity, true)
  }

  /// A draft first: a crash leaves a whole identity or none.
  private static func create(
    _ disk: some Disk, _ identity: StoreIdentity
  ) throws(StoreFault) {
    try faulting { () throws(DiskError) in
      if try disk.names().contains(FileNames.storeDraft) { try disk.remove(FileNames.storeDraft) }
      let file = try disk.create(FileNames.storeDraft)
      try file.write(identity.encoded.span, at: 0)
      try file.sync()
      try disk.rename(FileNames.storeDraft, to: FileNames.store)
      try disk.syncDirectory()
    }
  }
}
