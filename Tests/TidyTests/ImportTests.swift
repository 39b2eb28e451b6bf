import Testing

/// Which module may import which. The rooms of the house and the doors between
/// them: a new door is a decision, made here.
enum Imports {
  static let allowed: [String: Set<String>] = [
    // The decision core and what holds its state.
    "IntegrityCore": [],
    "IntegrityPolicy": ["IntegrityCore", "Yams", "Foundation"],
    "PolicyFitting": ["IntegrityCore", "SystemC"],
    "Rescoring": ["IntegrityCore"],
    "CommitteeReports": ["IntegrityCore", "Rescoring"],
    "EventFeed": ["IntegrityCore", "CXXHash", "Foundation"],
    "MarketplaceSimulator": ["IntegrityCore"],
    "AccountStore": ["IntegrityCore", "CProbityShims", "Synchronization"],
    "ClaimStore": ["IntegrityCore", "AccountStore", "SystemC"],
    "CommandLog": ["SystemC", "CProbityShims", "Synchronization"],
    "ProbityEngine": [
      "IntegrityCore", "Rescoring", "AccountStore", "ClaimStore", "CommandLog", "Synchronization",
      "SystemC",
    ],
    // The wire and its two ends.
    "ProbityWire": [
      "IntegrityCore", "Rescoring", "CProbityMessages", "CProtobufC", "CProbityShims",
    ],
    "ProbityTransport": ["ProbityWire", "NIO"],
    "Reactor": ["CEpoll", "SystemC", "Synchronization"],
    "ProbityServer": [
      "Reactor", "ProbityWire", "ProbityEngine", "IntegrityCore", "Rescoring", "AccountStore",
      "NIO",
      "Logging", "ServiceLifecycle", "Synchronization",
    ],
    "ProbityClient": [
      "ProbityTransport", "ProbityWire", "IntegrityCore", "Rescoring", "NIO", "Synchronization",
      "SystemC",
    ],
    // Load for a daemon, and where it was measured.
    "BenchmarkMachine": ["SystemC"],
    "LoadGenerator": [
      "ProbityWire", "Rescoring", "IntegrityCore", "BenchmarkMachine", "CEpoll", "Histogram",
      "Synchronization", "SystemC",
    ],
    // The command line may open every room of ours.
    "probity": [
      "IntegrityCore", "IntegrityPolicy", "Rescoring", "CommitteeReports", "EventFeed",
      "PolicyFitting", "MarketplaceSimulator",
      "AccountStore", "CommandLog", "ProbityEngine", "ProbityWire", "ProbityServer",
      "ProbityClient",
      "LoadGenerator", "ArgumentParser", "Logging", "ServiceLifecycle", "Foundation",
      "Synchronization", "Dispatch",
      "CProbityShims",
      "SystemC",
    ],
  ]

  /// Single files that go beyond their module's row, and why.
  static let exceptions: [String: Set<String>] = [:]

  /// "NIO" stands for every module of SwiftNIO, "SystemC" for the C library.
  static func group(_ module: Substring) -> String {
    if module.hasPrefix("NIO") || module == "_NIODataStructures" { return "NIO" }
    return ["Glibc", "Musl", "Darwin"].contains(module) ? "SystemC" : String(module)
  }

  /// The module that a line of code imports.
  static func module(importedBy line: Substring) -> Substring? {
    var words = words(of: line)[...]
    let before: Set<Substring> = [
      "public", "package", "internal", "fileprivate", "private", "preconcurrency", "testable",
      "_exported", "_implementationOnly", "_spi", "unsafe",
    ]
    while let word = words.first, before.contains(word) { words.removeFirst() }
    guard words.first == "import" else { return nil }
    let kinds: Set<Substring> = [
      "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]
    return words.dropFirst().drop { kinds.contains($0) }.first
  }

  static func violations(in file: SourceFile) -> [Violation] {
    var violations: [Violation] = []
    for (index, line) in file.code.enumerated() {
      guard let module = module(importedBy: line) else { continue }
      func complain(_ message: String) {
        violations.append(Violation(path: file.path, line: index + 1, message: message))
      }
      if file.path.hasPrefix("Tests/") {
        if module == "XCTest" { complain("imports XCTest; tests here use Testing") }
        if words(of: line).contains("testable") {
          complain("@testable; give what tests must see `package` access")
        }
      }
      guard let room = file.module else { continue }
      guard let allowed = allowed[String(room)] else {
        complain("module \(room) has no row in Imports.allowed; say there what it may import")
        continue
      }
      let group = group(module)
      if !allowed.contains(group) && exceptions[file.path]?.contains(group) != true {
        let list = allowed.isEmpty ? "nothing" : allowed.sorted().joined(separator: ", ")
        complain("\(room) imports \(module); it may import: \(list)")
      }
    }
    return violations
  }
}

@Suite("Imports")
struct ImportTests {
  @Test("modules import what the table allows")
  func table() { report(SourceTree.project.swiftFiles.flatMap(Imports.violations)) }

  @Test("every exception is still needed")
  func exceptions() {
    for (path, groups) in Imports.exceptions {
      let file = SourceTree.project.swiftFiles.first { $0.path == path }
      let imported = Set((file?.code ?? []).compactMap(Imports.module).map(Imports.group))
      #expect(groups.isSubset(of: imported), "\(path): take its row off Imports.exceptions")
    }
  }

  @Test("the table itself keeps the rules it stands for")
  func rules() {
    func importers(of module: String) -> Set<String> {
      Set(Imports.allowed.filter { $0.value.contains(module) }.keys)
    }
    #expect(importers(of: "CProtobufC") == ["ProbityWire"])
    #expect(importers(of: "CProbityMessages") == ["ProbityWire"])
    #expect(importers(of: "NIO") == ["ProbityServer", "ProbityClient", "ProbityTransport"])
    #expect(importers(of: "Histogram") == ["LoadGenerator"])
    #expect(importers(of: "IntegrityPolicy") == ["probity"])
    #expect(importers(of: "Foundation") == ["IntegrityPolicy", "EventFeed", "probity"])
    #expect(Imports.allowed["IntegrityCore"] == [])
  }
}
