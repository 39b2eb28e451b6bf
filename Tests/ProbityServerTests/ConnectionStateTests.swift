import ProbityServer
import ProbityWire
import Testing

@Suite struct ConnectionStateTests {
  /// What has happened, the frame, what follows.
  enum Past { case connected, greeted, draining, closed }

  static let table: [(Past, FrameHeader, String)] = [
    (.connected, FrameHeader(type: .hello), "greet"),
    (.connected, FrameHeader(type: .request, stream: 1), "goAway"),
    (.connected, FrameHeader(type: .ping), "goAway"),
    (.greeted, FrameHeader(type: .hello), "goAway"),
    (.greeted, FrameHeader(type: .request, stream: 1), "call"),
    (.greeted, FrameHeader(type: .request, stream: 0), "goAway"),
    (.greeted, FrameHeader(type: .request, stream: .max), "call"),
    (.greeted, FrameHeader(type: .cancel, stream: 1), "cancel"),
    (.greeted, FrameHeader(type: .ping, payloadBytes: 64), "pong"),
    (.greeted, FrameHeader(type: .ping, payloadBytes: 65), "goAway"),
    (.greeted, FrameHeader(type: .pong), "goAway"),
    (.greeted, FrameHeader(type: .response, stream: 1), "goAway"),
    (.greeted, FrameHeader(type: .data, stream: 1), "goAway"),
    (.greeted, FrameHeader(type: .window, stream: 1), "grant"),
    (.greeted, FrameHeader(type: .window), "grant"),
    (.greeted, FrameHeader(type: .window, stream: 1, payloadBytes: 1), "goAway"),
    (.connected, FrameHeader(type: .window), "goAway"),
    (.draining, FrameHeader(type: .window, stream: 1), "grant"),
    (.greeted, FrameHeader(type: .goAway), "ignore"),
    (.draining, FrameHeader(type: .request, stream: 1), "refuseCall"),
    (.draining, FrameHeader(type: .request, stream: 0), "goAway"),
    (.draining, FrameHeader(type: .cancel, stream: 1), "cancel"),
    (.draining, FrameHeader(type: .ping), "pong"),
    (.closed, FrameHeader(type: .request, stream: 1), "ignore"),
    (.closed, FrameHeader(type: .hello), "ignore"),
  ]

  @Test(arguments: table)
  func eachFrameIsMetByTheRule(_ past: Past, _ header: FrameHeader, _ expected: String) {
    var state = ConnectionState()
    if past != .connected { state.helloAccepted() }
    if past == .draining { _ = state.beginDraining() }
    if past == .closed { state.close() }
    let action = state.receive(header)
    #expect("\(action)".hasPrefix(expected))
  }

  @Test func streamsMustIncrease() {
    var state = ConnectionState()
    state.helloAccepted()
    let first = state.receive(FrameHeader(type: .request, stream: 5))
    #expect(first == .call)
    for stream in [5, 4, 1] as [UInt32] {
      guard
        case .goAway(.invalidArgument, _) = state.receive(
          FrameHeader(type: .request, stream: stream))
      else { return #expect(Bool(false), "stream \(stream) was accepted") }
    }
    let last = state.receive(FrameHeader(type: .request, stream: 6))
    #expect(last == .call)
    #expect(state.lastStream == 6)
  }

  @Test func payloadsAreSmallBeforeHello() {
    var state = ConnectionState()
    #expect(state.payloadBytesMax == 4096)
    state.helloAccepted()
    #expect(state.payloadBytesMax == 4_194_304)
  }

  @Test func drainingBeginsOnce() {
    var state = ConnectionState()
    let news = [state.beginDraining(), state.beginDraining()]
    #expect(news == [true, false])
    state.close()
    let late = state.beginDraining()
    #expect(!late)
  }
}
