import IntegrityCore

/// What a command of the desk came to.
public enum DeskAnswer: Sendable, Equatable {
  case claim(ClaimAnswer)
  case policy(version: UInt32, hash: UInt64, isActive: Bool)
  case done
}
