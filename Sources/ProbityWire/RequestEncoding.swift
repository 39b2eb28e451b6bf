import CProbityMessages
import IntegrityCore

/// What the client writes: each appends one REQUEST frame to `sink`.
extension Codec {
  /// Stream and deadline of a call; 0 µs = the server's cap.
  public struct Call: Sendable {
    public var stream: UInt32
    public var timeoutMicroseconds: UInt32

    public init(stream: UInt32, timeoutMicroseconds: UInt32 = 0) {
      self.stream = stream
      self.timeoutMicroseconds = timeoutMicroseconds
    }
  }

  public func encodeScoreRequest<Sink: FrameSink>(
    _ request: AccountRequest, _ call: Call, to sink: inout Sink
  ) {
    var m = unsafe Probity__V1__ScoreRequest()
    unsafe probity__v1__score_request__init(&m)
    unsafe m.account = request.account.id.rawValue
    unsafe m.kind = .init(rawValue: UInt32(request.account.kind.rawValue))
    unsafe m.as_of = UInt64(request.asOf?.rawValue ?? 0)
    unsafe send(.score, call, &m, to: &sink)
  }

  public func encodeExplainRequest<Sink: FrameSink>(
    _ request: AccountRequest, _ call: Call, to sink: inout Sink
  ) {
    var m = unsafe Probity__V1__ExplainRequest()
    unsafe probity__v1__explain_request__init(&m)
    unsafe m.account = request.account.id.rawValue
    unsafe m.kind = .init(rawValue: UInt32(request.account.kind.rawValue))
    unsafe m.as_of = UInt64(request.asOf?.rawValue ?? 0)
    unsafe send(.explain, call, &m, to: &sink)
  }

  public func encodeScoreBatchRequest<Sink: FrameSink>(
    _ ids: [AccountID], kind: AccountKind, asOf: UnixSeconds?, sourcing: Bool = false,
    _ call: Call, to sink: inout Sink
  ) {
    var m = unsafe Probity__V1__ScoreBatchRequest()
    unsafe probity__v1__score_batch_request__init(&m)
    unsafe m.kind = .init(rawValue: UInt32(kind.rawValue))
    unsafe m.as_of = UInt64(asOf?.rawValue ?? 0)
    unsafe m.sourcing = sourcing ? 1 : 0
    var raw = ids.map(\.rawValue)
    unsafe raw.withUnsafeMutableBufferPointer { buffer in
      unsafe m.n_accounts = buffer.count
      unsafe m.accounts = buffer.baseAddress
      unsafe send(.scoreBatch, call, &m, to: &sink)
    }
  }

  /// - Precondition: all commands are of one source, 1 to `recordCommandsMax`.
  public func encodeRecordRequest<Sink: FrameSink>(
    _ commands: [Command], _ call: Call, to sink: inout Sink
  ) {
    precondition((1...ProtocolLimits.recordCommandsMax).contains(commands.count))
    var m = unsafe Probity__V1__RecordRequest()
    unsafe probity__v1__record_request__init(&m)
    unsafe m.source = commands[0].source
    unsafe m.n_commands = commands.count
    var messages = unsafe commands.map { unsafe message($0) }
    unsafe messages.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      var pointers = unsafe buffer.indices.map { unsafe Optional(start + $0) }
      unsafe pointers.withUnsafeMutableBufferPointer { pointers in
        unsafe m.commands = pointers.baseAddress
        unsafe send(.record, call, &m, to: &sink)
      }
    }
  }

  public func encodeStatusRequest<Sink: FrameSink>(_ call: Call, to sink: inout Sink) {
    var m = unsafe Probity__V1__StatusRequest()
    unsafe probity__v1__status_request__init(&m)
    unsafe send(.status, call, &m, to: &sink)
  }

  public func encodeHealthRequest<Sink: FrameSink>(
    service: String, _ call: Call, to sink: inout Sink
  ) {
    arena.reset()
    var m = unsafe Probity__V1__HealthRequest()
    unsafe probity__v1__health_request__init(&m)
    unsafe m.service = unsafe arena.string(service) ?? m.service
    unsafe send(.health, call, &m, to: &sink)
  }

  func send<Message, Sink: FrameSink>(
    _ method: Method, _ call: Call, _ message: inout Message, to sink: inout Sink
  ) {
    let header = FrameHeader(
      type: .request, flags: .end, stream: call.stream, code: method.rawValue,
      time: call.timeoutMicroseconds)
    write(header, &message, to: &sink)
  }
}
