// swift-tools-version: 6.2
import PackageDescription

#if arch(x86_64)
  let vectors = ["-Xcc", "-mavx2"]
#else
  let vectors: [String] = []
#endif

/// As the daemon's own hot targets are compiled, into which their code is inlined.
let hot: [SwiftSetting] = [
  .unsafeFlags(["-enforce-exclusivity=unchecked", "-Xcc", "-fno-math-errno"] + vectors)
]

/// A package of its own, so that nobody who builds the daemon builds this.
let package = Package(
  name: "probity-benchmarks",
  products: [
    .executable(name: "core-bench", targets: ["CoreBench"]),
    .executable(name: "loopback-bench", targets: ["LoopbackBench"]),
  ],
  dependencies: [
    .package(name: "probity", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    .executableTarget(
      name: "CoreBench",
      dependencies: [
        .product(name: "BenchmarkMachine", package: "probity"),
        .product(name: "IntegrityCore", package: "probity"),
        .product(name: "IntegrityPolicy", package: "probity"),
        .product(name: "AccountStore", package: "probity"),
        .product(name: "ProbityWire", package: "probity"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: hot),
    .executableTarget(
      name: "LoopbackBench",
      dependencies: [
        .product(name: "BenchmarkMachine", package: "probity"),
        .product(name: "LoadGenerator", package: "probity"),
        .product(name: "IntegrityCore", package: "probity"),
        .product(name: "ProbityWire", package: "probity"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: hot),
  ]
)
