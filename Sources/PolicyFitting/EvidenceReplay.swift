import IntegrityCore

/// Evidence as it was before each order: a history applied to records, event by event, with
/// a look at an account whenever one of its orders is asked about.
public struct EvidenceReplay {
  private let rules: EvidenceRules
  private var accounts: [AccountKey: Account] = [:]

  private struct Account {
    var record: AccountRecord
    var eventCount = 0
  }

  public init(schema: EvidenceSchema, policy: Policy) {
    rules = EvidenceRules(schema: schema, policy: policy)
  }

  /// An account at the moment of a question.
  public struct View {
    public let record: AccountRecord
    /// Events that have changed the record so far.
    public let eventCount: Int
    public let clock: DecayClock
  }

  /// - Parameters:
  ///   - events: in order of time.
  ///   - moments: in order of time; each sees what happened before its second, no more.
  ///   - visit: is given the index of each moment.
  public mutating func run(
    _ events: [Event], moments: [(account: AccountKey, at: UnixSeconds)],
    visit: (Int, View) -> Void
  ) {
    var next = 0
    for (index, moment) in moments.enumerated() {
      while next < events.count, events[next].at < moment.at {
        apply(events[next])
        next += 1
      }
      let account = accounts[moment.account] ?? Account(record: AccountRecord(moment.account))
      visit(
        index,
        View(
          record: account.record, eventCount: account.eventCount,
          clock: DecayClock(rules.schema, now: moment.at)))
    }
  }

  private mutating func apply(_ event: Event) {
    let (buyerKey, merchantKey) = (
      AccountKey(.buyer, event.buyer), AccountKey(.merchant, event.merchant)
    )
    var buyer = accounts[buyerKey] ?? Account(record: AccountRecord(buyerKey))
    var merchant = accounts[merchantKey] ?? Account(record: AccountRecord(merchantKey))
    rules.apply(event, buyer: &buyer.record, merchant: &merchant.record)
    if event.changesBuyer {
      buyer.eventCount += 1
      accounts[buyerKey] = buyer
    }
    if event.changesMerchant {
      merchant.eventCount += 1
      accounts[merchantKey] = merchant
    }
  }
}
