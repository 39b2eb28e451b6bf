import ProbityWire

/// What a connection may do next: the protocol's rules without a socket.
package struct ConnectionState {
  private enum Phase: Equatable {
    case awaitingHello
    case open
    case draining
    case closed
  }

  /// What to do about a frame.
  package enum Action: Equatable {
    case greet
    case call
    /// A call that came behind our GOAWAY.
    case refuseCall
    case cancel
    /// More may be sent on a stream.
    case grant
    case pong
    case ignore
    /// Say why, then close.
    case goAway(StatusCode, String)
  }

  package init() {}

  private var phase = Phase.awaitingHello
  /// Highest stream seen.
  package private(set) var lastStream: UInt32 = 0

  /// Most bytes that the payload of the next frame may have.
  package var payloadBytesMax: UInt32 {
    phase == .awaitingHello
      ? ProtocolLimits.payloadBytesMaxBeforeHello : ProtocolLimits.payloadBytesMax
  }

  package var isClosed: Bool { phase == .closed }
  package var isDraining: Bool { phase == .draining }

  package mutating func receive(_ header: FrameHeader) -> Action {
    switch (phase, header.type) {
    case (.closed, _): .ignore
    case (.awaitingHello, .hello): .greet
    case (.awaitingHello, _): misuse("the first frame must be a HELLO")
    case (_, .request): request(header.stream)
    case (_, .cancel): .cancel
    case (_, .window) where header.payloadBytes == 0: .grant
    case (_, .window): misuse("a WINDOW has no payload")
    case (_, .ping) where header.payloadBytes <= Self.pingBytesMax: .pong
    case (_, .ping): misuse("the payload of a PING may have at most \(Self.pingBytesMax) bytes")
    case (_, .goAway): .ignore
    case (_, .hello): misuse("HELLO may be said only once")
    case (_, .response), (_, .pong), (_, .data):
      misuse("a client may not send frames of type \(header.type)")
    }
  }

  static let pingBytesMax: UInt32 = 64

  private mutating func request(_ stream: UInt32) -> Action {
    if stream == 0 { return misuse("a REQUEST needs a stream of 1 or more") }
    if stream <= lastStream {
      return misuse("stream \(stream) is not greater than \(lastStream), which was used before")
    }
    if phase == .draining { return .refuseCall }
    lastStream = stream
    return .call
  }

  private func misuse(_ message: String) -> Action { .goAway(.invalidArgument, message) }

  package mutating func helloAccepted() { if phase == .awaitingHello { phase = .open } }

  /// - Returns: whether this is news.
  package mutating func beginDraining() -> Bool {
    if phase == .draining || phase == .closed { return false }
    phase = .draining
    return true
  }

  package mutating func close() { phase = .closed }
}
