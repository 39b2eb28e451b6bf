/// Why a store cannot be opened, or a file of it not be read: what was found,
/// where, and what to do.
public struct StoreFault: Error, Equatable, Sendable {
  public enum Kind: String, Sendable {
    /// The disk failed.
    case disk
    /// The system does not let this process read or write a file.
    case access
    /// The disk is full.
    case noSpace
    /// Acknowledged commands are gone, or cannot be told from gone.
    case dataLoss = "DATA_LOSS"
    /// Files of different stores lie together.
    case otherStore
    /// Written by a version whose files this one does not read.
    case version
    /// Commands can only be applied under the rules they were recorded under.
    case rules
    /// A file is not what it should be, and nothing acknowledged depends on it.
    case damage
    /// There is no store here, or one where none should be.
    case missing
    /// Another process has it.
    case inUse
    /// The state does not fit the limits it is opened with.
    case room
    /// The machine's clock contradicts the store.
    case clock
  }

  public let kind: Kind
  /// As `Disk.path` gives it.
  public let file: String
  /// In bytes, where the fault is at a place in the file.
  public let offset: Int?
  /// What is wrong.
  public let what: String
  /// What a person can do.
  public let remedy: String
  /// For `dataLoss` of the log: the last position up to which all is there.
  public let intactPosition: UInt64?

  public init(
    _ kind: Kind, file: String, offset: Int? = nil, what: String, remedy: String,
    intactPosition: UInt64? = nil
  ) {
    self.kind = kind
    self.file = file
    self.offset = offset
    self.what = what
    self.remedy = remedy
    self.intactPosition = intactPosition
  }

  package init(_ error: DiskError) {
    let remedy =
      switch error.kind {
      case .noSpace: "free some space and start again"
      case .denied: "give this user read and write access to the directory and all files in it"
      case .readOnly: "mount the file system for writing"
      case .missing: "check the path; restore the file from a back-up if it was removed"
      case .exists: "another process may be at work in this directory: stop it"
      case .storage: "check the disk and the system's log; do not start again before it is sound"
      }
    let kind: Kind =
      switch error.kind {
      case .noSpace: .noSpace
      case .storage: .disk
      case .denied, .readOnly, .missing, .exists: .access
      }
    self.init(
      kind, file: error.file, offset: error.offset,
      what: "cannot \(error.operation.rawValue): \(error.reason)", remedy: remedy)
  }
}

extension StoreFault: CustomStringConvertible {
  /// One line: file, offset, what, next step.
  public var description: String {
    let label = kind == .dataLoss ? "DATA_LOSS: " : ""
    return "\(label)\(finding). Next step: \(remedy)"
  }

  /// What was found where.
  private var finding: String {
    let place = offset.map { " at offset \($0)" } ?? ""
    return "\(file)\(place): \(what)"
  }

  /// The same fault, telling also of those that led to it. Where the disk was one
  /// of them, nothing is known to be lost: another start may read what this one could not.
  package func following(_ earlier: [StoreFault]) -> StoreFault {
    if earlier.isEmpty { return self }
    let reasons = earlier.map(\.finding).joined(separator: "; ")
    let isOfDisk = earlier.contains { $0.kind == .disk }
    return StoreFault(
      isOfDisk ? .disk : kind, file: file, offset: offset, what: "\(what) (unusable: \(reasons))",
      remedy: remedy,
      intactPosition: intactPosition)
  }
}

/// Runs `body`, turning the disk's errors into faults.
package func faulting<Result>(_ body: () throws(DiskError) -> Result) throws(StoreFault) -> Result {
  do {
    return try body()
  } catch {
    throw StoreFault(error)
  }
}
