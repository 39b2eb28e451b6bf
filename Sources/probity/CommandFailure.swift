import ArgumentParser
import ProbityWire

/// A failure that a person reads: one line on standard error, exit code 1.
struct CommandFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  init(_ failure: CallFailure, server: String) {
    switch failure.status {
    case .unavailable where failure.message.hasPrefix("cannot connect"):
      description = "\(failure.message). Is the daemon running? Start it with: probity serve"
    case .unauthenticated:
      description = "\(server) says: \(failure.message). Name the file that holds it: --token-file"
    default:
      description = "\(server) says \(failure.status.name): \(failure.message)"
    }
  }
}

extension ExitCode {
  /// `record`: some lines were refused, the others are applied.
  static let linesRefused = ExitCode(2)
  static let interrupted = ExitCode(130)
}
