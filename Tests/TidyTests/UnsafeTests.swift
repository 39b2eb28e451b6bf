import Testing

/// Where memory-unsafe code may stand. Strict memory safety makes the compiler
/// ask for the word; this table makes a reviewer see each new place.
enum Unsafe {
  static let files: Set<String> = [
    "Sources/AccountStore/AccountTable.swift",
    "Sources/AccountStore/ReservedMemory.swift",
    "Sources/AccountStore/Shard.swift",
    "Sources/AccountStore/TableLoad.swift",
    "Sources/BenchmarkMachine/Machine.swift",
    "Sources/ClaimStore/NumberIndex.swift",
    "Sources/CommandLog/ByteCoding.swift",
    "Sources/CommandLog/DirectoryLock.swift",
    "Sources/CommandLog/GroupLog.swift",
    "Sources/CommandLog/PosixDisk.swift",
    "Sources/EventFeed/AccountKeyText.swift",
    "Sources/IntegrityCore/AccountRecord.swift",
    "Sources/IntegrityCore/Claims/ReceiptCoding.swift",
    "Sources/IntegrityCore/DeterministicMath.swift",
    "Sources/LoadGenerator/BareResponder.swift",
    "Sources/LoadGenerator/BareResponderPeer.swift",
    "Sources/LoadGenerator/BenchedProtocol.swift",
    "Sources/LoadGenerator/CannedFrames.swift",
    "Sources/LoadGenerator/ClientSocket.swift",
    "Sources/LoadGenerator/DaemonSession.swift",
    "Sources/LoadGenerator/LoadConnection.swift",
    "Sources/LoadGenerator/LoadLoop.swift",
    "Sources/LoadGenerator/LoadShape.swift",
    "Sources/LoadGenerator/LoadThread.swift",
    "Sources/LoadGenerator/ProbityBatches.swift",
    "Sources/LoadGenerator/ProbityClaims.swift",
    "Sources/LoadGenerator/ProbityFrames.swift",
    "Sources/LoadGenerator/ProbityMix.swift",
    "Sources/LoadGenerator/ProbityProtocol.swift",
    "Sources/LoadGenerator/ProbityRecording.swift",
    "Sources/LoadGenerator/RecordTemplate.swift",
    "Sources/LoadGenerator/RescoreCaller.swift",
    "Sources/LoadGenerator/ServerAddress.swift",
    "Sources/LoadGenerator/StreamChecksum.swift",
    "Sources/LoadGenerator/WatcherCrowd.swift",
    "Sources/ProbityClient/ClientHandler.swift",
    "Sources/ProbityClient/DeskCalls.swift",
    "Sources/ProbityClient/PendingCall.swift",
    "Sources/ProbityClient/ProbityClient.swift",
    "Sources/ProbityClient/StreamedCall.swift",
    "Sources/ProbityEngine/CommandCoding.swift",
    "Sources/ProbityEngine/DiskPace.swift",
    "Sources/ProbityEngine/EngineClock.swift",
    "Sources/ProbityEngine/EngineThread.swift",
    "Sources/ProbityEngine/HousekeepingThread.swift",
    "Sources/ProbityEngine/JobQueue.swift",
    "Sources/ProbityEngine/Population/WaitingQueue.swift",
    "Sources/ProbityEngine/RepeatingThread.swift",
    "Sources/ProbityEngine/Sequencer.swift",
    "Sources/ProbityEngine/SnapshotChannel.swift",
    "Sources/ProbityServer/Connection.swift",
    "Sources/ProbityServer/DeskCalls.swift",
    "Sources/ProbityServer/Doorway.swift",
    "Sources/ProbityServer/Explanations.swift",
    "Sources/ProbityServer/Lookahead.swift",
    "Sources/ProbityServer/Lookups.swift",
    "Sources/ProbityServer/PendingCalls.swift",
    "Sources/ProbityServer/ReplyBuffer.swift",
    "Sources/ProbityServer/Streams/StreamCalls.swift",
    "Sources/ProbityTransport/ByteBufferSink.swift",
    "Sources/ProbityWire/Arena.swift",
    "Sources/ProbityWire/CRC32C.swift",
    "Sources/ProbityWire/Codec.swift",
    "Sources/ProbityWire/ConnectionMessages.swift",
    "Sources/ProbityWire/DeskReplyDecoding.swift",
    "Sources/ProbityWire/DeskReplyEncoding.swift",
    "Sources/ProbityWire/DeskRequestDecoding.swift",
    "Sources/ProbityWire/DeskRequestEncoding.swift",
    "Sources/ProbityWire/EventCoding.swift",
    "Sources/ProbityWire/ExplainCoding.swift",
    "Sources/ProbityWire/Frame.swift",
    "Sources/ProbityWire/KpiCoding.swift",
    "Sources/ProbityWire/ReplyDecoding.swift",
    "Sources/ProbityWire/ReplyEncoding.swift",
    "Sources/ProbityWire/RequestDecoding.swift",
    "Sources/ProbityWire/RequestEncoding.swift",
    "Sources/ProbityWire/RescoreCoding.swift",
    "Sources/ProbityWire/SchemaHash.swift",
    "Sources/ProbityWire/ScoreForms.swift",
    "Sources/ProbityWire/ScoreHint.swift",
    "Sources/ProbityWire/SnapshotCoding.swift",
    "Sources/ProbityWire/StandingReplyCoding.swift",
    "Sources/ProbityWire/StandingRequestCoding.swift",
    "Sources/ProbityWire/StoredParts.swift",
    "Sources/ProbityWire/StreamPartCoding.swift",
    "Sources/ProbityWire/StreamRequestCoding.swift",
    "Sources/Reactor/ByteQueue.swift",
    "Sources/Reactor/EventLoop.swift",
    "Sources/Reactor/StreamListener.swift",
    "Sources/Reactor/StreamSocket.swift",
    "Sources/probity/Committee/NewFile.swift",
    "Sources/probity/Interrupt.swift",
    "Sources/probity/LineReader.swift",
    "Sources/probity/Output.swift",
    "Tests/Fuzz/FuzzLog/FuzzLog.swift",
    "Tests/Fuzz/FuzzSnapshot/FuzzSnapshot.swift",
    "Tests/FuzzTargets/SeedFile.swift",
    "Tests/IntegrityCoreTests/AccountRecordTests.swift",
    "Tests/LoadGeneratorTests/BatchTests.swift",
    "Tests/LoadGeneratorTests/GeneratorFrameTests.swift",
    "Tests/ProbityServerTests/Daemon.swift",
    "Tests/ProbityWireTests/ArenaTests.swift",
    "Tests/ProbityWireTests/CRC32CTests.swift",
    "Tests/ProbityWireTests/DecodeArrays.swift",
    "Tests/ProbityWireTests/ScoreFormTests.swift",
    "Tests/ProbityWireTests/ScoreHintTests.swift",
    "Tests/ProbityWireTests/WireBytes.swift",
    "Tests/ReactorTests/ByteQueueTests.swift",
    "Tests/ReactorTests/EventLoopTests.swift",
    "Tests/ReactorTests/StreamListenerTests.swift",
    "Tests/SimulatedDisk/SimulatedFile.swift",
    "Tests/StoreGrowth/FreshMemory.swift",
    "Tests/StoreGrowth/Measuring.swift",
    "Tests/StoreRace/Round.swift",
    "Tests/StoreRace/StoreRace.swift",
    "Tests/TidyTests/SourceTree.swift",
    "Tests/TidyTests/SwiftCode.swift",
  ]

  static func firstUse(in file: SourceFile) -> Int? {
    file.code.firstIndex { words(of: $0).contains("unsafe") }.map { $0 + 1 }
  }

  static func violations(in file: SourceFile, allowed: Set<String> = files) -> [Violation] {
    let use = firstUse(in: file)
    if let use, !allowed.contains(file.path) {
      return [
        Violation(
          path: file.path, line: use,
          message: "unsafe code; find a safe way, or add the file to Unsafe.files with a reason"
            + " beside each use")
      ]
    }
    if use == nil, allowed.contains(file.path) {
      return [
        Violation(
          path: file.path, line: 1,
          message: "nothing unsafe is left here; take the file off Unsafe.files")
      ]
    }
    return []
  }
}

@Suite("Unsafe code")
struct UnsafeTests {
  @Test("unsafe code stands in the listed files alone")
  func table() { report(SourceTree.project.swiftFiles.flatMap { Unsafe.violations(in: $0) }) }

  @Test("every listed file exists")
  func stale() {
    report(
      Unsafe.files.subtracting(SourceTree.project.paths).sorted().map {
        Violation(path: $0, line: 1, message: "no such file; take it off Unsafe.files")
      })
  }
}
