import IntegrityCore
import NIOCore
import ProbityClient
import ProbityEngine
import ProbityServer
import ProbityTransport
import ProbityWire
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct SnapshotTests {
  @Test func theEnginesReportIsTheAnswer() async throws {
    let disk = StandInDisk()
    try await Daemon.run(durability: disk) { daemon in
      try await daemon.withClient { client in
        async let reply = client.snapshot()
        await disk.asked()
        disk.finish(.success(StandInDisk.report))
        let expected = SnapshotReply(
          logPosition: LogPosition(7), stateHash: 8, accounts: 9, bytes: 10,
          durationMicroseconds: 11, pauseMicroseconds: 12)
        let answer = try await reply
        #expect(answer == expected)
      }
    }
  }

  @Test func aDaemonThatKeepsNothingMakesNone() async throws {
    try await Daemon.run { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        try await socket.askForSnapshot(stream: 1)
        let answer = try await socket.failure(of: 1)
        #expect(answer?.status == .failedPrecondition)
        #expect(answer?.notExecuted == true)
        #expect(answer?.message.contains("memory only") == true)
      }
    }
  }

  @Test(
    arguments: [
      (.notDurable, .failedPrecondition, true, 0), (.underWay, .unavailable, true, 1_000),
      (.noSpace("12 of 40 MiB are free"), .resourceExhausted, true, 0),
      (.failed("EIO"), .internal, false, 0), (.closed, .unavailable, true, 20),
    ] as [(SnapshotFailure, StatusCode, Bool, UInt32)])
  func failures(
    _ failure: SnapshotFailure, status: StatusCode, notExecuted: Bool, retryAfter: UInt32
  ) async throws {
    let disk = StandInDisk()
    try await Daemon.run(durability: disk) { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        try await socket.askForSnapshot(stream: 1)
        await disk.asked()
        disk.finish(.failure(failure))
        let answer = try await socket.failure(of: 1)
        #expect(answer?.status == status)
        #expect(answer?.notExecuted == notExecuted)
        #expect(answer?.retryAfterMilliseconds == retryAfter)
        #expect((answer?.incident ?? 0 != 0) == (status == .internal))
        if case .noSpace(let reason) = failure { #expect(answer?.message.contains(reason) == true) }
      }
    }
  }

  @Test func aSecondOneOfAConnectionIsToldToWait() async throws {
    let disk = StandInDisk()
    try await Daemon.run(durability: disk) { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        try await socket.askForSnapshot(stream: 1)
        await disk.asked()
        try await socket.askForSnapshot(stream: 2)
        let second = try await socket.failure(of: 2)
        #expect(second?.status == .unavailable)
        #expect(second?.notExecuted == true)
        #expect(second?.retryAfterMilliseconds == 1_000)
        disk.finish(.success(StandInDisk.report))
        #expect(try await socket.response()?.stream == 1)
        try await socket.askForSnapshot(stream: 3)
        await disk.asked()
        disk.finish(.success(StandInDisk.report))
        #expect(try await socket.response()?.stream == 3)
      }
    }
  }

  /// A cap of a microsecond on calls ends none that says no deadline of its own.
  @Test func theCapOnCallsIsNotThatOfSnapshots() async throws {
    let disk = StandInDisk()
    let caps: (inout ServerLimits) -> Void = {
      $0.callTimeoutMicrosecondsMax = 1
      $0.snapshotTimeoutMicrosecondsMax = 3_600_000_000
    }
    try await Daemon.run(durability: disk, limits: caps) { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        try await socket.askForSnapshot(stream: 1, timeoutMicroseconds: .max)
        await disk.asked()
        disk.finish(.success(StandInDisk.report))
        #expect(try await socket.response()?.code == 0)
      }
    }
  }

  @Test func lateIsSaidAtTheDeadlineAndOnlyOnce() async throws {
    let disk = StandInDisk()
    try await Daemon.run(
      durability: disk, limits: { $0.snapshotTimeoutMicrosecondsMax = 1_000 }
    ) { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        try await socket.askForSnapshot(stream: 1)
        await disk.asked()
        let answer = try await socket.failure(of: 1)
        #expect(answer?.status == .deadlineExceeded)
        #expect(answer?.notExecuted == false, "it goes on")
        disk.finish(.success(StandInDisk.report))
        var buffer = ByteBuffer()
        socket.codec.encodeHealthRequest(service: "", .init(stream: 2), to: &buffer)
        try await socket.send(buffer)
        #expect(try await socket.response()?.stream == 2)
      }
    }
  }

  @Test func whoLeavesMeanwhileHarmsNobody() async throws {
    let disk = StandInDisk()
    try await Daemon.run(durability: disk) { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        try await socket.askForSnapshot(stream: 1)
        await disk.asked()
      }
      disk.finish(.success(StandInDisk.report))
      let isServing = try await daemon.isServing()
      #expect(isServing)
    }
  }

  @Test func aDrainingDaemonAnswersTheOneUnderWay() async throws {
    let disk = StandInDisk()
    try await Daemon.run(durability: disk) { daemon in
      try await daemon.withSocket { socket in
        try await socket.hello()
        try await socket.askForSnapshot(stream: 1)
        await disk.asked()
        await daemon.shutDown()
        #expect(try await socket.goAway()?.lastStream == 1)
        disk.finish(.success(StandInDisk.report))
        #expect(try await socket.response()?.stream == 1)
        #expect(try await socket.next() == nil, "and then it closes")
      }
    }
  }
}

extension RawConnection {
  func askForSnapshot(stream: UInt32, timeoutMicroseconds: UInt32 = 0) async throws {
    var buffer = ByteBuffer()
    codec.encodeSnapshotRequest(
      .init(stream: stream, timeoutMicroseconds: timeoutMicroseconds), to: &buffer)
    try await send(buffer)
  }

  /// The header of the RESPONSE that comes next.
  mutating func response() async throws -> FrameHeader? {
    while let (header, _) = try await next() {
      if header.type == .response { return header }
    }
    return nil
  }
}
