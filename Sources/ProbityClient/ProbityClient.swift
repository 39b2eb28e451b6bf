import IntegrityCore
import NIOCore
import NIOPosix
import ProbityWire
import Synchronization

// The client side of the wire.
//
// For: calling a daemon from Swift: one connection shared by any number of
// tasks, pipelined, with deadlines, reconnection and bounded retries. Not for:
// what is asked (the CLI), or measuring the daemon (Benchmarks).

/// A daemon, as seen by callers. Any number of tasks may call at once.
///
/// Calls share one connection, made on the first call and made anew when it is
/// lost. A call that certainly had no effect, or that may be repeated without
/// harm (all may: commands carry their source and sequence, or, of the dispute desk, all
/// that tells them apart, their time included), is tried again
/// within its deadline as long as the retry budget lasts. All errors are
/// `CallFailure`s; a daemon that cannot be reached is UNAVAILABLE.
public final class ProbityClient: Sendable {
  public struct Configuration: Sendable {
    public var host: String
    public var port: Int
    /// What the daemon's `--token-file` holds; empty = none.
    public var token: [UInt8] = []
    /// For logs of the daemon: "name/version".
    public var agent: String
    /// Deadline of each call, retries included.
    public var callTimeout = Duration.seconds(10)
    public var connectTimeout = TimeAmount.seconds(3)
    /// Tries of one call, the first included.
    public var attemptsMax = 4
    /// First pause between tries; doubles each time, with jitter.
    public var backoff = Duration.milliseconds(25)

    public init(host: String, port: Int, agent: String) {
      self.host = host
      self.port = port
      self.agent = agent
    }
  }

  private let configuration: Configuration
  private let group: MultiThreadedEventLoopGroup
  private let connector: Connector
  private let budget = RetryBudget()
  private let gates = SourceGates()

  public init(_ configuration: Configuration) {
    self.configuration = configuration
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    connector = Connector(configuration, eventLoop: group.next())
  }

  /// Closes the connection; calls in flight fail with UNAVAILABLE.
  public func shutdown() async {
    await connector.close()
    try? await group.shutdownGracefully()
  }

  // MARK: Calls

  /// - Parameter asOf: when to judge; nil = the daemon's clock.
  public func score(
    _ account: AccountKey, asOf: UnixSeconds? = nil
  ) async throws(CallFailure) -> ScoreReply {
    let request = AccountRequest(account: account, asOf: asOf)
    return unsafe try await call(.score) { codec, call, buffer in
      codec.encodeScoreRequest(request, call, to: &buffer)
    } decode: { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeScoreReply(bytes)
    }
  }

  /// - Throws: NOT_FOUND for an account that the daemon has never heard of.
  public func explain(
    _ account: AccountKey, asOf: UnixSeconds? = nil
  ) async throws(CallFailure) -> ExplainReply {
    let request = AccountRequest(account: account, asOf: asOf)
    return unsafe try await call(.explain) { codec, call, buffer in
      codec.encodeExplainRequest(request, call, to: &buffer)
    } decode: { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeExplainReply(bytes)
    }
  }

  /// - Parameters:
  ///   - ids: 1 to 65,536 accounts of one kind; answers are in their order.
  ///   - sourcing: of merchants standing, certification and weight in rankings as well.
  public func scoreBatch(
    _ ids: [AccountID], kind: AccountKind, asOf: UnixSeconds? = nil, sourcing: Bool = false
  ) async throws(CallFailure) -> ScoreBatchReply {
    unsafe try await call(.scoreBatch) { codec, call, buffer in
      codec.encodeScoreBatchRequest(
        ids, kind: kind, asOf: asOf, sourcing: sourcing, call, to: &buffer)
    } decode: { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeScoreBatchReply(bytes)
    }
  }

  /// Records commands of one source, in increasing sequence, all or none.
  ///
  /// Calls for the same source wait for one another: the protocol allows a
  /// source one Record in flight, or a refused one could be overtaken and taken
  /// for a duplicate later.
  ///
  /// - Parameter commands: 1 to 10,000 of them.
  public func record(_ commands: [Command]) async throws(CallFailure) -> RecordReply {
    guard let source = commands.first?.source else {
      throw CallFailure(.invalidArgument, "commands must not be empty", field: "commands")
    }
    await gates.enter(source)
    defer { gates.leave(source) }
    return unsafe try await call(.record) { codec, call, buffer in
      codec.encodeRecordRequest(commands, call, to: &buffer)
    } decode: { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeRecordReply(bytes)
    }
  }

  public func status() async throws(CallFailure) -> StatusReply {
    unsafe try await call(.status) { codec, call, buffer in
      codec.encodeStatusRequest(call, to: &buffer)
    } decode: { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeStatusReply(bytes)
    }
  }

  /// - Parameter service: "", "lookups" or "recording".
  public func health(_ service: String = "") async throws(CallFailure) -> ServingStatus {
    unsafe try await call(.health) { codec, call, buffer in
      codec.encodeHealthRequest(service: service, call, to: &buffer)
    } decode: { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeHealthReply(bytes)
    }
  }

  /// Has the daemon make a snapshot, and returns when it is on disk.
  ///
  /// - Parameter timeout: in place of the configured one, which is too short for
  ///   many accounts; above an hour the daemon's cap of an hour holds.
  /// - Throws: FAILED_PRECONDITION where the daemon keeps nothing on disk.
  public func snapshot(
    timeout: Duration = .seconds(3_600)
  ) async throws(CallFailure) -> SnapshotReply {
    unsafe try await call(.snapshot, within: timeout) { codec, call, buffer in
      codec.encodeSnapshotRequest(call, to: &buffer)
    } decode: { codec, bytes throws(CallFailure) in
      try unsafe codec.decodeSnapshotReply(bytes)
    }
  }

  // MARK: Inside

  func call<Reply: Sendable>(
    _ method: Method, within timeout: Duration? = nil, _ encode: @escaping OutgoingCall.Encode,
    decode: @escaping PendingCall<Reply>.Decode
  ) async throws(CallFailure) -> Reply {
    let clock = ContinuousClock()
    let deadline = clock.now + (timeout ?? configuration.callTimeout)
    var pause = configuration.backoff
    var attempt = 1
    while true {
      do throws(CallFailure) {
        let reply = unsafe try await once(method, encode, decode, within: deadline - clock.now)
        budget.refund()
        return reply
      } catch {
        let wait = max(pause, .milliseconds(Int64(error.retryAfterMilliseconds)))
        guard error.mayBeRetried, attempt < configuration.attemptsMax,
          clock.now + wait < deadline, budget.withdraw()
        else { throw error }
        try? await Task.sleep(for: wait * Double.random(in: 0.5...1.5))
        if Task.isCancelled { throw CallFailure(.cancelled, "cancelled by the caller") }
        pause *= 2
        attempt += 1
      }
    }
  }

  /// Begins a call that is answered in parts. It is not tried again.
  ///
  /// - Parameters:
  ///   - timeout: of the whole call; above an hour the daemon's cap of an hour holds.
  ///   - silenceMax: longest without a part, where the daemon gives signs of life.
  func stream(
    _ request: StreamRequest, timeout: Duration = .seconds(3_600), silenceMax: TimeAmount? = nil
  ) async throws(CallFailure) -> StreamedCall {
    let connection = try await connector.connection()
    let call = StreamedCall(
      request, on: connection, timeout: timeout, silenceMax: silenceMax)
    connection.send(call)
    return call
  }

  private func once<Reply: Sendable>(
    _ method: Method, _ encode: @escaping OutgoingCall.Encode,
    _ decode: @escaping PendingCall<Reply>.Decode, within timeout: Duration
  ) async throws(CallFailure) -> Reply {
    let connection = try await connector.connection()
    let microseconds = timeout / .microseconds(1)
    let pending = unsafe PendingCall(
      method, encode: encode, decode: decode,
      timeoutMicroseconds: UInt32(min(max(microseconds, 1), Double(UInt32.max))))
    return try await pending.run(on: connection)
  }
}

extension CallFailure {
  /// Whether another try may go better.
  var mayBeRetried: Bool { status == .unavailable }
}
