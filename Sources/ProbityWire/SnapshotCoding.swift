import CProbityMessages
import IntegrityCore

/// Snapshot, both ways and at both ends.
extension Codec {
  public func encodeSnapshotRequest<Sink: FrameSink>(_ call: Call, to sink: inout Sink) {
    var m = unsafe Probity__V1__SnapshotRequest()
    unsafe probity__v1__snapshot_request__init(&m)
    unsafe send(.snapshot, call, &m, to: &sink)
  }

  public func decodeSnapshot(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) {
    _ = unsafe try unpack(bytes, "SnapshotRequest", probity__v1__snapshot_request__unpack)
  }

  public func encodeSnapshot<Sink: FrameSink>(
    _ reply: SnapshotReply, stream: UInt32, to sink: inout Sink
  ) {
    var m = unsafe Probity__V1__SnapshotReply()
    unsafe probity__v1__snapshot_reply__init(&m)
    unsafe m.log_position = reply.logPosition.rawValue
    unsafe m.state_hash = reply.stateHash
    unsafe m.accounts = reply.accounts
    unsafe m.bytes = reply.bytes
    unsafe m.duration_microseconds = reply.durationMicroseconds
    unsafe m.pause_microseconds = reply.pauseMicroseconds
    unsafe respond(&m, stream, to: &sink)
  }

  public func decodeSnapshotReply(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> SnapshotReply {
    let m = unsafe try unpack(bytes, "SnapshotReply", probity__v1__snapshot_reply__unpack).pointee
    return unsafe SnapshotReply(
      logPosition: LogPosition(m.log_position), stateHash: m.state_hash, accounts: m.accounts,
      bytes: m.bytes, durationMicroseconds: m.duration_microseconds,
      pauseMicroseconds: m.pause_microseconds)
  }
}
