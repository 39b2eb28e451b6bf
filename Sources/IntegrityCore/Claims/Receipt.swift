/// Everything needed to decide a claim once more, bit for bit, and what was decided.
///
/// 448 bytes, little-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | `PRCT` |
/// | 4 | 4 | form of the receipt: 1 |
/// | 8 | 4 | semantics of the core that decided |
/// | 12 | 4 | half-life of the evidence, seconds |
/// | 16 | 8 | position in the log |
/// | 24 | 8 | hash of the policy |
/// | 32 | 4 | version of the policy |
/// | 36 | 4 | newest event that the state had seen, UTC seconds |
/// | 40 | 32 | claim: id, buyer, merchant, order |
/// | 72 | 8 | amount |
/// | 80 | 8 | ordered at, opened at |
/// | 88 | 4 | category |
/// | 92 | 4 | kind, allegation, proofs, zero |
/// | 96 | 64 | record of the buyer |
/// | 160 | 64 | record of the merchant |
/// | 224 | 8 | claims of the buyer, and of the pair, in 90 days |
/// | 232 | 4 | linked, listed, outcome ordered or 0, zero |
/// | 236 | 4 | outcome, zeros |
/// | 240 | 48 | used, by scope |
/// | 288 | 48 | caps, by scope |
/// | 336 | 8 | subsidy |
/// | 344 | 8 | scores: buyer's, its floor, merchant's, its floor |
/// | 352 | 32 | reasons: code, points; 0 where there is none |
/// | 384 | 56 | zero |
/// | 440 | 8 | hash of the bytes before |
public struct Receipt: Sendable, Equatable {
  public static let sizeBytes = 448

  public var semantics: UInt32
  public var halfLifeSeconds: UInt32
  public var position: LogPosition
  public var policyHash: UInt64
  public var policyVersion: UInt32
  public var claimCase: ClaimCase
  public var decision: ClaimDecision

  public init(
    semantics: UInt32 = CoreSemantics.version, halfLifeSeconds: UInt32, position: LogPosition,
    policyHash: UInt64, policyVersion: UInt32, claimCase: ClaimCase, decision: ClaimDecision
  ) {
    self.semantics = semantics
    self.halfLifeSeconds = halfLifeSeconds
    self.position = position
    self.policyHash = policyHash
    self.policyVersion = policyVersion
    self.claimCase = claimCase
    self.decision = decision
  }
}

/// Why a receipt does not prove its decision.
public enum ReceiptFault: Error, Equatable, Sendable {
  /// The bytes are no receipt, or not what was written.
  case damaged(String)
  /// Decided by a core whose rules are others.
  case otherSemantics(found: UInt32, own: UInt32)
  /// The policy at hand is not the one that decided.
  case otherPolicy(needed: UInt64, given: UInt64)
  /// Decided again, this comes out.
  case differs(ClaimDecision)
}

extension Receipt {
  /// Decides the claim once more and compares, bit for bit.
  ///
  /// - Parameter policy: the one whose hash the receipt names.
  public func verify(under policy: Policy) throws(ReceiptFault) {
    if semantics != CoreSemantics.version {
      throw .otherSemantics(found: semantics, own: CoreSemantics.version)
    }
    if policyHash != policy.hash || policyVersion != policy.version {
      throw .otherPolicy(needed: policyHash, given: policy.hash)
    }
    guard EvidenceSchema.halfLifeRange.contains(halfLifeSeconds) else {
      throw .damaged("its half-life is out of range")
    }
    let schema = EvidenceSchema(halfLifeSeconds: halfLifeSeconds)
    let again = policy.decide(claimCase, schema: schema)
    if again != decision { throw .differs(again) }
  }
}
