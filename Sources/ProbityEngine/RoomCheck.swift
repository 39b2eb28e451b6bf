import AccountStore
import IntegrityCore

/// Whether the jobs of one group find room in the state, one behind the other.
///
/// Far from full, counting the most accounts and sources that could be new is
/// enough. Near it, a forecast finds those that are, so that commands of known
/// accounts and sources are taken to the last.
package struct RoomCheck {
  private let state: IntegrityState
  private var accepted: [EngineJob] = []
  private var accountsUpperBound = 0
  /// nil until it is needed.
  private var forecast: RoomForecast?

  package init(_ state: IntegrityState) { self.state = state }

  /// Takes `job` in, or says why there is no room for it.
  package mutating func lackOfRoom(for job: EngineJob) -> String? {
    let upperBound = accountsUpperBound + 2 * job.loggedCount
    let accountsFit = state.table.hasRoom(for: upperBound)
    let sourcesFit = state.sources.count + accepted.count < state.sources.capacity
    if forecast == nil && !(accountsFit && sourcesFit)
      || forecast?.tracksAccounts == false && !accountsFit
    {
      var forecast = RoomForecast(state, tracksAccounts: !accountsFit)
      for job in accepted { _ = forecast.take(job.work) }
      self.forecast = forecast
    }
    if let lack = forecast?.take(job.work) { return lack }
    accepted.append(job)
    accountsUpperBound = upperBound
    return nil
  }
}
