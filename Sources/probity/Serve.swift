import AccountStore
import ArgumentParser
import CommandLog
import Foundation
import IntegrityCore
import IntegrityPolicy
import Logging
import ProbityEngine
import ProbityServer
import ServiceLifecycle

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the daemon.",
    discussion: """
      Serves until SIGTERM or Ctrl-C, then finishes what it accepted, takes a snapshot and \
      exits with 0; with 1 if its log fails. What was acknowledged is in the store's log and is \
      there after any restart.
      """)

  @OptionGroup(title: "Store") var store: StoreArguments

  @Option(help: "Address to listen on; port 0 takes any free one.")
  var listen = AddressArgument.standard

  @Option(
    help: ArgumentHelp(
      "Address to serve /metrics and /healthz on, over HTTP; nowhere if not given.",
      valueName: "host:port"))
  var adminListen: AddressArgument?

  @Option(
    help: ArgumentHelp(
      """
      Policy document in place of the built-in one, until another is activated with `probity \
      policy activate`.
      """, valueName: "file"))
  var policy: String?

  @Option(help: ArgumentHelp("File with the secret that clients must present.", valueName: "file"))
  var tokenFile: String?

  @Flag(
    help: """
      Listen beyond this machine without a token: anyone who reaches --listen may record, \
      anyone who reaches --admin-listen may read the metrics.
      """)
  var allowAnonymous = false

  @Option(help: "Threads for connections.")
  var eventLoops = ProbityServer.Configuration.eventLoopCountStandard

  @Option(help: "Least level to log, on standard error: debug, info, notice, warning, error.")
  var logLevel = Logger.Level.notice

  @Flag(help: "Print the address as JSON once it listens, and no hints.")
  var json = false

  func validate() throws {
    guard (1...256).contains(eventLoops) else {
      throw ValidationError("--event-loops must be from 1 to 256")
    }
    if !listen.isLoopback && tokenFile == nil && !allowAnonymous {
      throw ValidationError(
        "\(listen) can be reached from other machines: give --token-file, or --allow-anonymous")
    }
    if let adminListen, !adminListen.isLoopback && !allowAnonymous {
      throw ValidationError(
        "\(adminListen) can be reached from other machines, and metrics ask for no token: "
          + "name a loopback address, or give --allow-anonymous")
    }
  }

  func run() async throws {
    // Whoever read what the daemon logs may go; the daemon stays.
    signal(SIGPIPE, SIG_IGN)
    var logger = Logger(label: "probity") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = logLevel
    let document = try PolicyFile.read(policy)
    let token = try TokenFile.read(tokenFile)
    let opened = try store.open(document, logger: logger)
    // The directory is ours until the last snapshot is written.
    defer { withExtendedLifetime(opened) {} }
    var limits = ServerLimits()
    limits.accountsMax = store.accountsMax
    var configuration = ProbityServer.Configuration(
      host: listen.host, port: listen.port, token: token, eventLoopCount: eventLoops,
      version: Probity.version, limits: limits)
    configuration.admin = adminListen.map { .init(host: $0.host, port: $0.port) }
    let server = ProbityServer(
      configuration, engine: opened.engine, logger: logger, onListening: announce)
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    do {
      try await group.run()
    } catch let error as ServerError {
      throw CommandFailure(error.description)
    }
  }

  /// Tells where the daemon listens, and what to try.
  @Sendable private func announce(
    _ address: ProbityServer.Address, _ adminAddress: ProbityServer.Address?
  ) {
    let bound = AddressArgument(host: address.host, port: address.port)
    let admin = adminAddress.map { AddressArgument(host: $0.host, port: $0.port) }
    if json {
      var line = ["listening": bound.description, "pid": "\(getpid())"]
      line["admin"] = admin?.description
      try? Output.printJSON(line)
      return
    }
    let me = CommandLine.arguments[0]
    let isKept = store.durability.durability != .memory
    let place = isKept ? "state in \(store.data)" : "state in memory only"
    let server = bound.port == AddressArgument.standard.port ? "" : " --server \(bound)"
    Output.print(
      """
      probity \(Probity.version) listens on \(bound) (\(place); Ctrl-C stops it)

      Try, in another terminal:
        \(me) simulate --accounts 1000 --orders 20000 --seed 1 --send\(server)
        \(me) score buyer:1 merchant:1\(server)
        \(me) status\(server)
      """)
    if let admin { Output.print("  curl http://\(admin)/metrics") }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
