// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target of ours: memory-unsafe constructs must be
/// marked at the place of use, and a warning fails the build.
let house: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

#if arch(x86_64)
  /// Vectors of eight numbers: the scorecard has eight lanes. The command line
  /// refuses to start on a processor without them.
  let vectors = ["-Xcc", "-mavx2"]
#else
  let vectors: [String] = []
#endif

/// Settings of the targets on the lookup path, on top of `house`: see
/// Docs/decisions/0003-release-flags.md.
let hot: [SwiftSetting] =
  house + [
    .unsafeFlags(
      ["-enforce-exclusivity=unchecked", "-Xcc", "-fno-math-errno"] + vectors,
      .when(configuration: .release))
  ]

/// The load loop is compiled anew for each protocol, those of Benchmarks/ included:
/// its code must be there for other modules to see.
let specializable = SwiftSetting.unsafeFlags(
  ["-cross-module-optimization"], .when(configuration: .release))

/// Simulated disks move megabytes byte by byte: compiled for speed in debug
/// builds too.
let quick = SwiftSetting.unsafeFlags(["-O"], .when(configuration: .debug))

let package = Package(
  name: "probity",
  products: [
    .executable(name: "probity", targets: ["probity"]),
    .library(name: "IntegrityCore", targets: ["IntegrityCore"]),
    .library(name: "IntegrityPolicy", targets: ["IntegrityPolicy"]),
    .library(name: "AccountStore", targets: ["AccountStore"]),
    .library(name: "Rescoring", targets: ["Rescoring"]),
    .library(name: "CommandLog", targets: ["CommandLog"]),
    .library(name: "ProbityWire", targets: ["ProbityWire"]),
    .library(name: "ProbityEngine", targets: ["ProbityEngine"]),
    .library(name: "ProbityClient", targets: ["ProbityClient"]),
    // For the package in Benchmarks.
    .library(name: "LoadGenerator", targets: ["LoadGenerator"]),
    .library(name: "BenchmarkMachine", targets: ["BenchmarkMachine"]),
    // For the package of fuzzers in Tests/Fuzz.
    .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // C: the codec library of the system, the generated messages, and what Swift cannot say.
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(
      name: "CXXHash", pkgConfig: "libxxhash",
      providers: [.apt(["libxxhash-dev"])]),
    .target(name: "CProbityMessages", dependencies: ["CProtobufC"]),
    .target(name: "CProbityShims"),
    .target(name: "CEpoll"),

    // The decision core and what holds its state: no network, no clock.
    .target(name: "IntegrityCore", swiftSettings: hot),
    .target(
      name: "IntegrityPolicy", dependencies: ["IntegrityCore", "Yams"],
      resources: [.embedInCode("Resources/default-policy.yaml")],
      swiftSettings: house),
    .target(
      name: "EventFeed", dependencies: ["IntegrityCore", "CXXHash"], swiftSettings: house),
    .target(
      name: "PolicyFitting", dependencies: ["IntegrityCore"], swiftSettings: house),
    .target(
      name: "CommitteeReports", dependencies: ["IntegrityCore", "Rescoring"],
      swiftSettings: house),
    .target(name: "Rescoring", dependencies: ["IntegrityCore"], swiftSettings: hot),
    .target(
      name: "MarketplaceSimulator", dependencies: ["IntegrityCore"], swiftSettings: house),
    .target(
      name: "AccountStore", dependencies: ["IntegrityCore", "CProbityShims"],
      swiftSettings: hot),
    .target(
      name: "ClaimStore", dependencies: ["IntegrityCore", "AccountStore"], swiftSettings: hot),
    .target(name: "CommandLog", dependencies: ["CProbityShims"], swiftSettings: hot),
    .target(
      name: "ProbityEngine",
      dependencies: ["IntegrityCore", "Rescoring", "AccountStore", "ClaimStore", "CommandLog"],
      swiftSettings: hot),

    // The wire and its two ends.
    .target(
      name: "ProbityWire",
      dependencies: [
        "IntegrityCore", "Rescoring", "CProbityMessages", "CProtobufC", "CProbityShims",
      ],
      swiftSettings: hot),
    .target(
      name: "ProbityTransport",
      dependencies: ["ProbityWire", .product(name: "NIOCore", package: "swift-nio")],
      swiftSettings: hot),
    .target(name: "Reactor", dependencies: ["CEpoll"], swiftSettings: hot),
    .target(
      name: "ProbityServer",
      dependencies: [
        "Reactor", "ProbityWire", "ProbityEngine", "Rescoring", "IntegrityCore", "AccountStore",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: hot),
    .target(
      name: "ProbityClient",
      dependencies: [
        "ProbityTransport", "ProbityWire", "Rescoring", "IntegrityCore",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: house),
    // Load for a daemon, and where it was measured.
    .target(name: "BenchmarkMachine", swiftSettings: house),
    .target(
      name: "LoadGenerator",
      dependencies: [
        "ProbityWire", "Rescoring", "IntegrityCore", "BenchmarkMachine", "CEpoll",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: hot + [specializable]),
    .executableTarget(
      name: "probity",
      dependencies: [
        "ProbityServer", "ProbityClient", "ProbityEngine", "IntegrityPolicy", "IntegrityCore",
        "Rescoring", "CommitteeReports", "EventFeed", "PolicyFitting", "MarketplaceSimulator",
        "LoadGenerator", "CProbityShims",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: house),

    // Programs that try the store for longer than a test may take.
    .executableTarget(
      name: "dispute-day",
      dependencies: [
        "ProbityClient", "ProbityWire", "IntegrityCore", "IntegrityPolicy",
        "MarketplaceSimulator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/DisputeDay", exclude: ["run.sh"], swiftSettings: house),
    .executableTarget(
      name: "market-quarter",
      dependencies: [
        "ProbityClient", "ProbityWire", "IntegrityCore", "MarketplaceSimulator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Quarter", exclude: ["run.sh", "check_reports.py"], swiftSettings: house),
    .executableTarget(
      name: "store-growth",
      dependencies: ["AccountStore", "IntegrityCore", "IntegrityPolicy", "ProbityEngine"],
      path: "Tests/StoreGrowth", swiftSettings: house),
    .executableTarget(
      name: "store-race",
      dependencies: ["AccountStore", "IntegrityCore", "ProbityEngine", "CommandLog"],
      path: "Tests/StoreRace", swiftSettings: house),

    // A program that tries the engine on a simulated disk, for as many seeds as one likes.
    .executableTarget(
      name: "durability-simulation",
      dependencies: [
        "ProbityEngine", "AccountStore", "ClaimStore", "CommandLog", "IntegrityCore",
        "IntegrityPolicy", "SimulatedDisk",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Simulation", swiftSettings: house),

    // Tests, a target a module.
    .testTarget(
      name: "AccountStoreTests", dependencies: ["AccountStore", "IntegrityCore"],
      swiftSettings: house),
    .testTarget(
      name: "ClaimStoreTests", dependencies: ["ClaimStore", "IntegrityCore"],
      swiftSettings: house),
    .testTarget(name: "TidyTests", swiftSettings: house),
    .target(
      name: "SimulatedDisk", dependencies: ["CommandLog"], path: "Tests/SimulatedDisk",
      swiftSettings: house + [quick]),
    .target(
      name: "ForgedStore", dependencies: ["CommandLog"], path: "Tests/ForgedStore",
      swiftSettings: house + [quick]),
    .testTarget(
      name: "CommandLogTests", dependencies: ["CommandLog", "SimulatedDisk", "ForgedStore"],
      swiftSettings: house),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "CommandLog", "SimulatedDisk", "ForgedStore", "ProbityEngine", "AccountStore",
        "IntegrityCore", "IntegrityPolicy",
      ],
      path: "Tests/FuzzTargets", swiftSettings: house),
    .testTarget(
      name: "FuzzTargetsTests", dependencies: ["FuzzTargets"], swiftSettings: house),
    .testTarget(
      name: "StoreToolsTests",
      dependencies: [
        "ProbityEngine", "CommandLog", "SimulatedDisk", "ForgedStore", "IntegrityCore",
        "IntegrityPolicy",
      ],
      swiftSettings: house),
    .testTarget(
      name: "SimulatedDiskTests", dependencies: ["SimulatedDisk", "CommandLog"],
      swiftSettings: house),
    .testTarget(
      name: "IntegrityCoreTests", dependencies: ["IntegrityCore"], swiftSettings: house),
    .testTarget(
      name: "IntegrityPolicyTests", dependencies: ["IntegrityPolicy", "IntegrityCore"],
      swiftSettings: house),
    .testTarget(
      name: "PolicyFittingTests",
      dependencies: ["PolicyFitting", "IntegrityPolicy", "IntegrityCore"],
      swiftSettings: house),
    .testTarget(
      name: "RescoringTests", dependencies: ["Rescoring", "IntegrityPolicy", "IntegrityCore"],
      swiftSettings: house),
    .testTarget(
      name: "EventFeedTests", dependencies: ["EventFeed", "IntegrityCore"], swiftSettings: house),
    .testTarget(
      name: "ProbityWireTests",
      dependencies: ["ProbityWire", "Rescoring", "IntegrityCore", "IntegrityPolicy"],
      swiftSettings: house),
    .testTarget(
      name: "ReactorTests", dependencies: ["Reactor"], swiftSettings: house),
    .testTarget(
      name: "MarketplaceSimulatorTests", dependencies: ["MarketplaceSimulator", "IntegrityCore"],
      swiftSettings: house),
    .testTarget(
      name: "LoadGeneratorTests",
      dependencies: [
        "LoadGenerator", "ProbityWire", "IntegrityCore", "BenchmarkMachine",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: house),
    .testTarget(
      name: "ProbityEngineTests",
      dependencies: [
        "ProbityEngine", "IntegrityCore", "IntegrityPolicy", "AccountStore", "ClaimStore",
        "CommandLog", "GoldenReplay", "SimulatedDisk",
      ],
      swiftSettings: house),
    .target(
      name: "GoldenReplay",
      dependencies: [
        "ProbityEngine", "AccountStore", "IntegrityCore", "IntegrityPolicy", "EventFeed",
        "MarketplaceSimulator",
      ],
      path: "Tests/GoldenReplay", swiftSettings: house),
    .executableTarget(
      name: "golden-check", dependencies: ["GoldenReplay"], path: "Tests/GoldenCheck",
      swiftSettings: house),
    .testTarget(
      name: "ProbityServerTests",
      dependencies: [
        "ProbityServer", "ProbityClient", "ProbityTransport", "ProbityWire", "ProbityEngine",
        "Rescoring", "IntegrityCore", "IntegrityPolicy", "AccountStore", "CommandLog",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: house),
  ]
)
