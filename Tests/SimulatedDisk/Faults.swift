import CommandLog

/// What goes wrong in a call.
package enum Fault: Hashable, Sendable {
  /// Nothing is done; the system says EIO. A sync that fails so loses what it was
  /// to write, though reads still see it.
  case storage
  /// Nothing is done; there is no room.
  case noSpace
  /// Nothing is done; not permitted.
  case denied
  /// Nothing is done; the file system is mounted for reading.
  case readOnly
  /// A write leaves the beginning of its bytes, then EIO; `storage` for other calls.
  case shortWrite
  /// A write leaves the beginning of its bytes, or all of them, then there is no
  /// room; `noSpace` for other calls.
  case shortOfRoom
  /// All is done, then EIO.
  case late
  /// The machine stops in this call, which may or may not be done; every call
  /// fails until `crash` or `powerCut`.
  case halt
}

/// What is going to go wrong.
struct Faults {
  /// By the number of the call.
  var planned: [Int: Fault] = [:]
  /// By the number of the call among those of one operation.
  var plannedOf: [DiskError.Operation: [Int: Fault]] = [:]
  /// In every call of an operation.
  var standing: [DiskError.Operation: Fault] = [:]
  /// At random.
  var perMille = 0
  var random: [Fault] = []
}

extension SimulatedDisk {
  /// Calls made so far, of all operations, failed ones too.
  package var callCount: Int { machine.state.withLock { $0.callCount } }

  /// Calls of one operation made so far.
  package func callCount(of operation: DiskError.Operation) -> Int {
    machine.state.withLock { $0.calls[operation, default: 0] }
  }

  /// Fails one call.
  ///
  /// - Parameter number: 1 is the next call.
  package func fail(call number: Int, with fault: Fault) {
    machine.state.withLock { $0.faults.planned[$0.callCount + number] = fault }
  }

  /// Fails one call of an operation; 1 is the next.
  package func fail(call number: Int, of operation: DiskError.Operation, with fault: Fault) {
    machine.state.withLock { state in
      let call = state.calls[operation, default: 0] + number
      state.faults.plannedOf[operation, default: [:]][call] = fault
    }
  }

  /// Fails every call of an operation.
  package func failAll(_ operation: DiskError.Operation, with fault: Fault) {
    machine.state.withLock { $0.faults.standing[operation] = fault }
  }

  /// Fails so many of a thousand calls, with one of `faults`.
  package func failAtRandom(perMille: Int, with faults: [Fault]) {
    machine.state.withLock {
      $0.faults.perMille = faults.isEmpty ? 0 : perMille
      $0.faults.random = faults
    }
  }

  /// No call fails any more. A machine that halted stays so.
  package func clearFaults() { machine.state.withLock { $0.faults = Faults() } }

  /// Whether a `halt` came.
  package var isHalted: Bool { machine.state.withLock { $0.isHalted } }

  /// Bytes that all files together may take; nil = no limit.
  package var capacityBytes: Int? {
    get { machine.state.withLock { $0.capacityBytes } }
    nonmutating set { machine.state.withLock { $0.capacityBytes = newValue } }
  }

  /// A lie, for trying tests: `sync` says yes and does nothing.
  package var skipsSync: Bool {
    get { machine.state.withLock { $0.skipsSync } }
    nonmutating set { machine.state.withLock { $0.skipsSync = newValue } }
  }

  /// The same of files whose names begin so; "" = of none.
  package var unsyncedPrefix: String {
    get { machine.state.withLock { $0.unsyncedPrefix } }
    nonmutating set { machine.state.withLock { $0.unsyncedPrefix = newValue } }
  }

  /// A lie, for trying tests: `syncDirectory` says yes and does nothing.
  package var forgetsDirectorySync: Bool {
    get { machine.state.withLock { $0.forgetsDirectorySync } }
    nonmutating set { machine.state.withLock { $0.forgetsDirectorySync = newValue } }
  }
}

extension MachineState {
  /// Counts a call and says what goes wrong in it: never `halt` where it is to
  /// be done all the same (that is `late`, with the machine halted).
  mutating func begin(_ call: Call) throws(DiskError) -> Fault? {
    callCount += 1
    calls[call.operation, default: 0] += 1
    if let boot = call.boot, boot != self.boot {
      throw call.error(.storage, "the process that asks has ended")
    }
    if isHalted { throw call.error(.storage, "the machine has stopped") }
    guard let fault = fault(of: call.operation) else { return nil }
    if fault == .halt {
      isHalted = true
      return random.chance(perMille: 500) ? .late : .halt
    }
    return fault
  }

  private mutating func fault(of operation: DiskError.Operation) -> Fault? {
    if let fault = faults.planned[callCount] { return fault }
    if let fault = faults.plannedOf[operation]?[calls[operation, default: 0]] { return fault }
    if let fault = faults.standing[operation] { return fault }
    if faults.perMille > 0, random.chance(perMille: faults.perMille) {
      return faults.random[random.below(faults.random.count)]
    }
    return nil
  }

  func failure(_ fault: Fault, _ call: Call) -> DiskError {
    switch fault {
    case .noSpace, .shortOfRoom: call.error(.noSpace)
    case .denied: call.error(.denied)
    case .readOnly: call.error(.readOnly)
    case .storage, .shortWrite, .late: call.error(.storage)
    case .halt: call.error(.storage, "the machine has stopped")
    }
  }
}
