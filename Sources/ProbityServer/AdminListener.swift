import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The HTTP side for those who watch: `/metrics`, `/healthz` and nothing else.
///
/// Everything is bounded: connections, the request's head, and the time from
/// connecting to the last byte of the answer. A connection is good for one
/// request; bodies are not read.
struct AdminListener {
  /// Where it listens.
  let address: ProbityServer.Address
  private let group: MultiThreadedEventLoopGroup

  /// Listens on a thread of its own.
  ///
  /// - Returns: nil where no address is given.
  /// - Throws: `ServerError.cannotListen`.
  static func start(
    _ address: ProbityServer.Address?, _ service: Service
  ) async throws -> AdminListener? {
    guard let address else { return nil }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      let channel = try await bootstrap(group, service)
        .bind(host: address.host, port: address.port).get()
      let local = channel.localAddress
      let bound = ProbityServer.Address(
        host: local?.ipAddress ?? address.host, port: local?.port ?? address.port)
      return AdminListener(address: bound, group: group)
    } catch {
      try? await group.shutdownGracefully()
      throw ServerError.cannotListen(host: address.host, port: address.port, reason: "\(error)")
    }
  }

  /// Closes it and all its connections.
  func stop() async { try? await group.shutdownGracefully() }

  private static func bootstrap(
    _ group: MultiThreadedEventLoopGroup, _ service: Service
  ) -> ServerBootstrap {
    let limits = service.limits
    let connectionCount = ConnectionCount()
    return ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: Int32(limits.adminConnectionsMax))
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([
            HeadLimiter(bytesMax: limits.adminHeadBytesMax),
            HTTPResponseEncoder(),
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
            AdminHandler(service, connectionCount),
          ])
        }
      }
  }
}

/// The connections that are open: counted by their one loop, which is given the
/// counter from outside.
final class ConnectionCount: Sendable {
  private let value = Atomic<Int>(0)

  /// - Returns: the count with this one.
  func enter() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }

  func leave() { value.wrappingSubtract(1, ordering: .relaxed) }
}

/// Lets the first bytes of a connection through, and says so where there are more.
final class HeadLimiter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// More came than a request's head may have.
  struct Exceeded: Error {}

  private var bytesLeft: Int

  init(bytesMax: Int) { bytesLeft = bytesMax }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    if let head = bytes.getSlice(
      at: bytes.readerIndex, length: min(bytes.readableBytes, bytesLeft)), head.readableBytes > 0
    {
      bytesLeft -= head.readableBytes
      context.fireChannelRead(wrapInboundOut(head))
      if head.readableBytes == bytes.readableBytes { return }
    }
    context.fireErrorCaught(Exceeded())
  }
}

/// Answers one request, then closes.
final class AdminHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let service: Service
  private let connectionCount: ConnectionCount
  private var isAnswered = false
  private var timeout: Scheduled<Void>?

  init(_ service: Service, _ connectionCount: ConnectionCount) {
    self.service = service
    self.connectionCount = connectionCount
  }

  func channelActive(context: ChannelHandlerContext) {
    if connectionCount.enter() > service.limits.adminConnectionsMax {
      isAnswered = true
      return context.close(promise: nil)
    }
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    timeout = context.eventLoop.scheduleTask(in: TimeAmount(service.limits.adminTimeout)) {
      bound.value.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    timeout?.cancel()
    isAnswered = true
    connectionCount.leave()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = unwrapInboundIn(data) else { return }
    answer(AdminPage(head.method, uri: head.uri, service), context)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case is HeadLimiter.Exceeded:
      answer(AdminPage(.requestHeaderFieldsTooLarge, "the request's head is too long"), context)
    case is HTTPParserError: answer(AdminPage(.badRequest, "this is no HTTP/1 request"), context)
    default: context.close(promise: nil)
    }
  }

  /// The first answer is the only one.
  private func answer(_ page: AdminPage, _ context: ChannelHandlerContext) {
    if isAnswered { return }
    isAnswered = true
    var headers = HTTPHeaders([
      ("content-type", page.contentType), ("content-length", "\(page.body.utf8.count)"),
      ("connection", "close"),
    ])
    if page.status == .methodNotAllowed { headers.add(name: "allow", value: "GET") }
    let head = HTTPResponseHead(version: .http1_1, status: page.status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    let body = context.channel.allocator.buffer(string: page.body)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      let (handler, context) = bound.value
      handler.finish(context)
    }
  }

  /// Closes our side, and the rest a moment later: closing both with bytes of
  /// the peer unread could take the answer with it.
  private func finish(_ context: ChannelHandlerContext) {
    context.close(mode: .output, promise: nil)
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: TimeAmount(service.limits.lingerTime)) {
      bound.value.close(promise: nil)
    }
  }
}
