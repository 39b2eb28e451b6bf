import IntegrityCore

/// A policy that was put into the store: its document, and what it compiles to.
public struct ShelvedPolicy: Sendable {
  public let name: String
  public let text: String
  public let policy: Policy
  /// Of the command that put it; 0 = it was there from the beginning.
  public let position: LogPosition

  public init(name: String, text: String, policy: Policy, position: LogPosition) {
    self.name = name
    self.text = text
    self.policy = policy
    self.position = position
  }
}

/// Makes a policy from a document's text, or says all that is wrong with it.
///
/// The engine does not read YAML itself.
public typealias PolicyCompiler =
  @Sendable (String) -> Result<(name: String, policy: Policy), DeskRefusal>

/// The policies of a store: which there are, which is in force, which is tried in shadow.
public struct PolicyShelf: Sendable {
  public private(set) var policies: [ShelvedPolicy]
  public private(set) var activeHash: UInt64
  public private(set) var shadowHash: UInt64?
  /// Since when it is tried; zero where none is.
  private(set) var shadowSince = UnixSeconds.zero
  /// Changes of what is active or in shadow.
  private(set) var changeCount: UInt64 = 0

  /// Most policies kept; and bytes of a document.
  public static let policiesMax = 64
  public static let textBytesMax = 65_536

  /// - Parameter first: in force from the beginning.
  public init(_ first: ShelvedPolicy) {
    policies = [first]
    activeHash = first.policy.hash
  }

  public var active: ShelvedPolicy { self[activeHash] ?? policies[0] }
  public var shadow: ShelvedPolicy? { shadowHash.flatMap { self[$0] } }

  public subscript(hash: UInt64) -> ShelvedPolicy? {
    policies.first { $0.policy.hash == hash }
  }

  /// Whether policies were put by command: then the store says which is in force.
  public var isInUse: Bool { hash != 0 }

  /// Hash of what was put and chosen; 0 as long as nothing was.
  var hash: UInt64 {
    if policies.count == 1 && changeCount == 0 { return 0 }
    return StateHash.of(
      policies.map(\.policy.hash)
        + [activeHash, shadowHash ?? 0, changeCount, UInt64(shadowSince.rawValue)])
  }

  mutating func put(_ policy: ShelvedPolicy) throws(DeskRefusal) {
    if self[policy.policy.hash] != nil { return }
    if let other = policies.first(where: { $0.policy.version == policy.policy.version }) {
      throw DeskRefusal(
        .precondition, field: "version",
        "version \(policy.policy.version) is another policy, \"\(other.name)\": raise the version")
    }
    if policies.count == Self.policiesMax {
      // Those that are not in use give way, the oldest first; the first of all is what the
      // log began with.
      let index = policies.indices.dropFirst().first {
        policies[$0].policy.hash != activeHash && policies[$0].policy.hash != shadowHash
      }
      if let index { policies.remove(at: index) }
    }
    policies.append(policy)
  }

  mutating func activate(_ hash: UInt64, at now: UnixSeconds) throws(DeskRefusal) {
    guard let policy = self[hash]?.policy else { throw Self.unknown(hash) }
    if activeHash == hash { return }
    try checkShadow(of: policy, at: now)
    activeHash = hash
    if shadowHash == hash { stopShadow() }
    changeCount += 1
  }

  /// Merchants are not judged from one day to the next by limits that nobody has seen at work.
  private func checkShadow(of policy: Policy, at now: UnixSeconds) throws(DeskRefusal) {
    let rules = active.policy.governance
    if !policy.governance.isStricter(than: rules) || rules.shadowDays == 0 { return }
    let isInShadow = shadowHash == policy.hash
    let end = shadowSince.adding(days: rules.shadowDays)
    if isInShadow && now >= end { return }
    throw DeskRefusal(
      .precondition, field: "policy",
      "its governance is stricter than that in force, so it has to be in shadow for "
        + "\(rules.shadowDays) days first: "
        + (isInShadow ? "it is until \(end.rawValue) (UTC seconds)" : "put it in shadow"))
  }

  private mutating func stopShadow() {
    shadowHash = nil
    shadowSince = .zero
  }

  mutating func shadow(_ hash: UInt64?, at now: UnixSeconds) throws(DeskRefusal) {
    if let hash, self[hash] == nil { throw Self.unknown(hash) }
    if let hash, hash == activeHash {
      throw DeskRefusal(
        .precondition, field: "policy", "that policy is in force: choose another to try in shadow")
    }
    if shadowHash == hash { return }
    shadowHash = hash
    shadowSince = hash == nil ? .zero : now
    changeCount += 1
  }

  /// As if no policy had been activated: for the simulation of a snapshot that forgets it.
  package var withoutActivation: PolicyShelf {
    var shelf = self
    shelf.activeHash = policies[0].policy.hash
    return shelf
  }

  /// As a snapshot has it; nil where what is active or in shadow is not there.
  init?(
    _ policies: [ShelvedPolicy], activeHash: UInt64, shadowHash: UInt64?,
    shadowSince: UnixSeconds, changeCount: UInt64
  ) {
    guard !policies.isEmpty else { return nil }
    self.policies = policies
    self.activeHash = activeHash
    self.shadowHash = shadowHash
    self.shadowSince = shadowSince
    self.changeCount = changeCount
    if self[activeHash] == nil || shadowHash.map({ self[$0] == nil }) ?? false { return nil }
  }

  private static func unknown(_ hash: UInt64) -> DeskRefusal {
    DeskRefusal(
      .notFound, field: "policy",
      "there is no policy with the hash \(String(hash, radix: 16)): put its document first")
  }
}
