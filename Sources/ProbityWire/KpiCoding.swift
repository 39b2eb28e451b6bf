import CProbityMessages
import CProtobufC
import IntegrityCore
import Rescoring

/// The committee's figures, both ways.
extension Codec {
  func message(_ figures: KeyFigures) -> Probity__V1__KpiReply {
    var m = unsafe Probity__V1__KpiReply()
    unsafe probity__v1__kpi_reply__init(&m)
    unsafe m.from = UInt64(figures.from.rawValue)
    unsafe m.to = UInt64(figures.to.rawValue)
    unsafe fill(&m, figures.claims)
    unsafe fill(&m, figures.market)
    unsafe (m.n_sums, m.sums) = unsafe list(
      [(AccountKind.buyer, figures.buyers), (.merchant, figures.merchants)], sums)
    unsafe m.shadow_hash = figures.shadowHash ?? 0
    unsafe m.policy_version = figures.policyVersion
    unsafe m.policy_hash = figures.policyHash
    unsafe m.log_position = figures.position.rawValue
    return unsafe m
  }

  private func fill(_ m: inout Probity__V1__KpiReply, _ claims: ClaimFigures) {
    unsafe m.claims = claims.claimCount
    unsafe m.withdrawn = claims.withdrawnCount
    unsafe (m.n_outcomes, m.outcomes) = unsafe column(claims.outcomes)
    unsafe m.automatic = claims.automaticCount
    unsafe m.human = claims.humanCount
    unsafe m.human_seconds = claims.humanSeconds
    unsafe (m.n_human_hours, m.human_hours) = unsafe column(claims.humanHours)
    unsafe m.appeals_upheld = claims.appealsUpheld
    unsafe m.appeals_rejected = claims.appealsRejected
    unsafe m.appeals_open = claims.appealsOpen
    unsafe m.shadowed = claims.shadowedCount
    unsafe m.shadow_flips = claims.shadowFlipCount
    unsafe m.claimed = claims.claimed.rawValue
    unsafe m.compensated = claims.compensated.rawValue
    unsafe m.abuse_stopped = claims.abuseStopped.rawValue
    unsafe m.leaked = claims.leaked.rawValue
    unsafe m.abuse_count = claims.abuseCount
    unsafe m.leaked_count = claims.leakedCount
    unsafe (m.n_days, m.days) = unsafe list(claims.days, day)
  }

  private func day(_ day: ClaimFigures.Day) -> Probity__V1__KpiDay {
    var m = unsafe Probity__V1__KpiDay()
    unsafe probity__v1__kpi_day__init(&m)
    unsafe m.day = UInt32(day.day)
    unsafe m.claims = day.claimCount
    unsafe m.automatic = day.automaticCount
    unsafe m.compensated = day.compensated.rawValue
    unsafe m.abuse = day.abuseCount
    return unsafe m
  }

  private func fill(_ m: inout Probity__V1__KpiReply, _ market: MerchantFigures) {
    unsafe (m.n_steps, m.steps) = unsafe column(market.steps)
    unsafe m.step_appeals_upheld = market.stepAppealsUpheld
    unsafe m.orders = market.orders
    unsafe m.false_shipments = market.falseShipments
    unsafe m.late_pickups = market.latePickups
    unsafe m.no_stock = market.noStock
    unsafe m.quality_refunds = market.qualityRefunds
    unsafe (m.n_standings, m.standings) = unsafe column(market.standings)
  }

  // MARK: Decoding, as the client does

  func decodeKeyFigures(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) -> KeyFigures {
    let m = unsafe try unpack(bytes, "KpiReply", probity__v1__kpi_reply__unpack).pointee
    var figures = unsafe KeyFigures(
      from: seconds(m.from), to: seconds(m.to), policyVersion: m.policy_version,
      policyHash: m.policy_hash)
    figures.claims = unsafe claimFigures(m)
    figures.market = unsafe marketFigures(m)
    for index in unsafe 0..<m.n_sums {
      guard let sums = unsafe m.sums[index]?.pointee else { continue }
      guard let made = unsafe populationSums(sums) else {
        throw CallFailure(.invalidArgument, "the KpiReply has sums of another size")
      }
      if unsafe sums.kind.rawValue == UInt32(AccountKind.buyer.rawValue) {
        figures.buyers = made
      } else {
        figures.merchants = made
      }
    }
    figures.shadowHash = unsafe m.shadow_hash == 0 ? nil : m.shadow_hash
    figures.position = unsafe LogPosition(m.log_position)
    return figures
  }

  private func claimFigures(_ m: Probity__V1__KpiReply) -> ClaimFigures {
    var claims = ClaimFigures()
    claims.claimCount = unsafe m.claims
    claims.withdrawnCount = unsafe m.withdrawn
    unsafe fill(&claims.outcomes, m.n_outcomes, m.outcomes)
    claims.automaticCount = unsafe m.automatic
    claims.humanCount = unsafe m.human
    claims.humanSeconds = unsafe m.human_seconds
    unsafe fill(&claims.humanHours, m.n_human_hours, m.human_hours)
    claims.appealsUpheld = unsafe m.appeals_upheld
    claims.appealsRejected = unsafe m.appeals_rejected
    claims.appealsOpen = unsafe m.appeals_open
    claims.shadowedCount = unsafe m.shadowed
    claims.shadowFlipCount = unsafe m.shadow_flips
    claims.claimed = unsafe Minor(m.claimed)
    claims.compensated = unsafe Minor(m.compensated)
    claims.abuseStopped = unsafe Minor(m.abuse_stopped)
    claims.leaked = unsafe Minor(m.leaked)
    claims.abuseCount = unsafe m.abuse_count
    claims.leakedCount = unsafe m.leaked_count
    claims.days = unsafe (0..<m.n_days).compactMap {
      unsafe m.days[$0].map { unsafe day($0.pointee) }
    }
    return claims
  }

  private func day(_ m: Probity__V1__KpiDay) -> ClaimFigures.Day {
    var day = ClaimFigures.Day(day: unsafe UInt16(truncatingIfNeeded: m.day))
    day.claimCount = unsafe m.claims
    day.automaticCount = unsafe m.automatic
    day.compensated = unsafe Minor(m.compensated)
    day.abuseCount = unsafe m.abuse
    return day
  }

  private func marketFigures(_ m: Probity__V1__KpiReply) -> MerchantFigures {
    var market = MerchantFigures()
    unsafe fill(&market.steps, m.n_steps, m.steps)
    market.stepAppealsUpheld = unsafe m.step_appeals_upheld
    market.orders = unsafe m.orders
    market.falseShipments = unsafe m.false_shipments
    market.latePickups = unsafe m.late_pickups
    market.noStock = unsafe m.no_stock
    market.qualityRefunds = unsafe m.quality_refunds
    unsafe fill(&market.standings, m.n_standings, m.standings)
    return market
  }

  /// As many as both have: a later version may count more.
  private func fill(
    _ counts: inout [UInt64], _ count: Int, _ start: UnsafeMutablePointer<UInt64>?
  ) {
    for (index, number) in unsafe array(count, start).prefix(counts.count).enumerated() {
      counts[index] = number
    }
  }
}
