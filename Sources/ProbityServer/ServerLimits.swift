import AccountStore
import ProbityEngine
import ProbityWire

/// Every bound of the daemon, in one place, with what happens there.
///
/// The protocol's own (`ProtocolLimits`) are what both peers agree on; these are
/// one daemon's.
public struct ServerLimits: Sendable {
  // MARK: Connections

  /// More are told RESOURCE_EXHAUSTED and closed.
  public var connectionsMax = 10_000
  /// A connection that has not said HELLO by then is closed.
  public var helloTimeout = Duration.seconds(10)
  /// Waiting to be accepted by the daemon; the kernel refuses more.
  public var backlog: Int32 = 1_024

  // MARK: Calls

  /// Deadline of a call that sets none, and the longest that one can set.
  public var callTimeoutMicrosecondsMax: UInt32 = 30_000_000
  /// The same for Snapshot, which takes longer the more accounts there are. At
  /// most 4,294 s: what a frame's header can say.
  public var snapshotTimeoutMicrosecondsMax: UInt32 = 3_600_000_000
  /// What a caller is told to wait while another snapshot is made.
  public var snapshotRetryAfterMilliseconds: UInt32 = 1_000
  /// Records of one connection that wait for the sequencer; more are
  /// answered UNAVAILABLE.
  public var recordsInFlightMax = 64
  /// Calls of the dispute desk of one connection that wait for the sequencer; more
  /// are answered UNAVAILABLE. Each is one command or question, so that there may be
  /// more of them than of Records.
  public var deskCallsInFlightMax = 1_024
  /// Streamed calls of one connection; more are answered UNAVAILABLE.
  public var streamsInFlightMax = 64
  /// Deadline of a streamed call that sets none, and the longest that one can set.
  public var streamTimeoutMicrosecondsMax: UInt32 = 3_600_000_000
  /// What a caller is told to wait while a rescore or sweep is at work and another waits.
  public var populationRetryAfterMilliseconds: UInt32 = 1_000
  /// Accounts that are watched on one event loop, each once for every watch of it; more are
  /// answered RESOURCE_EXHAUSTED. Each takes some 100 bytes.
  public var watchedAccountsMax = 4 << 20
  /// Between two signs of life of a watch without changes.
  public var watchSignInterval = Duration.seconds(2)
  /// What a refused caller is told to wait.
  public var retryAfterMilliseconds: UInt32 = 20
  /// Tolerance for clocks of event sources that run ahead of ours.
  public var futureSecondsMax: UInt32 = 86_400

  /// How long one connection keeps its event loop before the others get a turn.
  public var turnNanosecondsMax: UInt64 = 1_000_000

  // MARK: Bytes

  /// Most that one read takes from a socket, and what there is room for at least
  /// behind a frame that has come in part.
  public var readBytesMax = 256 << 10
  public var readBytesMin = 16 << 10
  /// Replies gathered before they are handed to the socket in the midst of a read.
  public var replyBytesMax = 256 << 10
  /// Unsent replies at which a connection is no longer read, and below which it
  /// is read again.
  public var unsentBytesHigh = 1 << 20
  public var unsentBytesLow = 256 << 10
  /// Memory of frames that have come in part and of replies that were not taken, of
  /// all connections together, beyond what each has free; one that would take more is
  /// told RESOURCE_EXHAUSTED and closed. A connection that waits for calls has none.
  public var keptBytesMax = 512 << 20
  /// Of that a connection's first bytes, so that whoever keeps little is not cut off
  /// for those who keep much.
  public var keptBytesFree = 64 << 10
  /// A peer that takes none of its replies for this long is cut off.
  public var unsentTimeout = Duration.seconds(30)
  /// A peer whose machine answers none of the kernel's probes for this long is cut
  /// off: a connection may be quiet for ever, but not without anybody at its end.
  public var vanishedSeconds: Int32 = 90

  // MARK: Shutdown

  /// What was accepted is finished within this; then connections are closed.
  public var drainTimeout = Duration.seconds(10)
  /// Between closing our side of a connection and the whole of it: time for the
  /// peer to read why.
  public var lingerTime = Duration.milliseconds(200)

  // MARK: Admin listener

  /// More are closed at once.
  public var adminConnectionsMax = 64
  /// A longer head of a request is answered 431.
  public var adminHeadBytesMax = 8 << 10
  /// From connecting to the last byte of the answer; then it is closed.
  public var adminTimeout = Duration.seconds(10)

  // MARK: State

  public var engine = Engine.Limits()
  /// More accounts are refused with RESOURCE_EXHAUSTED.
  public var accountsMax = StoreLayout.accountsMaxStandard

  public init() {}

  /// Deadline of a call of `method` that sets none, and the longest that one can set.
  func timeoutMicrosecondsMax(of method: Method) -> UInt32 {
    if method.isStreamed { return streamTimeoutMicrosecondsMax }
    return method == .snapshot ? snapshotTimeoutMicrosecondsMax : callTimeoutMicrosecondsMax
  }
}

extension Duration {
  /// Rounded down; 0 where it is negative, 285 years where it is more: whoever means
  /// never may say so, and a time that far from now is still a time.
  var nanoseconds: UInt64 {
    UInt64(clamping: min(components.seconds, 9_000_000_000)) * 1_000_000_000
      + UInt64(clamping: components.attoseconds / 1_000_000_000)
  }
}
