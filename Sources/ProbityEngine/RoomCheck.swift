import AccountStore
import IntegrityCore

/// Whether the jobs of one group find room in the state, one behind the other.
///
/// Far from full, counting the most accounts that could be new is enough. Near
/// it, the accounts that are new are gathered one by one, so that commands of
/// known accounts are taken to the last.
struct RoomCheck {
  private let state: IntegrityState
  private let sourcesMax: Int
  private var accepted: [RecordJob] = []
  private var accountsUpperBound = 0
  private var newSources: Set<UInt64> = []
  /// nil until it has to be known.
  private var newAccounts: Set<AccountKey>?

  init(_ state: IntegrityState, sourcesMax: Int) {
    self.state = state
    self.sourcesMax = sourcesMax
  }

  /// Takes `job` in, or says why there is no room for it.
  mutating func lackOfRoom(for job: RecordJob) -> String? {
    let source = job.commands[0].source
    let isNewSource = state.highestSequence(of: source) == 0 && !newSources.contains(source)
    if isNewSource && state.sourceCount + newSources.count >= sourcesMax {
      return "no room for another source: \(sourcesMax) are remembered"
    }
    let upperBound = accountsUpperBound + 2 * job.commands.count
    if !state.table.hasRoom(for: upperBound) {
      let before = newAccounts ?? accepted.reduce(into: []) { add($1, to: &$0) }
      var after = before
      add(job, to: &after)
      guard state.table.hasRoom(forNew: after) else {
        newAccounts = before
        return "no room for \(after.count - before.count) new accounts: "
          + "the limit is \(state.table.layout.accountsMax)"
      }
      newAccounts = after
    }
    accountsUpperBound = upperBound
    accepted.append(job)
    if isNewSource { newSources.insert(source) }
    return nil
  }

  private func add(_ job: RecordJob, to keys: inout Set<AccountKey>) {
    for event in job.commands.lazy.map(\.event) {
      let buyer = AccountKey(.buyer, event.buyer)
      let merchant = AccountKey(.merchant, event.merchant)
      if event.changesBuyer && state.table.record(of: buyer) == nil { keys.insert(buyer) }
      if event.changesMerchant && state.table.record(of: merchant) == nil { keys.insert(merchant) }
    }
  }
}
