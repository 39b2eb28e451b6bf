import ArgumentParser
import BenchmarkMachine
import Foundation
import LoadGenerator

struct RecordOptions: ParsableArguments {
  @Argument(help: "probity or redis.")
  var server: Server

  @Option(help: "Port on 127.0.0.1.")
  var port: UInt16

  @Option(help: "Connections, each a source of its own with one batch in flight.")
  var connections = 4

  @Option(help: "Commands, or keys, in a batch.")
  var batch = 500

  @Option(help: "How a batch is put to Redis: set (a pipeline of SET) or mset (one MSET).")
  var redisWrite = RedisWrite.set

  @Option(help: "Commands a second, due at fixed times; without it, as fast as replies come.")
  var rate: Double?

  @Option(help: "Seconds before anything is counted.")
  var warmUp = 1.0

  @Option(help: "Seconds that are counted.")
  var duration = 5.0

  @Option(help: "Accounts, or keys, to choose from.")
  var accounts: UInt64 = 1_000_000

  @Option(help: "Seed of accounts and events.")
  var seed: UInt64 = 1

  @Option(help: "Process whose processor time is measured.")
  var serverPid: Int32?

  @Option(help: ArgumentHelp("Write the latency of every batch there.", valueName: "file"))
  var samples: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard (1...1_000).contains(connections) else {
      throw ValidationError("--connections must be from 1 to 1000")
    }
    guard (1...10_000).contains(batch) else {
      throw ValidationError("--batch must be from 1 to 10000")
    }
    guard (1...1_000_000_000).contains(accounts) else {
      throw ValidationError("--accounts must be from 1 to 1000000000")
    }
    guard duration > 0, warmUp >= 0, rate ?? 1 > 0 else {
      throw ValidationError("--duration and --rate must be more than 0")
    }
    if samples != nil && rate == nil { throw ValidationError("--samples needs --rate") }
  }

  var shape: LoadShape {
    LoadShape(
      port: port, connections: connections, depth: 1,
      warmUpNanoseconds: UInt64(warmUp * 1e9), durationNanoseconds: UInt64(duration * 1e9),
      requestCount: nil, ratePerSecond: rate.map { $0 / Double(batch) },
      keepsSamples: samples != nil, serverPID: serverPid)
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
    let result: LoadResult
    switch options.server {
    case .probity:
      result = try load(
        ProbityRecording(
          accountCount: options.accounts, commandsPerBatch: options.batch, seed: options.seed))
    case .redis:
      result = try load(
        KeyBatchProtocol.redisWrite(
          options.redisWrite, keyCount: options.accounts, keysPerRequest: options.batch,
          seed: options.seed))
    case .memcached: throw ValidationError("memcached keeps nothing on disk")
    }
    if let status = result.refusedCounts.keys.min() {
      throw SocketFailure(reason: "\(result.refusedCount) batches were refused, status \(status)")
    }
    if let path = options.samples { try result.writeSamples(to: path) }
    let report = RecordReport(result, options)
    if options.json { try printJSON(report) } else { print(report.summary) }
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
    server = options.server.rawValue
    connections = options.connections
    commandsPerBatch = options.batch
    accounts = options.accounts
    seed = options.seed
    seconds = Double(result.nanoseconds) / 1e9
    commands = result.answeredCount * UInt64(options.batch)
    commandsPerSecond = (Double(commands) / seconds).rounded()
    batchesPerSecond = (Double(result.answeredCount) / seconds * 10).rounded() / 10
    latency = LatencyReport(result.latencies)
    pace = options.rate.map { PaceReport(ratePerSecond: $0, result) }
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
