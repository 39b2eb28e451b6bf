import CProbityMessages
import CProtobufC
import IntegrityCore

/// What is asked about merchants' standings, and of them.
extension Codec {
  // MARK: Decoding, as the server does

  func decodeGovernance(
    _ method: Method, _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> DeskRequest {
    switch method {
    case .assess:
      let m = unsafe try unpack(bytes, "AssessRequest", probity__v1__assess_request__unpack).pointee
      return unsafe .command(
        try command(.assess(try merchant(m.merchant)), m.at, m.actor, m.reason))
    case .decideStanding:
      let m = unsafe try unpack(
        bytes, "DecideStandingRequest", probity__v1__decide_standing_request__unpack
      ).pointee
      let action: DeskAction = unsafe .decideStanding(
        try merchant(m.merchant), try choice(m.decision.rawValue, "decision"))
      return unsafe .command(try command(action, m.at, m.actor, m.reason))
    case .appealStanding:
      let m = unsafe try unpack(
        bytes, "AppealStandingRequest", probity__v1__appeal_standing_request__unpack
      ).pointee
      return unsafe .command(
        try command(.appealStanding(try merchant(m.merchant)), m.at, m.actor, m.reason))
    case .decideStandingAppeal:
      let m = unsafe try unpack(
        bytes, "DecideStandingAppealRequest",
        probity__v1__decide_standing_appeal_request__unpack
      ).pointee
      let action: DeskAction = unsafe .decideStandingAppeal(
        try merchant(m.merchant), isUpheld: m.upheld != 0)
      return unsafe .command(try command(action, m.at, m.actor, m.reason))
    default: return unsafe try decodeCertification(method, bytes)
    }
  }

  private func decodeCertification(
    _ method: Method, _ bytes: UnsafeRawBufferPointer
  ) throws(CallFailure) -> DeskRequest {
    switch method {
    case .certify:
      let m = unsafe try unpack(
        bytes, "CertifyRequest", probity__v1__certify_request__unpack
      ).pointee
      let action: DeskAction = unsafe .certify(
        try merchant(m.merchant), try choice(m.certification.rawValue, "certification"),
        endsAt: try time(m.ends_at, "ends_at") ?? .zero)
      return unsafe .command(try command(action, m.at, m.actor, m.reason))
    case .revokeCertification:
      let m = unsafe try unpack(
        bytes, "RevokeCertificationRequest", probity__v1__revoke_certification_request__unpack
      ).pointee
      return unsafe .command(
        try command(.revokeCertification(try merchant(m.merchant)), m.at, m.actor, m.reason))
    case .getStanding:
      let m = unsafe try unpack(
        bytes, "GetStandingRequest", probity__v1__get_standing_request__unpack)
      return .standing(unsafe try merchant(m.pointee.merchant))
    case .getStandings:
      let m = unsafe try unpack(
        bytes, "GetStandingsRequest", probity__v1__get_standings_request__unpack
      ).pointee
      guard let standing = unsafe UInt8(exactly: m.standing.rawValue).flatMap(Standing.init) else {
        throw invalid("standing", "must be one of 0 to \(Standing.allCases.count - 1)")
      }
      let filter = unsafe StandingFilter(
        standing: standing == .normal ? nil : standing, isWaiting: m.waiting != 0)
      return .standings(filter, below: unsafe m.below)
    default: preconditionFailure("\(method.name) is not about merchants")
    }
  }

  private func merchant(_ id: UInt64) throws(CallFailure) -> AccountID {
    if id == 0 { throw invalid("merchant", "must be a number from 1 to 2^64-1") }
    return AccountID(id)
  }

  // MARK: Encoding, as the client does

  func encodeGovernance<Sink: FrameSink>(_ c: DeskCommand, _ call: Call, to sink: inout Sink) {
    switch c.action {
    case .assess(let merchant):
      var m = unsafe Probity__V1__AssessRequest()
      unsafe probity__v1__assess_request__init(&m)
      unsafe m.merchant = merchant.rawValue
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.assess, call, &m, to: &sink)
    case .decideStanding(let merchant, let decision):
      var m = unsafe Probity__V1__DecideStandingRequest()
      unsafe probity__v1__decide_standing_request__init(&m)
      unsafe m.merchant = merchant.rawValue
      unsafe m.decision = .init(rawValue: UInt32(decision.rawValue))
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.decideStanding, call, &m, to: &sink)
    case .appealStanding(let merchant):
      var m = unsafe Probity__V1__AppealStandingRequest()
      unsafe probity__v1__appeal_standing_request__init(&m)
      unsafe m.merchant = merchant.rawValue
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.appealStanding, call, &m, to: &sink)
    case .decideStandingAppeal(let merchant, let isUpheld):
      var m = unsafe Probity__V1__DecideStandingAppealRequest()
      unsafe probity__v1__decide_standing_appeal_request__init(&m)
      unsafe m.merchant = merchant.rawValue
      unsafe m.upheld = isUpheld ? 1 : 0
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.decideStandingAppeal, call, &m, to: &sink)
    case .certify(let merchant, let certification, let endsAt):
      var m = unsafe Probity__V1__CertifyRequest()
      unsafe probity__v1__certify_request__init(&m)
      unsafe m.merchant = merchant.rawValue
      unsafe m.certification = .init(rawValue: UInt32(certification.rawValue))
      unsafe m.ends_at = UInt64(endsAt.rawValue)
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.certify, call, &m, to: &sink)
    case .revokeCertification(let merchant):
      var m = unsafe Probity__V1__RevokeCertificationRequest()
      unsafe probity__v1__revoke_certification_request__init(&m)
      unsafe m.merchant = merchant.rawValue
      unsafe sign(c, &m.at, &m.actor, &m.reason)
      unsafe send(.revokeCertification, call, &m, to: &sink)
    default: preconditionFailure("nothing about a merchant: \(c.action)")
    }
  }

  func encodeStandingQuestion<Sink: FrameSink>(
    _ request: DeskRequest, _ call: Call, to sink: inout Sink
  ) {
    switch request {
    case .standing(let merchant):
      var m = unsafe Probity__V1__GetStandingRequest()
      unsafe probity__v1__get_standing_request__init(&m)
      unsafe m.merchant = merchant.rawValue
      unsafe send(.getStanding, call, &m, to: &sink)
    case .standings(let filter, let below):
      var m = unsafe Probity__V1__GetStandingsRequest()
      unsafe probity__v1__get_standings_request__init(&m)
      unsafe m.standing = .init(rawValue: UInt32(filter.standing?.rawValue ?? 0))
      unsafe m.waiting = filter.isWaiting ? 1 : 0
      unsafe m.below = below
      unsafe send(.getStandings, call, &m, to: &sink)
    default: preconditionFailure("no question about merchants")
    }
  }
}
