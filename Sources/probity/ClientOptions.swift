import ArgumentParser
import Foundation
import ProbityClient
import ProbityWire

/// What every command that talks to a daemon takes.
struct ClientOptions: ParsableArguments {
  @Option(help: "Address of the daemon.")
  var server = AddressArgument.standard

  @Option(
    help: ArgumentHelp(
      "File that holds the daemon's token; PROBITY_TOKEN_FILE serves as well.",
      valueName: "file"))
  var tokenFile: String?

  @Option(
    help: ArgumentHelp(
      """
      Longest to wait for an answer, retries included: 10 if not given, and 3600 for `snapshot`. \
      Not for `sweep`, `rescore` and `kpi`, which have an hour, and `watch`, which has no end.
      """,
      valueName: "seconds"))
  var timeout: Double?

  private static let timeoutStandard = 10.0
  static let timeoutMax = 3_600.0

  func validate() throws {
    if let timeout, !(timeout > 0 && timeout <= Self.timeoutMax) {
      throw ValidationError("--timeout must be more than 0 and at most 3600 seconds")
    }
  }

  /// What the daemon's token file holds; no bytes where none is named.
  func token() throws -> [UInt8] {
    try TokenFile.read(tokenFile ?? ProcessInfo.processInfo.environment["PROBITY_TOKEN_FILE"])
  }

  /// Runs `body` with a client, and turns call failures into what people read.
  func withClient<Result>(_ body: (ProbityClient) async throws -> Result) async throws -> Result {
    var configuration = ProbityClient.Configuration(
      host: server.host, port: server.port, agent: "probity-cli/\(Probity.version)")
    configuration.callTimeout = .seconds(timeout ?? Self.timeoutStandard)
    configuration.token = try token()
    let client = ProbityClient(configuration)
    do {
      let result = try await body(client)
      await client.shutdown()
      return result
    } catch {
      await client.shutdown()
      if let failure = error as? CallFailure {
        throw CommandFailure(failure, server: server.description)
      }
      throw error
    }
  }
}

extension AddressArgument {
  /// 127.0.0.1:7420.
  static let standard = AddressArgument(host: "127.0.0.1", port: 7420)

  init(host: String, port: Int) {
    self.host = host
    self.port = port
  }
}

/// The shared secret: the file's contents without white space around them.
enum TokenFile {
  /// - Returns: no bytes where no file is named.
  static func read(_ path: String?) throws -> [UInt8] {
    guard let path else { return [] }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure("cannot read the token file \(path)")
    }
    let token = Array(
      String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).utf8)
    guard (1...ProtocolLimits.tokenBytesMax).contains(token.count) else {
      throw CommandFailure(
        "the token in \(path) must have 1 to \(ProtocolLimits.tokenBytesMax) bytes")
    }
    return token
  }
}
