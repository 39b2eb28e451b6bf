// swift-tools-version: 6.2
import PackageDescription

/// Without a `main`: libFuzzer brings one.
let entry: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .unsafeFlags(["-parse-as-library"]),
]

/// A package of its own: it links only with libFuzzer, see `make fuzz`.
let package = Package(
  name: "probity-fuzz",
  dependencies: [.package(name: "probity", path: "../..")],
  targets: [
    .executableTarget(
      name: "fuzz-log", dependencies: [.product(name: "FuzzTargets", package: "probity")],
      path: "FuzzLog", swiftSettings: entry),
    .executableTarget(
      name: "fuzz-snapshot", dependencies: [.product(name: "FuzzTargets", package: "probity")],
      path: "FuzzSnapshot", swiftSettings: entry),
  ]
)
