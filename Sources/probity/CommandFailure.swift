import ArgumentParser
import CommandLog
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
  /// A store is damaged, or cannot be opened as it is: see Docs/OPERATIONS.md.
  static let storeRefused = ExitCode(3)
  static let interrupted = ExitCode(130)
}

extension StoreFault {
  /// Whether a person has to do something to the store or the command line
  /// before another attempt can succeed.
  var needsPerson: Bool {
    switch kind {
    case .dataLoss, .otherStore, .version, .rules, .damage, .missing, .room: true
    case .disk, .access, .noSpace, .inUse, .clock: false
    }
  }

  /// Says what is wrong on standard error, and gives the code to exit with.
  func reported() -> ExitCode {
    Output.printError("Error: \(description)")
    return needsPerson ? .storeRefused : .failure
  }
}
