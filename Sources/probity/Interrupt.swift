import Dispatch
import Foundation
import ProbityClient
import ProbityWire
import Synchronization

/// Ctrl-C as a flag, so that work ends between two batches with a summary.
/// A second Ctrl-C ends the process at once.
final class Interrupt: Sendable {
  private let flag = Flag()
  private nonisolated(unsafe) let source: any DispatchSourceSignal

  private final class Flag: Sendable {
    let isRaised = Atomic<Bool>(false)
    let onRaise = Mutex<(@Sendable () -> Void)?>(nil)
  }

  init() {
    signal(SIGINT, SIG_IGN)
    // Safe: set here and never touched again; Dispatch objects may be shared.
    unsafe source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    unsafe source.setEventHandler { [flag] in
      if flag.isRaised.exchange(true, ordering: .relaxed) { exit(130) }
      flag.onRaise.withLock { $0 }?()
    }
    unsafe source.resume()
  }

  /// Calls `body` at the first Ctrl-C, on a thread of its own, or at once behind it: for work
  /// that waits. The last one that was given counts.
  func onRaise(_ body: @escaping @Sendable () -> Void) {
    flag.onRaise.withLock { $0 = body }
    if isRaised { body() }
  }

  var isRaised: Bool { flag.isRaised.load(ordering: .relaxed) }
}

extension StreamedCall {
  /// As `next`; nil where Ctrl-C has cancelled the call.
  func next(unless interrupt: Interrupt) async throws -> StreamPart? {
    do throws(CallFailure) {
      return try await next()
    } catch {
      if error.status == .cancelled && interrupt.isRaised { return nil }
      throw error
    }
  }
}
