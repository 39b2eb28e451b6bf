import CommandLog
import IntegrityCore
import NIOCore
import ProbityClient
import ProbityEngine
import ProbityServer
import ProbityWire
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct FailedLogTests {
  /// A log on a disk that fails at once.
  final class FailingLog: GroupLog {
    let durability = Durability.always
    let durablePosition: UInt64 = 0
    let syncDueNanoseconds: UInt64? = nil

    func append(_ payload: [UInt8], count: Int) throws(LogError) -> UInt64 { throw .failed("EIO") }

    func sync() throws(LogError) {}
  }

  /// The Record is answered, the connections are sent away, and `run` throws.
  @Test func theDaemonDrainsAndEndsWithTheReason() async throws {
    await #expect {
      try await Daemon.run(log: FailingLog()) { daemon in
        try await daemon.withSocket { socket in
          try await socket.hello()
          var buffer = ByteBuffer()
          socket.codec.encodeRecordRequest([ServerTests.settled(1)], .init(stream: 1), to: &buffer)
          try await socket.send(buffer)
          var statuses: [StatusCode] = []
          while let (header, _) = try await socket.next() {
            if header.type == .response {
              statuses.append(try #require(.init(rawValue: header.code)))
            }
          }
          #expect(statuses == [.internal])
          #expect(daemon.engine.failure == "EIO")
        }
      }
    } throws: { error in
      guard case .logFailed("EIO") = error as? ServerError else { return false }
      return "\(error)".contains("EIO")
    }
  }

  @Test func aFullDiskIsToldByStatusAndHealth() async throws {
    var figures = DurabilityStatus()
    figures.mode = "interval=100ms"
    figures.durablePosition = LogPosition(41)
    figures.snapshotPosition = LogPosition(40)
    figures.snapshotAt = UnixSeconds(1_767_225_600)
    figures.snapshotBytes = 1
    figures.snapshotDurationNanoseconds = 2_000
    figures.snapshotPauseNanoseconds = 3_000
    figures.logBytes = 4
    figures.logSegments = 5
    figures.diskFreeBytes = 6
    figures.sources = 7
    figures.recoveredCommands = 8
    figures.recoveryNanoseconds = 9_000
    figures.tornTails = 10
    let disk = StandInDisk(figures)
    try await Daemon.run(durability: disk) { daemon in
      try await daemon.withClient { client in
        #expect(try await client.health("recording") == .serving)
        disk.change { $0.recordingRefused = "6 bytes are free on the disk" }
        #expect(try await client.health("recording") == .notServing)
        #expect(try await client.health("lookups") == .serving)
        let status = try await client.status()
        #expect(status.recordingRefused == "6 bytes are free on the disk")
        #expect(status.durability == "interval=100ms")
        #expect(status.durablePosition == LogPosition(41))
        #expect(status.snapshotPosition == LogPosition(40))
        #expect(status.snapshotAt == UnixSeconds(1_767_225_600))
        #expect(status.snapshotBytes == 1)
        #expect(status.snapshotDurationMicroseconds == 2)
        #expect(status.snapshotPauseMicroseconds == 3)
        #expect((status.logBytes, status.logSegments) == (4, 5))
        #expect(status.diskFreeBytes == 6)
        #expect(status.sources == 7)
        #expect((status.recoveredCommands, status.recoveryMicroseconds) == (8, 9))
        #expect(status.tornTails == 10)
      }
    }
  }
}
