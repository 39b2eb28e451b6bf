import IntegrityCore

/// What a command of the desk came to.
public enum DeskAnswer: Sendable, Equatable {
  case claim(ClaimAnswer)
  /// Its appeal was upheld: with the first page of later decisions that would be others now.
  /// Indirect, because every answer is as large as the largest.
  indirect case undone(ClaimAnswer, affected: AffectedReport)
  indirect case standing(StandingReport)
  case policy(version: UInt32, hash: UInt64, isActive: Bool)
  case done
}
