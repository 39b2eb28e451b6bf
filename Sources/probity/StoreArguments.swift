import AccountStore
import ArgumentParser
import CommandLog
import Foundation
import IntegrityCore
import IntegrityPolicy
import Logging
import ProbityEngine

/// Where and how `serve` keeps its state.
struct StoreArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Directory of the store: log and snapshots. Made if it is not there; one process at a time.",
      valueName: "dir"))
  var data = "./probity-data"

  @Option(
    help: ArgumentHelp(
      "What an acknowledgement of a command promises.",
      discussion: """
        always: it is on disk; costs one disk flush for each group of commands (about 0.1 to \
        1 ms), which all connections share. \
        interval=MS (1 to 10000): it is with the operating system, and on disk at most so much \
        later; saves waiting for flushes; a crash of the process loses nothing, a power cut or \
        a crash of the system loses what came in the last MS milliseconds although it was \
        acknowledged. \
        memory: nothing is kept; a restart begins empty.
        """, valueName: "mode"))
  var durability = DurabilityArgument(.always)

  @Flag(help: "Refuse to start where there is no store yet: for a disk that may not be mounted.")
  var requireStore = false

  @Option(
    help: ArgumentHelp(
      "Days in which evidence loses half its weight: 8 to 7300; fixed when the store is made "
        + "(default: 180).", valueName: "days"))
  var halfLifeDays: Int?

  @Option(help: "Most accounts to hold; commands that need more are refused.")
  var accountsMax = StoreLayout.accountsMaxStandard

  @Option(
    help: ArgumentHelp(
      "Take a snapshot when the log behind the last is this long, and no shorter than it.",
      valueName: "MiB"))
  var snapshotLog = 1_024

  @Option(
    help: ArgumentHelp(
      "Take a snapshot after this time if anything was recorded; 0 = not by time.",
      valueName: "minutes"))
  var snapshotEvery = 60

  @Option(
    help: ArgumentHelp(
      "Most that a snapshot writes, and then reads back, a second; 0 = as fast as it goes.",
      valueName: "MiB"))
  var snapshotRate = 256

  @Option(
    help: ArgumentHelp(
      "Space to leave free on the disk: below it commands are refused, lookups go on.",
      valueName: "MiB"))
  var diskReserve = 256

  @Option(
    help: ArgumentHelp("Size of the log's files: 4 to 1024.", valueName: "MiB"))
  var logSegment = 64

  func validate() throws {
    if let halfLifeDays, !(8...7_300).contains(halfLifeDays) {
      throw ValidationError("--half-life-days must be from 8 to 7300")
    }
    guard (1_000...4_000_000_000).contains(accountsMax) else {
      throw ValidationError("--accounts-max must be from 1000 to 4000000000")
    }
    guard (1...1_048_576).contains(snapshotLog) else {
      throw ValidationError("--snapshot-log must be from 1 to 1048576")
    }
    guard (0...525_600).contains(snapshotEvery) else {
      throw ValidationError("--snapshot-every must be from 0 to 525600")
    }
    guard (0...1_048_576).contains(snapshotRate), (0...1_048_576).contains(diskReserve) else {
      throw ValidationError("--snapshot-rate and --disk-reserve must be from 0 to 1048576")
    }
    guard (4...1_024).contains(logSegment) else {
      throw ValidationError("--log-segment must be from 4 to 1024")
    }
  }

  /// For the engine.
  var storeOptions: StoreOptions {
    var options = StoreOptions()
    options.durability = durability.durability
    options.segmentBytes = logSegment << 20
    options.reserveBytes = diskReserve << 20
    options.accountsMax = accountsMax
    options.snapshotLogBytes = snapshotLog << 20
    options.snapshotSeconds = snapshotEvery * 60
    options.snapshotBytesPerSecond = snapshotRate << 20
    options.mayCreate = !requireStore
    return options
  }

  /// Opens the store, or makes an engine that keeps nothing.
  ///
  /// - Throws: after saying what is wrong where and what to do.
  func open(_ document: PolicyDocument, logger: Logger) throws -> OpenedEngine {
    do {
      if durability.durability == .memory { return try openMemory(document) }
      let lock = try DirectoryLock(directory: data)
      let disk = PosixDisk(directory: data)
      let rules = EvidenceRules(schema: try schema(disk), policy: document.policy)
      var options = storeOptions
      options.policies = PolicySetup(document)
      let recovery = StoreRecovery(disk, rules: rules, options: options, clock: SystemClock())
      let store = try recovery.open(tableSeed: .random(in: .min ... .max))
      try checkPolicy(document, store.state.shelf)
      StoreLog(logger).report(store.report, directory: data)
      let engine = Engine(
        store, clock: SystemClock(), notify: { StoreLog(logger).report($0) })
      return OpenedEngine(engine: engine, lock: lock)
    } catch let fault as StoreFault {
      throw fault.reported()
    }
  }

  /// Where policies are changed by command, a file cannot change them as well.
  private func checkPolicy(_ document: PolicyDocument, _ shelf: PolicyShelf) throws {
    let isBuiltIn = document.policy.hash == PolicyDocument.standard.policy.hash
    if !shelf.isInUse || isBuiltIn || shelf[document.policy.hash] != nil { return }
    let active = shelf.active
    throw CommandFailure(
      "the policies of this store are changed by command, and \(document.name), version "
        + "\(document.policy.version), is not among them; version \(active.policy.version) is in "
        + "force. Start without --policy, then: probity policy put FILE; probity policy activate "
        + "\(document.policy.version)")
  }

  private func openMemory(_ document: PolicyDocument) throws -> OpenedEngine {
    do throws(StoreError) {
      let table = try AccountTable(
        layout: StoreLayout(accountsMax: accountsMax), seed: .random(in: .min ... .max))
      let rules = EvidenceRules(schema: schema(days: halfLifeDays), policy: document.policy)
      let engine = Engine(
        table: table, rules: rules, log: MemoryLog(), clock: SystemClock(),
        policies: PolicySetup(document))
      return OpenedEngine(engine: engine, lock: nil)
    } catch {
      switch error {
      case .outOfAddressSpace(let sizeBytes):
        throw CommandFailure(
          "cannot reserve \(sizeBytes >> 20) MiB of address space: "
            + "lower --accounts-max or raise ulimit -v")
      }
    }
  }

  /// What was asked for, or what the store was made with.
  private func schema(_ disk: PosixDisk) throws(StoreFault) -> EvidenceSchema {
    if halfLifeDays != nil { return schema(days: halfLifeDays) }
    guard let identity = try StoreOpening<PosixDisk>.existingIdentity(disk) else {
      return .standard
    }
    return try .stored(identity, in: disk)
  }

  private func schema(days: Int?) -> EvidenceSchema {
    days.map { EvidenceSchema(halfLifeSeconds: UInt32($0) * 86_400) } ?? .standard
  }
}

extension PolicySetup {
  /// Of a store that begins with `document`.
  init(_ document: PolicyDocument) {
    self.init(name: document.name, text: document.text, compile: PolicyDocument.compile)
  }
}

/// An engine, and the lock on its directory, to be kept as long as it.
struct OpenedEngine {
  let engine: Engine
  let lock: DirectoryLock?
}

/// `always`, `interval=MS` or `memory` as given on the command line.
struct DurabilityArgument: ExpressibleByArgument, CustomStringConvertible {
  let durability: Durability

  init(_ durability: Durability) { self.durability = durability }

  init?(argument: String) {
    switch argument {
    case "always": durability = .always
    case "memory": durability = .memory
    default:
      guard argument.hasPrefix("interval="),
        let milliseconds = Int(argument.dropFirst("interval=".count)),
        (1...10_000).contains(milliseconds)
      else { return nil }
      durability = .interval(milliseconds: milliseconds)
    }
  }

  var description: String {
    if case .interval(let milliseconds) = durability { return "interval=\(milliseconds)" }
    return durability.description
  }

  var defaultValueDescription: String { description }
}
