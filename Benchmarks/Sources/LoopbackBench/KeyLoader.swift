import BenchmarkMachine
import Glibc
import LoadGenerator

/// Fills Redis or memcached with keys 0…N − 1, a pipeline of commands at a time.
struct KeyLoader {
  private static let pipelineCommands: UInt64 = 1_000

  private let descriptor: Int32
  private let command: (UInt64) -> String
  private let replies: [UInt8]

  /// - Parameters:
  ///   - command: what sets the key of a number.
  ///   - reply: what each command must be answered.
  init(port: UInt16, _ command: @escaping (UInt64) -> String, reply: String) throws {
    descriptor = try ClientSocket.connect(to: .loopback(port: port))
    self.command = command
    replies = Array(String(repeating: reply, count: Int(Self.pipelineCommands)).utf8)
  }

  func load(_ keyCount: UInt64) throws -> FillResult {
    defer { close(descriptor) }
    var result = FillResult()
    var first: UInt64 = 0
    while first < keyCount {
      let end = min(first + Self.pipelineCommands, keyCount)
      let commands = Array((first..<end).map(command).joined().utf8)
      let replyBytes = replies.count / Int(Self.pipelineCommands) * Int(end - first)
      try result.measure(writeCount: end - first) { () throws(SocketFailure) in
        try ClientSocket.sendAll(commands, to: descriptor)
        try expect(replies[..<replyBytes])
      }
      first = end
    }
    return result
  }

  /// Waits for exactly these bytes.
  private func expect(_ bytes: ArraySlice<UInt8>) throws(SocketFailure) {
    var rest = bytes
    while !rest.isEmpty {
      let found = try ClientSocket.receiveSome(from: descriptor)
      guard rest.starts(with: found) else {
        let sameCount = zip(found, rest).prefix { $0 == $1 }.count
        let other = found[sameCount...].prefix(80)
        throw SocketFailure(
          reason: "a write was answered \(String(decoding: other, as: UTF8.self))")
      }
      rest = rest.dropFirst(found.count)
    }
  }
}

/// A filling as `--json` prints it.
struct FillReport: Encodable {
  let server: String
  let accounts: UInt64
  let seed: UInt64
  let writes: UInt64
  let seconds: Double
  let writesPerSecond: Double
  /// Of whole batches of about 9,000 commands, or pipelines of 1,000.
  let latency: LatencyReport

  init(server: String, accounts: UInt64, seed: UInt64, _ result: FillResult) {
    self.server = server
    self.accounts = accounts
    self.seed = seed
    writes = result.writeCount
    seconds = Double(monotonicNanoseconds() - result.startedNanoseconds) / 1e9
    writesPerSecond = (Double(writes) / seconds).rounded()
    latency = LatencyReport(result.batches)
  }

  /// One line for people.
  var summary: String {
    "\(server): \(accounts) accounts by \(writes) writes, \(Int(writesPerSecond)) a second"
  }
}
