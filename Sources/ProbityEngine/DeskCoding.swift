import ClaimStore
import IntegrityCore

/// A command of the desk in a log group: ten little-endian words, and its texts.
///
/// | word | field |
/// |---|---|
/// | 0 | zero: it has no source |
/// | 1 | ends at, of an override or a certification |
/// | 2 | buyer, or the account that it is about |
/// | 3 | merchant, or the other account |
/// | 4 | order, or a hash of a policy |
/// | 5 | claim, or the key of a budget |
/// | 6 | amount, or a cap |
/// | 7 | at in the low half; ordered at in the high half |
/// | 8 | what is done 16…35, three choices: a byte each; category in the high half |
/// | 9 | bytes of actor and of reason, a byte each; of a document in the high half |
///
/// The texts follow, one after the other, with zeros to a multiple of eight bytes.
public enum DeskCoding {
  static let headBytes = 80

  /// What is done. Numbers are stable for ever.
  private enum What: UInt8 {
    case openClaim = 16
    case decideClaim, withdrawClaim, settleSubsidy, openAppeal, decideAppeal, setBudget
    case setOverride, clearOverride, link, unlink, putPolicy, activatePolicy, shadowPolicy
    case assess, decideStanding, appealStanding, decideStandingAppeal, certify
    case revokeCertification
  }

  /// What is not text.
  private struct Head {
    var words = InlineArray<10, UInt64>(repeating: 0)

    init() {}

    init?(_ bytes: [UInt8], at offset: Int) {
      guard offset >= 0, bytes.count - offset >= headBytes else { return nil }
      for index in 0..<10 { words[index] = bytes.word(at: offset + index * 8) }
    }

    init(_ what: What, _ first: UInt8 = 0, _ second: UInt8 = 0, _ third: UInt8 = 0) {
      words[8] =
        UInt64(what.rawValue) | UInt64(first) << 8 | UInt64(second) << 16 | UInt64(third) << 24
    }

    var what: What? { What(rawValue: UInt8(truncatingIfNeeded: words[8])) }
    func choice(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: words[8] >> UInt64(8 * index)) }

    func with(_ index: Int, _ word: UInt64) -> Head {
      var head = self
      head.words[index] = word
      return head
    }

    func with(accounts a: AccountKey, _ b: AccountKey? = nil) -> Head {
      with(2, a.id.rawValue).with(3, b?.id.rawValue ?? 0)
    }
  }

  // MARK: Encoding

  public static func append(_ command: DeskCommand, to bytes: inout [UInt8]) {
    var head = head(command.action)
    let actor = Array(command.actor.utf8)
    let reason = Array(command.reason.utf8)
    var document: [UInt8] = []
    if case .putPolicy(let text) = command.action { document = Array(text.utf8) }
    head.words[7] |= UInt64(command.at.rawValue)
    head.words[9] =
      UInt64(actor.count) | UInt64(reason.count) << 8 | UInt64(document.count) << 32
    for index in 0..<10 { bytes.appendWord(head.words[index]) }
    bytes += actor + reason + document
    let textBytes = actor.count + reason.count + document.count
    bytes += repeatElement(0, count: padding(textBytes))
  }

  private static func padding(_ count: Int) -> Int { (8 - count % 8) % 8 }

  private static func head(_ action: DeskAction) -> Head {
    switch action {
    case .openClaim(let claim): return head(claim)
    case .decideClaim(let id, let verdict):
      return Head(.decideClaim, verdict.rawValue).with(5, id.rawValue)
    case .withdrawClaim(let id): return Head(.withdrawClaim).with(5, id.rawValue)
    case .settleSubsidy(let id, let settlement):
      return Head(.settleSubsidy, settlement.rawValue).with(5, id.rawValue)
    case .openAppeal(let id, let party):
      return Head(.openAppeal, party.rawValue).with(5, id.rawValue)
    case .decideAppeal(let id, let isUpheld):
      return Head(.decideAppeal, isUpheld ? 1 : 0).with(5, id.rawValue)
    case .setBudget(let scope, let key, let cap):
      return Head(.setBudget, scope.rawValue, cap == nil ? 0 : 1).with(5, key)
        .with(6, UInt64(bitPattern: cap?.rawValue ?? 0))
    case .setOverride(let account, let setting, let endsAt):
      return head(setting, account).with(1, UInt64(endsAt.rawValue))
    case .clearOverride(let account, let kind):
      return Head(.clearOverride, kind.rawValue, 0, account.kind.rawValue).with(accounts: account)
    case .link(let a, let b):
      return Head(.link, a.kind.rawValue, b.kind.rawValue).with(accounts: a, b)
    case .unlink(let a, let b):
      return Head(.unlink, a.kind.rawValue, b.kind.rawValue).with(accounts: a, b)
    case .putPolicy: return Head(.putPolicy)
    case .activatePolicy(let hash): return Head(.activatePolicy).with(4, hash)
    case .shadowPolicy(let hash):
      return Head(.shadowPolicy, hash == nil ? 0 : 1).with(4, hash ?? 0)
    case .assess(let merchant): return Head(.assess).with(3, merchant.rawValue)
    case .decideStanding(let merchant, let decision):
      return Head(.decideStanding, decision.rawValue).with(3, merchant.rawValue)
    case .appealStanding(let merchant): return Head(.appealStanding).with(3, merchant.rawValue)
    case .decideStandingAppeal(let merchant, let isUpheld):
      return Head(.decideStandingAppeal, isUpheld ? 1 : 0).with(3, merchant.rawValue)
    case .certify(let merchant, let certification, let endsAt):
      return Head(.certify, certification.rawValue).with(3, merchant.rawValue)
        .with(1, UInt64(endsAt.rawValue))
    case .revokeCertification(let merchant):
      return Head(.revokeCertification).with(3, merchant.rawValue)
    }
  }

  private static func head(_ claim: Claim) -> Head {
    var head = Head(
      .openClaim, claim.kind.rawValue, claim.allegation.rawValue, claim.proofs.rawValue)
    head.words[1] = UInt64(claim.openedAt.rawValue)
    head.words[2] = claim.buyer.rawValue
    head.words[3] = claim.merchant.rawValue
    head.words[4] = claim.order
    head.words[5] = claim.id.rawValue
    head.words[6] = UInt64(bitPattern: claim.amount.rawValue)
    head.words[7] = UInt64(claim.orderedAt.rawValue) << 32
    head.words[8] |= UInt64(claim.category) << 32
    return head
  }

  private static func head(_ setting: OverrideSetting, _ account: AccountKey) -> Head {
    let value: UInt8 =
      switch setting {
      case .tier(let tier): tier.rawValue
      case .outcome(let outcome): outcome.rawValue
      case .listed: 0
      }
    return Head(.setOverride, setting.kind.rawValue, value, account.kind.rawValue)
      .with(accounts: account)
  }

  // MARK: Decoding

  /// The command at `offset`, which moves behind it; nil where the bytes are no command that
  /// `append` makes.
  public static func decode(_ bytes: [UInt8], at offset: inout Int) -> DeskCommand? {
    guard let head = Head(bytes, at: offset), head.words[0] == 0 else { return nil }
    let lengths = head.words[9]
    let sizes = [Int(lengths & 0xff), Int(lengths >> 8 & 0xff), Int(lengths >> 32)]
    let textBytes = sizes.reduce(0, +)
    guard sizes[0] <= DeskCommand.actorBytesMax, sizes[1] <= DeskCommand.reasonBytesMax,
      sizes[2] <= PolicyShelf.textBytesMax,
      bytes.count - offset - headBytes >= textBytes + padding(textBytes)
    else { return nil }
    var start = offset + headBytes
    var texts: [String] = []
    for size in sizes {
      guard let text = String(validating: bytes[start..<start + size], as: UTF8.self) else {
        return nil
      }
      texts.append(text)
      start += size
    }
    guard let action = action(head, document: texts[2]) else { return nil }
    let command = DeskCommand(
      action, at: UnixSeconds(UInt32(truncatingIfNeeded: head.words[7])), actor: texts[0],
      reason: texts[1])
    // What `append` does not make is no command: each has one form.
    var again: [UInt8] = []
    append(command, to: &again)
    guard bytes[offset..<offset + again.count].elementsEqual(again) else { return nil }
    offset += again.count
    return command
  }

  private static func action(_ head: Head, document: String) -> DeskAction? {
    let id = ClaimID(head.words[5])
    switch head.what {
    case .openClaim: return claim(head).map { .openClaim($0) }
    case .decideClaim: return Verdict(rawValue: head.choice(1)).map { .decideClaim(id, $0) }
    case .withdrawClaim: return .withdrawClaim(id)
    case .settleSubsidy:
      return Settlement(rawValue: head.choice(1)).map { .settleSubsidy(id, $0) }
    case .openAppeal: return AccountKind(rawValue: head.choice(1)).map { .openAppeal(id, by: $0) }
    case .decideAppeal: return .decideAppeal(id, isUpheld: head.choice(1) == 1)
    case .setBudget:
      let cap = head.choice(2) == 1 ? Minor(Int64(bitPattern: head.words[6])) : nil
      return SubsidyScope(rawValue: head.choice(1)).map {
        .setBudget($0, key: head.words[5], cap: cap)
      }
    case .putPolicy: return .putPolicy(document)
    case .activatePolicy: return .activatePolicy(head.words[4])
    case .shadowPolicy: return .shadowPolicy(head.choice(1) == 1 ? head.words[4] : nil)
    case .setOverride, .clearOverride, .link, .unlink: return accountAction(head)
    case .assess, .decideStanding, .appealStanding, .decideStandingAppeal, .certify,
      .revokeCertification:
      return merchantAction(head)
    case nil: return nil
    }
  }

  private static func merchantAction(_ head: Head) -> DeskAction? {
    let merchant = AccountID(head.words[3])
    switch head.what {
    case .assess: return .assess(merchant)
    case .decideStanding:
      return StandingDecision(rawValue: head.choice(1)).map { .decideStanding(merchant, $0) }
    case .appealStanding: return .appealStanding(merchant)
    case .decideStandingAppeal:
      return .decideStandingAppeal(merchant, isUpheld: head.choice(1) == 1)
    case .certify:
      let endsAt = UnixSeconds(UInt32(truncatingIfNeeded: head.words[1]))
      return Certification(rawValue: head.choice(1)).map {
        .certify(merchant, $0, endsAt: endsAt)
      }
    default: return .revokeCertification(merchant)
    }
  }

  private static func accountAction(_ head: Head) -> DeskAction? {
    let (first, second) = (AccountID(head.words[2]), AccountID(head.words[3]))
    switch head.what {
    case .setOverride:
      guard let kind = AccountKind(rawValue: head.choice(3)), let setting = setting(head) else {
        return nil
      }
      return .setOverride(
        AccountKey(kind, first), setting,
        endsAt: UnixSeconds(UInt32(truncatingIfNeeded: head.words[1])))
    case .clearOverride:
      guard let kind = AccountKind(rawValue: head.choice(3)),
        let sort = OverrideKind(rawValue: head.choice(1))
      else { return nil }
      return .clearOverride(AccountKey(kind, first), sort)
    default:
      guard let a = AccountKind(rawValue: head.choice(1)),
        let b = AccountKind(rawValue: head.choice(2))
      else { return nil }
      let (one, other) = (AccountKey(a, first), AccountKey(b, second))
      return head.what == .link ? .link(one, other) : .unlink(one, other)
    }
  }

  private static func setting(_ head: Head) -> OverrideSetting? {
    switch OverrideKind(rawValue: head.choice(1)) {
    case .tier: Tier(rawValue: head.choice(2)).map { .tier($0) }
    case .outcome: Outcome(rawValue: head.choice(2)).map { .outcome($0) }
    case .listed: .listed
    case nil: nil
    }
  }

  private static func claim(_ head: Head) -> Claim? {
    guard let kind = ClaimKind(rawValue: head.choice(1)),
      let allegation = Allegation(rawValue: head.choice(2))
    else { return nil }
    return Claim(
      id: ClaimID(head.words[5]), buyer: AccountID(head.words[2]),
      merchant: AccountID(head.words[3]), order: head.words[4],
      orderedAt: UnixSeconds(UInt32(truncatingIfNeeded: head.words[7] >> 32)),
      openedAt: UnixSeconds(UInt32(truncatingIfNeeded: head.words[1])),
      amount: Minor(Int64(bitPattern: head.words[6])),
      category: UInt32(truncatingIfNeeded: head.words[8] >> 32), kind: kind,
      allegation: allegation, proofs: ClaimProofs(rawValue: head.choice(3)))
  }
}
