import CProbityMessages
import IntegrityCore

/// What the client reads.
extension Codec {
  public func decodeScoreReply(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> ScoreReply {
    unsafe scoreReply(try unpack(bytes, "ScoreReply", probity__v1__score_reply__unpack).pointee)
  }

  public func decodeScoreBatchReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> ScoreBatchReply {
    let m = unsafe try unpack(bytes, "ScoreBatchReply", probity__v1__score_batch_reply__unpack)
      .pointee
    let verdicts = unsafe UnsafeBufferPointer(start: m.verdicts, count: m.n_verdicts)
    let confidences = unsafe UnsafeBufferPointer(start: m.confidences, count: m.n_confidences)
    return unsafe ScoreBatchReply(
      verdicts: verdicts.map { PackedVerdict(rawValue: $0) },
      confidences: unsafe Array(confidences),
      sourcing: unsafe UnsafeBufferPointer(start: m.sourcing, count: m.n_sourcing)
        .map { PackedSourcing(rawValue: $0) },
      basis: unsafe JudgementBasis(
        asOf: seconds(m.as_of), logPosition: LogPosition(m.log_position),
        policyVersion: m.policy_version, policyHash: m.policy_hash, isDegraded: m.degraded != 0))
  }

  public func decodeRecordReply(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> RecordReply
  {
    let m = unsafe try unpack(bytes, "RecordReply", probity__v1__record_reply__unpack).pointee
    return unsafe RecordReply(
      applied: m.applied, duplicates: m.duplicates, highestSequence: m.highest_sequence,
      logPosition: LogPosition(m.log_position))
  }

  public func decodeStatusReply(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> StatusReply
  {
    let m = unsafe try unpack(bytes, "StatusReply", probity__v1__status_reply__unpack).pointee
    var reply = StatusReply()
    reply.version = unsafe text(m.version)
    reply.uptimeSeconds = unsafe m.uptime_seconds
    reply.logPosition = unsafe LogPosition(m.log_position)
    reply.stateHash = unsafe m.state_hash
    reply.buyers = unsafe m.buyers
    reply.merchants = unsafe m.merchants
    reply.memoryBytes = unsafe m.memory_bytes
    reply.policyVersion = unsafe m.policy_version
    reply.policyHash = unsafe m.policy_hash
    reply.policyName = unsafe text(m.policy_name)
    reply.durability = unsafe text(m.durability)
    reply.connections = unsafe m.connections
    reply.commandsQueued = unsafe m.commands_queued
    reply.commandsApplied = unsafe m.commands_applied
    reply.commandsDuplicate = unsafe m.commands_duplicate
    reply.lookups = unsafe m.lookups
    reply.callsRefused = unsafe m.calls_refused
    reply.isDraining = unsafe m.draining != 0
    reply.eventLoops = unsafe m.event_loops
    reply.halfLifeSeconds = unsafe m.half_life_seconds
    reply.durablePosition = unsafe LogPosition(m.durable_position)
    reply.snapshotPosition = unsafe LogPosition(m.snapshot_position)
    reply.snapshotAt = unsafe seconds(m.snapshot_at)
    reply.snapshotBytes = unsafe m.snapshot_bytes
    reply.snapshotDurationMicroseconds = unsafe m.snapshot_duration_microseconds
    reply.snapshotPauseMicroseconds = unsafe m.snapshot_pause_microseconds
    reply.logBytes = unsafe m.log_bytes
    reply.logSegments = unsafe m.log_segments
    reply.diskFreeBytes = unsafe m.disk_free_bytes
    reply.sources = unsafe m.sources
    reply.recoveredCommands = unsafe m.recovered_commands
    reply.recoveryMicroseconds = unsafe m.recovery_microseconds
    reply.tornTails = unsafe m.torn_tails
    reply.recordingRefused = unsafe text(m.recording_refused)
    reply.claims = unsafe m.claims
    return reply
  }

  public func decodeHealthReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> ServingStatus {
    let m = unsafe try unpack(bytes, "HealthReply", probity__v1__health_reply__unpack).pointee
    return unsafe UInt8(exactly: m.status.rawValue).flatMap(ServingStatus.init) ?? .unknown
  }

  /// The failure that a RESPONSE frame other than OK stands for.
  public func decodeFailure(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) -> CallFailure {
    let status = StatusCode(rawValue: header.code) ?? .unknown
    var failure = CallFailure(
      status, status.name, notExecuted: header.flags.contains(.notExecuted),
      retryAfterMilliseconds: header.time)
    guard header.flags.contains(.details),
      let m = unsafe try? unpack(bytes, "ErrorDetail", probity__v1__error_detail__unpack).pointee
    else { return failure }
    failure.message = unsafe text(m.message)
    failure.field = unsafe text(m.field, bytesMax: 256)
    failure.commandIndex =
      unsafe m.command_index_plus_one == 0 ? nil : Int(m.command_index_plus_one) - 1
    failure.incident = unsafe m.incident
    return failure
  }

  // MARK: Inside

  func scoreReply(_ m: Probity__V1__ScoreReply) -> ScoreReply {
    let count = unsafe Swift.min(m.n_reason_codes, m.n_reason_points)
    let reasons = (0..<count).compactMap { index -> Reason? in
      guard let raw = unsafe UInt16(exactly: m.reason_codes[index]),
        let code = ReasonCode(rawValue: raw)
      else { return nil }
      return unsafe Reason(code: code, points: Int(m.reason_points[index]))
    }
    return unsafe ScoreReply(
      isKnown: m.known != 0, score: Int(m.score), scoreFloor: Int(m.score_floor),
      tier: tier(m.tier), confidence: m.confidence, reasons: reasons,
      basis: JudgementBasis(
        asOf: seconds(m.as_of), logPosition: LogPosition(m.log_position),
        policyVersion: m.policy_version, policyHash: m.policy_hash, isDegraded: m.degraded != 0))
  }

  func tier(_ raw: Probity__V1__Tier) -> Tier {
    UInt8(exactly: raw.rawValue).flatMap(Tier.init) ?? .e
  }

  func seconds(_ raw: UInt64) -> UnixSeconds { UnixSeconds(UInt32(clamping: raw)) }
}
