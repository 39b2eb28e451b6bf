import IntegrityCore
import ProbityWire

/// Each decoder of the dispute desk, for `HostileInputTests`.
enum HostileDesk {
  typealias Encode = (Codec, inout ByteSink) -> Void
  typealias MakeTarget = (
    String, Encode, @escaping (Codec, [UInt8]) throws -> Encode?
  ) -> HostileInputTests.Target

  static func targets(_ target: MakeTarget) -> [HostileInputTests.Target] {
    requests(target) + replies(target) + standings(target) + streams(target)
  }

  /// One of each method; policies short ones, so that they are spoilt where it matters.
  private static func requests(_ target: MakeTarget) -> [HostileInputTests.Target] {
    let call = Codec.Call(stream: 1)
    var seen: Set<Method> = []
    let requests = SampleDesk.everyRequest.filter { request in
      if case .command(let command, _) = request, command.action == .putPolicy("") {
        return false
      }
      return seen.insert(request.method).inserted
    }
    return requests.map { request in
      let method = request.method
      return target(method.name, { $0.encodeDeskRequest(request, call, to: &$1) }) {
        let read = try $0.decodeDesk(method, $1)
        return { $0.encodeDeskRequest(read, call, to: &$1) }
      }
    }
  }

  private static func standings(_ target: MakeTarget) -> [HostileInputTests.Target] {
    let page = StandingsReply(
      standings: [SampleDesk.standing, SampleDesk.standingOfNobody], next: 7,
      logPosition: LogPosition(9))
    return [
      target(
        "StandingReply", { $0.encodeDesk(.standing(SampleDesk.standing), stream: 1, to: &$1) }
      ) {
        let reply = try $0.decodeStandingReply($1)
        return { $0.encodeDesk(.standing(reply), stream: 1, to: &$1) }
      },
      target("StandingsReply", { $0.encodeDesk(.standings(page), stream: 1, to: &$1) }) {
        let reply = try $0.decodeStandingsReply($1)
        return { $0.encodeDesk(.standings(reply), stream: 1, to: &$1) }
      },
    ]
  }

  private static func streams(_ target: MakeTarget) -> [HostileInputTests.Target] {
    let call = Codec.Call(stream: 1)
    let requests = SampleStreams.requests.map { request in
      let method = request.method
      return target("\(method.name)Request", { $0.encodeStreamRequest(request, call, to: &$1) }) {
        let read = try $0.decodeStream(method, $1)
        return { $0.encodeStreamRequest(read, call, to: &$1) }
      }
    }
    let parts = SampleStreams.parts.filter { $0.1 != .rescore(SampleStreams.rowsPart) }.map {
      (method, part) in
      target("\(method.name)Part", { $0.encodePart(part, stream: 1, to: &$1) }) {
        let read = try $0.decodePart(method, $1)
        return { $0.encodePart(read, stream: 1, to: &$1) }
      }
    }
    let ends = SampleStreams.ends.map { (method, end) in
      target("\(method.name)Reply", { $0.encodeEnd(end, stream: 1, to: &$1) }) {
        let read = try $0.decodeEnd(method, $1)
        return { $0.encodeEnd(read, stream: 1, to: &$1) }
      }
    }
    return requests + parts + ends
  }

  private static func replies(_ target: MakeTarget) -> [HostileInputTests.Target] {
    var policies = SampleDesk.policies
    policies.report.entries[1].text = "version: 3"
    let shortPolicies = policies
    return [
      target("ClaimReply", { $0.encodeDesk(.claim(SampleDesk.claimReply), stream: 1, to: &$1) }) {
        let reply = try $0.decodeClaimReply($1)
        return { $0.encodeDesk(.claim(reply), stream: 1, to: &$1) }
      },
      target("PolicyReply", { $0.encodeDesk(.policy(SampleDesk.policy), stream: 1, to: &$1) }) {
        let reply = try $0.decodePolicyReply($1)
        return { $0.encodeDesk(.policy(reply), stream: 1, to: &$1) }
      },
      target("BudgetsReply", { $0.encodeDesk(.budgets(SampleDesk.budgets), stream: 1, to: &$1) }) {
        let reply = try $0.decodeBudgetsReply($1)
        return { $0.encodeDesk(.budgets(reply), stream: 1, to: &$1) }
      },
      target(
        "OverridesReply", { $0.encodeDesk(.overrides(SampleDesk.overrides), stream: 1, to: &$1) }
      ) {
        let reply = try $0.decodeOverridesReply($1)
        return { $0.encodeDesk(.overrides(reply), stream: 1, to: &$1) }
      },
      target("ShadowReply", { $0.encodeDesk(.shadow(SampleDesk.shadow), stream: 1, to: &$1) }) {
        let reply = try $0.decodeShadowReply($1)
        return { $0.encodeDesk(.shadow(reply), stream: 1, to: &$1) }
      },
      target(
        "AffectedDecisionsReply",
        { $0.encodeDesk(.affected(SampleDesk.affected), stream: 1, to: &$1) }
      ) {
        let reply = try $0.decodeAffectedDecisionsReply($1)
        return { $0.encodeDesk(.affected(reply), stream: 1, to: &$1) }
      },
      target("PoliciesReply", { $0.encodeDesk(.policies(shortPolicies), stream: 1, to: &$1) }) {
        let reply = try $0.decodePoliciesReply($1)
        return { $0.encodeDesk(.policies(reply), stream: 1, to: &$1) }
      },
      target("DoneReply", { $0.encodeDesk(.done(LogPosition(7)), stream: 1, to: &$1) }) {
        let reply = try $0.decodeDoneReply($1)
        return { $0.encodeDesk(.done(reply), stream: 1, to: &$1) }
      },
    ]
  }
}
