import Dispatch
import Foundation
import Synchronization

/// Ctrl-C as a flag, so that work ends between two batches with a summary.
/// A second Ctrl-C ends the process at once.
final class Interrupt: Sendable {
  private let flag = Flag()
  private nonisolated(unsafe) let source: any DispatchSourceSignal

  private final class Flag: Sendable {
    let isRaised = Atomic<Bool>(false)
  }

  init() {
    signal(SIGINT, SIG_IGN)
    // Safe: set here and never touched again; Dispatch objects may be shared.
    unsafe source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    unsafe source.setEventHandler { [flag] in
      if flag.isRaised.exchange(true, ordering: .relaxed) { exit(130) }
    }
    unsafe source.resume()
  }

  var isRaised: Bool { flag.isRaised.load(ordering: .relaxed) }
}
