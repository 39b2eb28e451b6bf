import ArgumentParser
import IntegrityCore
import PolicyFitting

extension OrderFault: ExpressibleByArgument {}

/// Days in which a claim counts against an order.
struct WithinOption: ParsableArguments {
  @Option(
    name: .customLong("within"),
    help: """
      Days after an order in which a claim counts against it, 0 to 3650. Late pickups and \
      cancellations need none.
      """)
  var days = 60

  func validate() throws {
    if !(0...3_650).contains(days) { throw ValidationError("--within must be from 0 to 3650 days") }
  }

  var seconds: UInt32 { UInt32(days) * 86_400 }
}

enum HalfLife {
  /// As `probity serve --half-life-days` allows.
  static let daysRange = 8...7_300

  static func check(_ days: Int) throws {
    if !daysRange.contains(days) {
      throw ValidationError(
        "--half-life-days must be from \(daysRange.lowerBound) to \(daysRange.upperBound)")
    }
  }
}
