import ArgumentParser
import BenchmarkMachine
import LoadGenerator

struct RecordOptions: ParsableArguments {
  @OptionGroup var load: LoadOptions

  @Option(help: "Connections, each a source of its own with one batch in flight.")
  var connections = 4

  @Option(help: "Commands, or keys, in a batch.")
  var batch = 500

  @Option(help: "How a batch is put to Redis: set (a pipeline of SET) or mset (one MSET).")
  var redisWrite = RedisWrite.set

  @Option(
    help: "Of a thousand commands those that claim, beyond the usual ones, that nothing came.")
  var lostPerMille: UInt64 = 0

  @Option(help: "Process whose processor time is measured.")
  var serverPid: Int32?

  func validate() throws {
    if load.server == .memcached { throw ValidationError("memcached keeps nothing on disk") }
    guard (1...1_000).contains(connections) else {
      throw ValidationError("--connections must be from 1 to 1000")
    }
    guard (1...10_000).contains(batch) else {
      throw ValidationError("--batch must be from 1 to 10000")
    }
  }

  var shape: LoadShape {
    var shape = load.shape(connections: connections, depth: 1)
    shape.ratePerSecond = load.rate.map { $0 / Double(batch) }
    shape.serverPID = serverPid
    return shape
  }
}

struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how many commands a second are recorded.",
    discussion: """
      Each connection sends a batch, waits until all of it is answered, and sends the next. \
      With --rate, batches are due at fixed times, and latency counts from then. \
      Fails at the first command that was not applied.
      """)

  @OptionGroup var options: RecordOptions

  func run() throws {
    try ClientSocket.allowOpen(options.connections)
    func load<P: BenchedProtocol>(_ bench: P) throws -> LoadResult {
      var loop = try LoadLoop(bench, options.shape)
      return try loop.run()
    }
    let (accounts, seed) = (options.load.accounts, options.load.seed)
    let result =
      options.load.server == .probity
      ? try load(
        ProbityRecording(
          accountCount: accounts, commandsPerBatch: options.batch, seed: seed,
          lostPerMille: options.lostPerMille))
      : try load(
        KeyBatchProtocol.redisWrite(
          options.redisWrite, keyCount: accounts, keysPerRequest: options.batch, seed: seed))
    if let status = result.refusedCounts.keys.min() {
      throw SocketFailure(reason: "\(result.refusedCount) batches were refused, status \(status)")
    }
    if let path = options.load.samples { try result.writeSamples(to: path) }
    let report = RecordReport(result, options)
    if options.load.json { try printJSON(report) } else { print(report.summary) }
  }
}

/// A run of `record` as `--json` prints it.
struct RecordReport: Encodable {
  let server: String
  let connections: Int
  let commandsPerBatch: Int
  let accounts: UInt64
  let seed: UInt64
  let seconds: Double
  let commands: UInt64
  let commandsPerSecond: Double
  let batchesPerSecond: Double
  /// Of whole batches.
  let latency: LatencyReport
  let pace: PaceReport?
  let serverMicrosecondsPerCommand: Double?
  let serverCores: Double?
  let machine: Machine

  init(_ result: LoadResult, _ options: RecordOptions) {
    server = options.load.server.rawValue
    connections = options.connections
    commandsPerBatch = options.batch
    accounts = options.load.accounts
    seed = options.load.seed
    seconds = Double(result.nanoseconds) / 1e9
    commands = result.answeredCount * UInt64(options.batch)
    commandsPerSecond = (Double(commands) / seconds).rounded()
    batchesPerSecond = (Double(result.answeredCount) / seconds * 10).rounded() / 10
    latency = LatencyReport(result.latencies)
    pace = options.load.rate.map { PaceReport(ratePerSecond: $0, result) }
    let busy = result.serverNanoseconds.map { Double($0) }
    let commands = Double(max(commands, 1))
    serverMicrosecondsPerCommand = busy.map { ($0 / commands).rounded() / 1e3 }
    serverCores = busy.map { ($0 / Double(result.nanoseconds) * 100).rounded() / 100 }
    machine = Machine()
  }

  /// One line for people.
  var summary: String {
    let cost = serverMicrosecondsPerCommand.map { "; server \($0) µs CPU a command" } ?? ""
    return "\(server): \(Int(commandsPerSecond)) commands/s, \(batchesPerSecond) batches/s, "
      + "\(connections) x \(commandsPerBatch) in flight; \(latency.summary)\(cost); "
      + "\(machine.summary); seed \(seed)"
  }
}
