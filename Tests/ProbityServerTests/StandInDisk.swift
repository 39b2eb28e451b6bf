import ProbityEngine
import ProbityServer
import Synchronization

/// A disk that says what a test wants, and makes snapshots when it is told to.
final class StandInDisk: DurabilitySource {
  typealias Answer = Result<SnapshotReport, SnapshotFailure>

  private let status: Mutex<DurabilityStatus>
  private let pending = Mutex<[@Sendable (Answer) -> Void]>([])
  private let (requests, arrival) = AsyncStream<Void>.makeStream()

  init(_ status: DurabilityStatus = DurabilityStatus()) { self.status = Mutex(status) }

  var durabilityStatus: DurabilityStatus { status.withLock { $0 } }

  func change(_ change: (inout DurabilityStatus) -> Void) { status.withLock { change(&$0) } }

  func snapshot(_ done: @escaping @Sendable (Answer) -> Void) {
    pending.withLock { $0.append(done) }
    arrival.yield()
  }

  /// Returns once a snapshot was asked for.
  func asked() async {
    for await _ in requests { return }
  }

  /// Answers the oldest request.
  func finish(_ answer: Answer) { pending.withLock { $0.removeFirst() }(answer) }

  static let report = SnapshotReport(
    position: .init(7), stateHash: 8, accounts: 9, bytes: 10, durationNanoseconds: 11_999,
    pauseNanoseconds: 12_000)
}
