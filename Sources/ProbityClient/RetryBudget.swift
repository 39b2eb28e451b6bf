import Synchronization

/// Keeps retries from making an overload worse: a bucket of tokens, one a
/// retry, a tenth back for each success.
///
/// Source: gRPC's retry throttling (proposal A6), maxTokens 10, tokenRatio 0.1.
final class RetryBudget: Sendable {
  private static let tokensMax = 10.0
  private static let refundTokens = 0.1
  private let tokens = Mutex(tokensMax)

  /// - Returns: whether a retry may be made; half the bucket is kept back.
  func withdraw() -> Bool {
    tokens.withLock {
      if $0 <= Self.tokensMax / 2 { return false }
      $0 -= 1
      return true
    }
  }

  func refund() { tokens.withLock { $0 = min($0 + Self.refundTokens, Self.tokensMax) } }
}
