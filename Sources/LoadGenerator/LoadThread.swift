import Glibc
import Synchronization

/// A thread that runs one closure and can be waited for.
public final class LoadThread: Sendable {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    let isOver = Atomic<Bool>(false)
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private let handle: pthread_t
  private let body: Body

  public init(_ run: @escaping @Sendable () -> Void) {
    let body = Body(run)
    var handle = pthread_t()
    // Safe: the body is retained here and released by the thread itself.
    let context = unsafe Unmanaged.passRetained(body).toOpaque()
    let status = unsafe pthread_create(
      &handle, nil,
      { context in
        guard let context = unsafe context else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
        body.run()
        body.isOver.store(true, ordering: .releasing)
        return nil
      }, unsafe context)
    precondition(status == 0, "pthread_create failed with \(status)")
    self.handle = handle
    self.body = body
  }

  /// Whether the closure has returned.
  public var isOver: Bool { body.isOver.load(ordering: .acquiring) }

  /// Waits for the closure to return. Once only.
  public func join() { pthread_join(handle, nil) }
}
