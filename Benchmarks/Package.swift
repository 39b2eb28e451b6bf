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
    .executable(name: "count-operations", targets: ["CountOperations"]),
    .executable(name: "loopback-bench", targets: ["LoopbackBench"]),
    .executable(name: "judgement-simulation", targets: ["JudgementSimulation"]),
  ],
  dependencies: [
    .package(name: "probity", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    // Without its traits, which count allocations and references: valgrind does that here.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .target(
      name: "MeasuredOperations",
      dependencies: [
        .product(name: "BenchmarkMachine", package: "probity"),
        .product(name: "IntegrityCore", package: "probity"),
        .product(name: "IntegrityPolicy", package: "probity"),
        .product(name: "AccountStore", package: "probity"),
        .product(name: "Rescoring", package: "probity"),
        .product(name: "CommandLog", package: "probity"),
        .product(name: "ProbityEngine", package: "probity"),
        .product(name: "ProbityWire", package: "probity"),
      ],
      swiftSettings: hot),
    .executableTarget(
      name: "CountOperations",
      dependencies: [
        "MeasuredOperations",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: hot),
    // Where the benchmark plugin looks for suites: a directory `Benchmarks`.
    .executableTarget(
      name: "Core",
      dependencies: ["MeasuredOperations", .product(name: "Benchmark", package: "benchmark")],
      path: "Benchmarks/Core",
      swiftSettings: hot,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    .executableTarget(
      name: "LoopbackBench",
      dependencies: [
        .product(name: "BenchmarkMachine", package: "probity"),
        .product(name: "LoadGenerator", package: "probity"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: hot),
    // Attacks with a cost figure each, and fairness, on the engine in process.
    .executableTarget(
      name: "JudgementSimulation",
      dependencies: [
        .product(name: "BenchmarkMachine", package: "probity"),
        .product(name: "IntegrityCore", package: "probity"),
        .product(name: "IntegrityPolicy", package: "probity"),
        .product(name: "AccountStore", package: "probity"),
        .product(name: "ProbityEngine", package: "probity"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: hot),
  ]
)
