import ArgumentParser
import BenchmarkMachine
import Glibc
import LoadGenerator

/// How a batch of writes is put to Redis.
enum RedisWrite: String, ExpressibleByArgument, CaseIterable {
  /// A pipeline of SET commands: each is a write of its own, as a command of Probity is.
  case set
  /// One MSET: all or nothing, as a Record is, and one command to parse and log.
  case mset
}

/// Batches of keys set to values of 33 bytes; keys at random out of 0…N − 1.
struct RedisRecording: BenchedProtocol {
  let requestBytesMax: Int

  // Live as long as the process.
  private let request: UnsafeMutableRawPointer
  private let expected: UnsafeMutableRawPointer
  private let expectedBytes: Int
  private let firstDigitOffset: Int
  private let strideBytes: Int
  private let keysPerBatch: Int
  private let keyCount: UInt64
  private var random: SeededGenerator

  init(_ write: RedisWrite, keyCount: UInt64, keysPerBatch: Int, seed: UInt64) {
    let head = write == .set ? "" : "*\(1 + 2 * keysPerBatch)\r\n$4\r\nMSET\r\n"
    let entry = write == .set ? RedisCommand.set(0) : RedisCommand.keyAndValue(0)
    let bytes = Array((head + String(repeating: entry, count: keysPerBatch)).utf8)
    let replies = Array(
      String(repeating: "+OK\r\n", count: write == .set ? keysPerBatch : 1).utf8)
    requestBytesMax = bytes.count
    request = .allocate(byteCount: bytes.count, alignment: 64)
    request.copyMemory(from: bytes, byteCount: bytes.count)
    expectedBytes = replies.count
    expected = .allocate(byteCount: replies.count, alignment: 64)
    expected.copyMemory(from: replies, byteCount: replies.count)
    strideBytes = entry.utf8.count
    firstDigitOffset = head.utf8.count + RedisCommand.digitsOffset(in: entry)
    self.keysPerBatch = keysPerBatch
    self.keyCount = keyCount
    random = SeededGenerator(seed: seed)
  }

  var greeting: [UInt8] { [] }

  @inline(__always)
  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    space.copyMemory(from: request, byteCount: requestBytesMax)
    var digits = space + firstDigitOffset
    for _ in 0..<keysPerBatch {
      RedisCommand.writeDigits(of: random.account(of: keyCount) - 1, to: digits)
      digits += strideBytes
    }
    return requestBytesMax
  }

  @inline(__always)
  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    guard let start = bytes.baseAddress, bytes.count > 0 else { return .incomplete }
    if memcmp(start, expected, min(bytes.count, expectedBytes)) != 0 {
      return .broken("Redis says \(String(decoding: bytes.prefix(80), as: UTF8.self))")
    }
    return bytes.count < expectedBytes ? .incomplete : .answer(sizeBytes: expectedBytes)
  }
}
