import BenchmarkMachine
import Glibc
import IntegrityCore
import ProbityWire

/// Fills a daemon with buyers 1…N, each with one to four settled orders, and
/// one in ten with a claim; with one merchant to twenty buyers.
public struct AccountLoader {
  public let accountCount: UInt64
  private var random: SeededGenerator
  private let session: DaemonSession
  private let source: UInt64
  private var sequence: UInt64 = 0
  private let nowSeconds = EventMix.nowSeconds

  /// Commands in a Record: as many as surely fit with one account more.
  private static let batchCommands = 9_000

  public init(port: UInt16, accountCount: UInt64, seed: UInt64) throws {
    let session = try DaemonSession(
      .loopback(port: port), ClientIdentity(), timeoutSeconds: 60)
    self.init(
      session, accountCount: accountCount, source: UInt64.random(in: 1 ... .max), seed: seed)
  }

  init(_ session: DaemonSession, accountCount: UInt64, source: UInt64, seed: UInt64) {
    self.session = session
    self.accountCount = accountCount
    self.source = source
    random = SeededGenerator(seed: seed)
  }

  /// A source that the same fill always uses, so that doing it again, or going on
  /// after an interruption, sends nothing twice.
  static func source(ofFill seed: UInt64) -> UInt64 {
    var random = SeededGenerator(seed: seed ^ 0x6669_6c6c)
    return max(random.next(), 1)
  }

  /// How many merchants there are to so many buyers.
  static func merchantCount(_ accountCount: UInt64) -> UInt64 { max(accountCount / 20, 1) }

  /// - Parameter progress: told how many accounts are done; false ends the fill.
  /// - Returns: what was recorded now; not what an earlier fill had recorded.
  public mutating func load(
    progress: (UInt64) -> Bool = { _ in true }
  ) throws(SocketFailure) -> FillResult {
    var result = FillResult()
    var batch: [Command] = []
    var recordedBefore: UInt64 = 0
    for account in 1...accountCount {
      let orders = 1 + random.next() & 3
      for order in 0..<orders { batch.append(command(account, isClaim: false, age: order)) }
      if random.next() % 10 == 0 { batch.append(command(account, isClaim: true, age: 0)) }
      // The first answer tells how far an earlier fill came.
      guard account == 1 || batch.count > Self.batchCommands || account == accountCount else {
        continue
      }
      if sequence > recordedBefore {
        let reply = try result.measure(writeCount: UInt64(batch.count)) {
          () throws(SocketFailure) in try session.record(batch)
        }
        recordedBefore = reply.highestSequence
      }
      batch.removeAll(keepingCapacity: true)
      if !progress(account) { break }
    }
    return result
  }

  private mutating func command(_ account: UInt64, isClaim: Bool, age: UInt64) -> Command {
    sequence += 1
    let seconds = nowSeconds - 86_400 * UInt32(1 + age * 60 + random.next() % 60)
    let detail: EventDetail =
      isClaim ? .claimOpened(.quality, .defective) : .settled(orderedAt: .zero)
    let event = Event(
      at: UnixSeconds(seconds), buyer: AccountID(account),
      merchant: AccountID(random.account(of: Self.merchantCount(accountCount))),
      amount: Minor(Int64(100 + random.next() % 50_000)), detail: detail)
    return Command(source: source, sequence: sequence, event: event)
  }
}
