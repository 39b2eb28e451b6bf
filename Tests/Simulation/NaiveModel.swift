import Glibc
import IntegrityCore
import ProbityEngine

/// What the commands of a log come to, in the plainest terms: dictionaries, lists
/// of dated weights, the C library's `pow`.
///
/// Evidence that is weighed by a buyer's credibility is left to the core's own
/// tests; everything else is here.
struct NaiveModel {
  struct Counter: Hashable {
    let account: AccountKey
    /// Index in the record.
    let index: Int
  }

  typealias History = (entries: [(weight: Double, at: UnixSeconds)], newest: UnixSeconds)

  private(set) var highest: [UInt64: UInt64] = [:]
  private(set) var counters: [Counter: [(weight: Double, at: UnixSeconds)]] = [:]
  /// When each account was last heard of.
  private(set) var newest: [AccountKey: UnixSeconds] = [:]
  private(set) var position: UInt64 = 0
  private(set) var desk: NaiveDesk

  init(_ policy: Policy) { desk = NaiveDesk(policy) }

  /// - Parameter weight: of the claim's complaint behind the command, as the core has it.
  mutating func apply(
    _ command: DeskCommand, _ result: Result<DeskAnswer, DeskRefusal>, weight: Float
  ) throws {
    position += 1
    let (before, newest) = (counters, newest)
    try desk.apply(command, result, weight: weight) {
      (before[$0, default: []], newest[$0.account, default: .zero])
    }
    for piece in desk.pieces {
      counters[piece.counter, default: []].append((piece.weight, piece.at))
      hear(of: piece.counter.account, at: piece.isHeard ? piece.at : .zero)
    }
    // One can be certified before anything is heard of it.
    if case (.certify(let merchant, _, _), .success) = (command.action, result) {
      hear(of: AccountKey(.merchant, merchant), at: .zero)
    }
  }

  /// - Returns: whether it changed anything.
  mutating func apply(_ command: Command) -> Bool {
    position += 1
    if command.sequence <= highest[command.source, default: 0] { return false }
    highest[command.source] = command.sequence
    let event = command.event
    desk.now = max(desk.now, event.at)
    let buyer = AccountKey(.buyer, event.buyer)
    let merchant = AccountKey(.merchant, event.merchant)
    let amount = Double(event.amount.rawValue)
    if event.changesBuyer { hear(of: buyer, at: event.at) }
    if case .claimOpened = event.detail {
      hear(of: merchant, at: .zero)
    } else if event.changesMerchant {
      hear(of: merchant, at: event.at)
    }
    switch event.detail {
    case .settled:
      add(1, BuyerCounter.ordersSettled.rawValue, buyer, event.at)
      add(amount, BuyerCounter.valueOrdered.rawValue, buyer, event.at)
      add(1, MerchantCounter.ordersSettled.rawValue, merchant, event.at)
      add(amount, MerchantCounter.valueSold.rawValue, merchant, event.at)
    case .pickedUp(late: true):
      add(1, MerchantCounter.pickupsLate.rawValue, merchant, event.at)
    case .claimOpened(_, let allegation):
      add(1, BuyerCounter.claimsOpened.rawValue, buyer, event.at)
      add(amount, BuyerCounter.valueClaimed.rawValue, buyer, event.at)
      add(amount, MerchantCounter.valueDisputed.rawValue, merchant, event.at)
      if [.notReceived, .parcelEmpty].contains(allegation) {
        add(1, BuyerCounter.claimsNotReceived.rawValue, buyer, event.at)
      }
    case .claimDecided(_, .upheld):
      add(1, BuyerCounter.claimsUpheld.rawValue, buyer, event.at)
    default: break
    }
    return true
  }

  private mutating func hear(of account: AccountKey, at time: UnixSeconds) {
    newest[account] = max(newest[account, default: .zero], time)
  }

  private mutating func add(
    _ weight: Double, _ index: Int, _ account: AccountKey, _ at: UnixSeconds
  ) {
    counters[Counter(account: account, index: index), default: []].append((weight, at))
  }

  /// The counter as of `now`, with the half-life in seconds.
  func value(_ counter: Counter, at now: UnixSeconds, halfLife: Double) -> Double {
    counters[counter, default: []].reduce(0) { sum, entry in
      sum + entry.weight * Self.fading(from: entry.at, to: now, halfLife: halfLife)
    }
  }

  /// What is left of 1 at `now`.
  static func fading(from time: UnixSeconds, to now: UnixSeconds, halfLife: Double) -> Double {
    pow(2, -(Double(now.rawValue) - Double(time.rawValue)) / halfLife)
  }

  /// The same of all that ever went in or out: what rounding errors are measured by.
  func turnover(_ counter: Counter, at now: UnixSeconds, halfLife: Double) -> Double {
    counters[counter, default: []].reduce(0) { sum, entry in
      sum + abs(entry.weight) * Self.fading(from: entry.at, to: now, halfLife: halfLife)
    }
  }
}
