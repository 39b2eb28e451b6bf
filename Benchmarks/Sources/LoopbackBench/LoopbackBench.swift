import ArgumentParser
import BenchmarkMachine
import LoadGenerator
import Synchronization

// A client that asks as fast as a server on this machine answers.
//
// For: requests per second and latency of Score, ScoreBatch and Record, and of what
// Redis and memcached have for them, by the same loop, as fast as replies come or at
// a given rate. Not for: checking what scores are answered.

@main
struct LoopbackBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loopback-bench",
    abstract: "Load a daemon, Redis or memcached on this machine.",
    subcommands: [Fill.self, Run.self, Record.self, Rescore.self, Watch.self])
}

enum Server: String, ExpressibleByArgument, CaseIterable { case probity, redis, memcached }

struct Fill: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put accounts 1…N, or as many keys, into a server.")

  @Argument(help: "probity, redis or memcached.")
  var server: Server

  @Option(help: "Port on 127.0.0.1.")
  var port: UInt16

  @Option(help: "How many.")
  var accounts: UInt64 = 1_000_000

  @Option(help: "Seed of the accounts' histories.")
  var seed: UInt64 = 1

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard (1...1_000_000_000).contains(accounts) else {
      throw ValidationError("--accounts must be from 1 to 1000000000")
    }
  }

  func run() throws {
    let result: FillResult
    switch server {
    case .probity:
      var loader = try AccountLoader(port: port, accountCount: accounts, seed: seed)
      result = try loader.load()
    case .redis:
      result = try KeyLoader(port: port, RedisCommand.set, reply: "+OK\r\n").load(accounts)
    case .memcached:
      result = try KeyLoader(port: port, MemcachedCommand.set, reply: "STORED\r\n").load(accounts)
    }
    let report = FillReport(server: server.rawValue, accounts: accounts, seed: seed, result)
    if json { try printJSON(report) } else { print(report.summary) }
  }
}

/// What lookups and writes have alike.
struct LoadOptions: ParsableArguments {
  @Argument(help: "probity, redis or memcached.")
  var server: Server

  @Option(help: "Port on 127.0.0.1.")
  var port: UInt16

  @Option(
    help: """
      Requests a second (of `record`, commands), due at fixed times; without it, as fast as \
      replies come.
      """)
  var rate: Double?

  @Option(help: "Seconds before anything is counted.")
  var warmUp = 1.0

  @Option(help: "Seconds that are counted.")
  var duration = 5.0

  @Option(help: "Accounts, or keys, to choose from.")
  var accounts: UInt64 = 1_000_000

  @Option(help: "Seed of accounts and events.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Write the latency of every request there; needs --rate.", valueName: "file")
  )
  var samples: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard (1...1_000_000_000).contains(accounts) else {
      throw ValidationError("--accounts must be from 1 to 1000000000")
    }
    guard (0.01...3_600).contains(duration), (0...3_600).contains(warmUp) else {
      throw ValidationError("--duration must be from 0.01 to 3600 seconds, --warm-up from 0")
    }
    if let rate, !(0.01...100_000_000).contains(rate) {
      throw ValidationError("--rate must be from 0.01 to 100000000 a second")
    }
    if samples != nil && rate == nil { throw ValidationError("--samples needs --rate") }
  }

  func shape(connections: Int, depth: Int) -> LoadShape {
    var shape = LoadShape(
      address: .loopback(port: port), connections: connections, depth: depth,
      warmUpNanoseconds: UInt64(warmUp * 1e9), durationNanoseconds: UInt64(duration * 1e9))
    shape.keepsSamples = samples != nil
    return shape
  }
}

struct RunOptions: ParsableArguments {
  @OptionGroup var load: LoadOptions

  @Option(help: "Connections.")
  var connections = 50

  @Option(help: "Requests in flight on each connection; with --rate, the most there may be.")
  var inFlight = 16

  @Option(help: "Accounts, or keys, in each request; above 1 by ScoreBatch, MGET or get.")
  var batch = 1

  @Flag(help: "Ask for accounts 1…N in order, not at random; needs --batch, of probity alone.")
  var inOrder = false

  @Option(help: "Threads of the client, which share the connections.")
  var threads = 1

  @Option(help: "Send exactly so many requests in all, without warm-up, in place of --duration.")
  var requests: UInt64?

  func validate() throws {
    guard (1...64).contains(threads), (threads...10_000).contains(connections) else {
      throw ValidationError("--threads must be 1 to 64, --connections no fewer and at most 10000")
    }
    guard (1...4_096).contains(inFlight) else {
      throw ValidationError("--in-flight must be from 1 to 4096")
    }
    if let requests {
      guard (1...1_000_000_000_000).contains(requests) else {
        throw ValidationError("--requests must be from 1 to 1000000000000")
      }
      if load.rate != nil { throw ValidationError("--requests and --rate exclude each other") }
    }
    guard (1...4_096).contains(batch) else {
      throw ValidationError("--batch must be from 1 to 4096")
    }
    if inOrder && (batch == 1 || load.server != .probity || threads != 1) {
      throw ValidationError("--in-order needs probity, --batch and one thread")
    }
  }

  /// The part of thread `index`.
  func shape(ofThread index: Int) -> LoadShape {
    func share(_ total: Int) -> Int { total / threads + (index < total % threads ? 1 : 0) }
    var shape = load.shape(connections: share(connections), depth: inFlight)
    shape.requestCount = requests.map { UInt64(share(Int($0))) }
    shape.ratePerSecond = load.rate.map {
      $0 * Double(share(connections)) / Double(connections)
    }
    return shape
  }
}

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure requests per second and latency.",
    discussion: "Fails if any request was not answered with success, or not known to the server.")

  @OptionGroup var options: RunOptions

  func run() throws {
    try ClientSocket.allowOpen(options.connections)
    let outcomes = Mutex<[Result<LoadResult, any Error>]>([])
    // All at once, however few processors there are, and none still preparing: their
    // rates are added up.
    let loads = (0..<options.threads).map { Self.load(options, thread: $0) }
    let threads = loads.map { load in
      LoadThread {
        let outcome = Result { try load() }
        outcomes.withLock { $0.append(outcome) }
      }
    }
    for thread in threads { thread.join() }
    var total = LoadResult()
    for outcome in outcomes.withLock({ $0 }) { total.merge(try outcome.get()) }
    if let path = options.load.samples { try total.writeSamples(to: path) }
    let report = LoadReport(total, options)
    if options.load.json { try printJSON(report) } else { print(report.summary) }
    if total.missCount > 0 || !total.refusedCounts.isEmpty { throw ExitCode(3) }
  }

  /// What a thread does, with its requests prepared.
  private static func load(
    _ options: RunOptions, thread: Int
  ) -> @Sendable () throws -> LoadResult {
    let shape = options.shape(ofThread: thread)
    let seed = options.load.seed &+ UInt64(thread) << 32
    let (accounts, batch) = (options.load.accounts, options.batch)
    func load<P: BenchedProtocol & Sendable>(_ bench: P) -> @Sendable () throws -> LoadResult {
      {
        var loop = try LoadLoop(bench, shape)
        return try loop.run()
      }
    }
    switch options.load.server {
    case .probity where batch > 1:
      return load(
        options.inOrder
          ? ProbityBatches(inOrderTo: accounts, accountsPerBatch: batch)
          : ProbityBatches(accountCount: accounts, accountsPerBatch: batch, seed: seed))
    case .redis where batch > 1:
      return load(
        KeyBatchProtocol.mget(keyCount: accounts, keysPerRequest: batch, seed: seed))
    case .memcached where batch > 1:
      return load(
        KeyBatchProtocol.memcachedGet(keyCount: accounts, keysPerRequest: batch, seed: seed))
    case .probity: return load(ProbityProtocol(accountCount: accounts, seed: seed))
    case .redis: return load(KeyProtocol.redis(keyCount: accounts, seed: seed))
    case .memcached: return load(KeyProtocol.memcached(keyCount: accounts, seed: seed))
    }
  }
}
