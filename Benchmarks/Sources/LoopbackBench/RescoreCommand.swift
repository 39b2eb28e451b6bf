import ArgumentParser
import Foundation
import LoadGenerator

struct Rescore: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have a daemon rescore its population again and again.",
    discussion: "Prints a line when it begins, then one JSON object: the seconds of each scan.")

  @Option(help: "Port of the daemon on 127.0.0.1.")
  var port: UInt16

  @Option(help: "File with the candidate policy.")
  var policy: String

  @Option(help: "Seconds in which rescores begin; 0 = one alone.")
  var duration = 0.0

  func run() throws {
    let document = try String(contentsOfFile: policy, encoding: .utf8)
    var caller = try RescoreCaller(port: port)
    defer { caller.close() }
    FileHandle.standardOutput.write(Data("rescoring\n".utf8))
    let clock = ContinuousClock()
    let end = clock.now + .seconds(duration)
    var scans: [Double] = []
    repeat { scans.append(try caller.rescore(document: document)) } while clock.now < end
    try printJSON(["scanSeconds": scans])
  }
}
