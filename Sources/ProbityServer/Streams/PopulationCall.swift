import IntegrityCore
import ProbityEngine
import ProbityWire
import Synchronization

/// A sweep or a rescore, as the connection sees it.
final class PopulationCall: StreamCall {
  let sink: Sink
  /// Logs a fault of ours and gives it a number.
  var incident: (String) -> UInt64 = { _ in 0 }

  /// Between the threads of the work and the loop: holds few parts, and the work waits while
  /// they are not taken.
  final class Sink: PopulationSink {
    fileprivate let parts = WaitingQueue<PopulationPart>(countMax: 8)
    fileprivate let result = Mutex<PopulationEnd?>(nil)
    fileprivate let cancelled = Atomic<Bool>(false)
    private let waitNanosecondsMax: UInt64
    private let wake: @Sendable () -> Void

    init(waitNanosecondsMax: UInt64, wake: @escaping @Sendable () -> Void) {
      self.waitNanosecondsMax = waitNanosecondsMax
      self.wake = wake
    }

    func put(_ part: PopulationPart) -> Bool {
      if isCancelled { return false }
      let admission = parts.put(part, waitNanosecondsMax: waitNanosecondsMax)
      if admission == .accepted { wake() } else { cancel() }
      return admission == .accepted
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    func cancel() {
      cancelled.store(true, ordering: .relaxed)
      parts.close()
    }

    func end(_ end: PopulationEnd) {
      result.withLock { $0 = end }
      wake()
    }
  }

  init(
    _ method: Method, stream: UInt32, waitNanosecondsMax: UInt64,
    wake: @escaping @Sendable () -> Void
  ) {
    sink = Sink(waitNanosecondsMax: waitNanosecondsMax, wake: wake)
    super.init(method, stream: stream)
  }

  override func nextPart() -> StreamPart? {
    switch sink.parts.poll() {
    case .rescore(let part): .rescore(part)
    case .sweep(let part): .sweep(part)
    case .figures(let part): .kpi(part)
    case nil: nil
    }
  }

  override func ending() -> Result<StreamEnd, CallFailure>? {
    guard let end = sink.result.withLock({ $0 }) else { return nil }
    switch end {
    // Nobody waits for parts that are not taken.
    case .refused, .cancelled, .closed: break
    // No part comes behind the end, and none that was before it is left out.
    case .rescored, .swept, .figured: if !sink.parts.isEmpty { return nil }
    }
    switch end {
    case .rescored(let end): return .success(.rescore(end))
    case .swept(let end): return .success(.sweep(end))
    case .figured(let figures): return .success(.kpi(figures))
    case .refused(let refusal): return .failure(CallFailure(refusal))
    case .cancelled:
      return .failure(
        CallFailure(
          .resourceExhausted, "nobody has taken what there was to tell for too long",
          notExecuted: false))
    case .closed:
      return .failure(
        CallFailure(
          .unavailable, "the server is shutting down: use another connection",
          notExecuted: false))
    }
  }

  override func cancel() { sink.cancel() }
}

extension CallFailure {
  fileprivate init(_ refusal: DeskRefusal) {
    self.init(refusal.kind.status, refusal.message, field: refusal.field, notExecuted: true)
  }
}
