import IntegrityCore
import LoadGenerator
import ProbityWire
import Testing

@Suite("ScoreBatch of the generator")
struct BatchTests {
  @Test("in order, every account is asked for once before the first one again")
  func inOrder() throws {
    var batches = ProbityBatches(inOrderTo: 7, accountsPerBatch: 3)
    var ids: [UInt64] = []
    for number in 1...7 as ClosedRange<UInt32> { ids += try Self.ids(&batches, number) }
    #expect(ids == (0..<21).map { UInt64($0 % 7 + 1) })
  }

  @Test("at random, batches differ and hold accounts that there are")
  func atRandom() throws {
    var batches = ProbityBatches(accountCount: 1_000, accountsPerBatch: 1_000, seed: 1)
    let (first, second) = (try Self.ids(&batches, 1), try Self.ids(&batches, 2))
    #expect(first.count == 1_000 && second.count == 1_000 && first != second)
    #expect((first + second).allSatisfy { (1...1_000).contains($0) })
    var again = ProbityBatches(accountCount: 1_000, accountsPerBatch: 1_000, seed: 1)
    #expect(try Self.ids(&again, 1) == first)
  }

  @Test("a reply is counted only if it has as many verdicts as were asked for")
  func counts() throws {
    let reply = try #require(CannedFrames.all(itemsPerCall: 300)[Method.scoreBatch.rawValue])
    func scan(asFor accountsPerBatch: Int) -> ReplyScan {
      var batches = ProbityBatches(inOrderTo: 1_000, accountsPerBatch: accountsPerBatch)
      return unsafe reply.withUnsafeBytes { unsafe batches.scanReply($0, number: 0) }
    }
    guard case .answer(reply.count) = scan(asFor: 300) else {
      Issue.record("300 verdicts for 300 accounts were not taken")
      return
    }
    for other in [1, 299, 301, 4_096] {
      guard case .broken = scan(asFor: other) else {
        Issue.record("300 verdicts were taken for \(other) accounts")
        return
      }
    }
  }

  /// What the next request asks for, on stream `number`.
  private static func ids(_ batches: inout ProbityBatches, _ number: UInt32) throws -> [UInt64] {
    let space = UnsafeMutableRawBufferPointer.allocate(
      byteCount: batches.requestBytesMax, alignment: 64)
    defer { unsafe space.deallocate() }
    let start = try unsafe #require(space.baseAddress)
    #expect(unsafe batches.writeRequest(number, connection: 0, to: start) == space.count)
    let scan = unsafe FrameHeader.scan(UnsafeRawBufferPointer(space), payloadBytesMax: 1 << 20)
    guard case .frame(let header) = scan else {
      Issue.record("request \(number) is no frame: \(scan)")
      return []
    }
    #expect(header.stream == number && header.code == Method.scoreBatch.rawValue)
    let payload = unsafe UnsafeRawBufferPointer(rebasing: space[FrameHeader.sizeBytes...])
    var ids: [UInt64] = []
    try unsafe Codec().decodeScoreBatch(payload) { kind, _, found, _ in
      #expect(kind == .buyer)
      for index in found.indices { ids.append(found[index]) }
    }
    return ids
  }
}
