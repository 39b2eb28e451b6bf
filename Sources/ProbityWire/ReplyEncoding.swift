import CProbityMessages
import CProtobufC
import IntegrityCore

/// The columns of a ScoreBatch answer, in the codec's arena.
@safe public struct ScoreColumns {
  // Safe: two arrays of `count` elements that live as long as the decoded
  // request; `set` checks the index.
  let verdicts: UnsafeMutablePointer<UInt32>
  let confidences: UnsafeMutablePointer<Float>
  /// Nil where nobody asked for it.
  let sourcing: UnsafeMutablePointer<UInt32>?
  public let count: Int

  init?(count: Int, hasSourcing: Bool, in arena: Arena) {
    guard let verdicts = unsafe arena.allocate(UInt32.self, count: count),
      let confidences = unsafe arena.allocate(Float.self, count: count)
    else { return nil }
    unsafe self.verdicts = unsafe verdicts
    unsafe self.confidences = unsafe confidences
    unsafe sourcing = unsafe hasSourcing ? arena.allocate(UInt32.self, count: count) : nil
    if unsafe hasSourcing && sourcing == nil { return nil }
    self.count = count
  }

  public var hasSourcing: Bool { unsafe sourcing != nil }

  /// - Precondition: it was asked for.
  public func set(_ index: Int, _ packed: PackedSourcing) {
    precondition(index >= 0 && index < count)
    guard let sourcing = unsafe sourcing else { preconditionFailure("nobody asked for it") }
    unsafe sourcing[index] = packed.rawValue
  }

  @inline(__always)
  public func set(_ index: Int, _ verdict: PackedVerdict, confidence: Float) {
    precondition(index >= 0 && index < count)
    unsafe verdicts[index] = verdict.rawValue
    unsafe confidences[index] = confidence
  }

  /// Puts the tier that an operator has set in the place of the score's.
  public func override(_ index: Int, by tier: Tier) {
    precondition(index >= 0 && index < count)
    unsafe verdicts[index] =
      unsafe PackedVerdict(rawValue: verdicts[index]).overridden(by: tier).rawValue
  }
}

/// What the server writes: each appends one RESPONSE frame to `sink`.
extension Codec {
  /// The hottest reply, written by hand. No allocation.
  @inlinable @inline(__always)
  public func encodeScore<Sink: FrameSink>(
    _ judgement: Judgement, isKnown: Bool, _ basis: JudgementBasis, stream: UInt32,
    to sink: inout Sink
  ) {
    let header = FrameHeader(type: .response, flags: .end, stream: stream)
    unsafe header.write(payloadBytesMax: ScoreReplyForm.sizeBytesMax, to: &sink) {
      unsafe ScoreReplyForm.write(judgement, isKnown: isKnown, basis, to: $0)
    }
  }

  /// The same by the C codec: what `encodeScore` is tested against.
  public func encodeScoreByLibrary<Sink: FrameSink>(
    _ judgement: Judgement, isKnown: Bool, _ basis: JudgementBasis, stream: UInt32,
    to sink: inout Sink
  ) {
    var codes = SIMD4<UInt32>.zero
    var points = SIMD4<Int32>.zero
    let reasons = judgement.reasons
    for index in 0..<reasons.count {
      let reason = reasons[index]
      codes[index] = UInt32(reason.code.rawValue)
      points[index] = Int32(reason.points)
    }
    var m = unsafe scoreMessage(
      isKnown: isKnown, score: judgement.score, scoreFloor: judgement.scoreFloor,
      tier: judgement.tier, confidence: judgement.confidence, basis)
    unsafe withUnsafeMutablePointer(to: &codes) { codes in
      unsafe withUnsafeMutablePointer(to: &points) { points in
        unsafe m.n_reason_codes = reasons.count
        unsafe m.n_reason_points = reasons.count
        // Safe: a SIMD4 is four elements, and outlives the call.
        unsafe m.reason_codes = unsafe UnsafeMutableRawPointer(codes).assumingMemoryBound(
          to: UInt32.self)
        unsafe m.reason_points = unsafe UnsafeMutableRawPointer(points).assumingMemoryBound(
          to: Int32.self)
        unsafe respond(&m, stream, to: &sink)
      }
    }
  }

  /// Called within `decodeScoreBatch`, whose columns it sends.
  public func encodeScoreBatch<Sink: FrameSink>(
    _ columns: ScoreColumns, _ basis: JudgementBasis, stream: UInt32, to sink: inout Sink
  ) {
    var m = unsafe Probity__V1__ScoreBatchReply()
    unsafe probity__v1__score_batch_reply__init(&m)
    unsafe m.n_verdicts = columns.count
    unsafe m.verdicts = unsafe columns.verdicts
    unsafe m.n_confidences = columns.count
    unsafe m.confidences = unsafe columns.confidences
    unsafe m.n_sourcing = columns.hasSourcing ? columns.count : 0
    unsafe m.sourcing = unsafe columns.sourcing
    unsafe m.as_of = UInt64(basis.asOf.rawValue)
    unsafe m.log_position = basis.logPosition.rawValue
    unsafe m.policy_version = basis.policyVersion
    unsafe m.policy_hash = basis.policyHash
    unsafe m.degraded = basis.isDegraded ? 1 : 0
    unsafe respond(&m, stream, to: &sink)
  }

  public func encodeRecord<Sink: FrameSink>(
    _ reply: RecordReply, stream: UInt32, to sink: inout Sink
  ) {
    var m = unsafe Probity__V1__RecordReply()
    unsafe probity__v1__record_reply__init(&m)
    unsafe m.applied = reply.applied
    unsafe m.duplicates = reply.duplicates
    unsafe m.highest_sequence = reply.highestSequence
    unsafe m.log_position = reply.logPosition.rawValue
    unsafe respond(&m, stream, to: &sink)
  }

  public func encodeStatus<Sink: FrameSink>(
    _ reply: StatusReply, stream: UInt32, to sink: inout Sink
  ) {
    arena.reset()
    var m = unsafe Probity__V1__StatusReply()
    unsafe probity__v1__status_reply__init(&m)
    unsafe m.version = unsafe arena.string(reply.version) ?? m.version
    unsafe m.uptime_seconds = reply.uptimeSeconds
    unsafe m.log_position = reply.logPosition.rawValue
    unsafe m.state_hash = reply.stateHash
    unsafe m.buyers = reply.buyers
    unsafe m.merchants = reply.merchants
    unsafe m.memory_bytes = reply.memoryBytes
    unsafe m.policy_version = reply.policyVersion
    unsafe m.policy_hash = reply.policyHash
    unsafe m.policy_name = unsafe arena.string(reply.policyName) ?? m.policy_name
    unsafe m.durability = unsafe arena.string(reply.durability) ?? m.durability
    unsafe m.connections = reply.connections
    unsafe m.commands_queued = reply.commandsQueued
    unsafe m.commands_applied = reply.commandsApplied
    unsafe m.commands_duplicate = reply.commandsDuplicate
    unsafe m.lookups = reply.lookups
    unsafe m.calls_refused = reply.callsRefused
    unsafe m.draining = reply.isDraining ? 1 : 0
    unsafe m.event_loops = reply.eventLoops
    unsafe m.half_life_seconds = reply.halfLifeSeconds
    unsafe m.durable_position = reply.durablePosition.rawValue
    unsafe m.snapshot_position = reply.snapshotPosition.rawValue
    unsafe m.snapshot_at = UInt64(reply.snapshotAt.rawValue)
    unsafe m.snapshot_bytes = reply.snapshotBytes
    unsafe m.snapshot_duration_microseconds = reply.snapshotDurationMicroseconds
    unsafe m.snapshot_pause_microseconds = reply.snapshotPauseMicroseconds
    unsafe m.log_bytes = reply.logBytes
    unsafe m.log_segments = reply.logSegments
    unsafe m.disk_free_bytes = reply.diskFreeBytes
    unsafe m.sources = reply.sources
    unsafe m.recovered_commands = reply.recoveredCommands
    unsafe m.recovery_microseconds = reply.recoveryMicroseconds
    unsafe m.torn_tails = reply.tornTails
    unsafe m.recording_refused = unsafe arena.string(reply.recordingRefused) ?? m.recording_refused
    unsafe m.claims = reply.claims
    unsafe respond(&m, stream, to: &sink)
  }

  public func encodeHealth<Sink: FrameSink>(
    _ status: ServingStatus, stream: UInt32, to sink: inout Sink
  ) {
    var m = unsafe Probity__V1__HealthReply()
    unsafe probity__v1__health_reply__init(&m)
    unsafe m.status = .init(rawValue: UInt32(status.rawValue))
    unsafe respond(&m, stream, to: &sink)
  }

  public func encodeFailure<Sink: FrameSink>(
    _ failure: CallFailure, stream: UInt32, to sink: inout Sink
  ) {
    arena.reset()
    var m = unsafe Probity__V1__ErrorDetail()
    unsafe probity__v1__error_detail__init(&m)
    unsafe m.message = unsafe arena.string(failure.message) ?? m.message
    unsafe m.field = unsafe arena.string(failure.field) ?? m.field
    unsafe m.command_index_plus_one = UInt32((failure.commandIndex ?? -1) + 1)
    unsafe m.incident = failure.incident
    var flags: FrameFlags = [.end, .details]
    if failure.notExecuted { flags.insert(.notExecuted) }
    let header = FrameHeader(
      type: .response, flags: flags, stream: stream, code: failure.status.rawValue,
      time: failure.retryAfterMilliseconds)
    unsafe write(header, &m, to: &sink)
  }

  // MARK: Inside

  func scoreMessage(
    isKnown: Bool, score: Int, scoreFloor: Int, tier: Tier, confidence: Float,
    _ basis: JudgementBasis
  ) -> Probity__V1__ScoreReply {
    var m = unsafe Probity__V1__ScoreReply()
    unsafe probity__v1__score_reply__init(&m)
    unsafe m.known = isKnown ? 1 : 0
    unsafe m.score = UInt32(score)
    unsafe m.score_floor = UInt32(scoreFloor)
    unsafe m.tier = .init(rawValue: UInt32(tier.rawValue))
    unsafe m.confidence = confidence
    unsafe m.as_of = UInt64(basis.asOf.rawValue)
    unsafe m.log_position = basis.logPosition.rawValue
    unsafe m.policy_version = basis.policyVersion
    unsafe m.policy_hash = basis.policyHash
    unsafe m.degraded = basis.isDegraded ? 1 : 0
    return unsafe m
  }

  func respond<Message, Sink: FrameSink>(
    _ message: inout Message, _ stream: UInt32, to sink: inout Sink
  ) {
    write(FrameHeader(type: .response, flags: .end, stream: stream), &message, to: &sink)
  }

  /// Appends a frame that holds one message of the generated code.
  ///
  /// - Returns: the bytes of the payload.
  @discardableResult
  func write<Message, Sink: FrameSink>(
    _ header: FrameHeader, _ message: inout Message, to sink: inout Sink
  ) -> Int {
    unsafe withUnsafeMutablePointer(to: &message) { pointer in
      // Safe: every generated message begins with its ProtobufCMessage.
      let base = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: ProtobufCMessage.self)
      var header = header
      header.payloadBytes = unsafe UInt32(protobuf_c_message_get_packed_size(base))
      unsafe header.write(to: &sink) { payload in
        guard let start = payload.baseAddress else { return }
        // Safe: the payload has exactly the packed size.
        _ = unsafe protobuf_c_message_pack(base, start.assumingMemoryBound(to: UInt8.self))
      }
      return Int(header.payloadBytes)
    }
  }
}
