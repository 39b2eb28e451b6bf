import ArgumentParser
import BenchmarkMachine
import Glibc
import LoadGenerator

/// Many random keys in each request: Redis's `MGET`, its `SET` of as many or one `MSET`
/// of them, memcached's `get` of as many.
///
/// Every reply is compared byte for byte, but for the keys that memcached repeats.
/// Any other ends the run: what follows it cannot be counted off.
struct KeyBatchProtocol: BenchedProtocol, @unchecked Sendable {
  let requestBytesMax: Int

  // Safe: written in `init` alone; live as long as the process.
  private let request: UnsafeMutableRawPointer
  private let firstDigitOffset: Int
  private let strideBytes: Int
  private let reply: KeyBatchReply
  private let keysPerRequest: Int
  private let keyCount: UInt64
  private var random: SeededGenerator

  static func mget(keyCount: UInt64, keysPerRequest: Int, seed: UInt64) -> Self {
    Self(
      head: "*\(1 + keysPerRequest)\r\n$4\r\nMGET\r\n",
      key: "$\(RedisCommand.keyBytes)\r\n\(RedisCommand.key(0))\r\n",
      reply: KeyBatchReply(
        head: "*\(keysPerRequest)\r\n", entry: RedisCommand.valueReply,
        entryCount: keysPerRequest),
      keyCount: keyCount, keysPerRequest: keysPerRequest, seed: seed)
  }

  static func redisWrite(
    _ write: RedisWrite, keyCount: UInt64, keysPerRequest: Int, seed: UInt64
  ) -> Self {
    let isOne = write == .mset
    return Self(
      head: isOne ? "*\(1 + 2 * keysPerRequest)\r\n$4\r\nMSET\r\n" : "",
      key: isOne ? RedisCommand.keyAndValue(0) : RedisCommand.set(0),
      reply: KeyBatchReply(entry: "+OK\r\n", entryCount: isOne ? 1 : keysPerRequest),
      keyCount: keyCount, keysPerRequest: keysPerRequest, seed: seed)
  }

  static func memcachedGet(keyCount: UInt64, keysPerRequest: Int, seed: UInt64) -> Self {
    let entry =
      "VALUE \(RedisCommand.key(0)) 0 \(RedisCommand.valueBytes)\r\n\(RedisCommand.value)\r\n"
    return Self(
      head: "get", key: " \(RedisCommand.key(0))", tail: "\r\n",
      reply: KeyBatchReply(entry: entry, entryCount: keysPerRequest, tail: "END\r\n"),
      keyCount: keyCount, keysPerRequest: keysPerRequest, seed: seed)
  }

  private init(
    head: String, key: String, tail: String = "", reply: KeyBatchReply, keyCount: UInt64,
    keysPerRequest: Int, seed: UInt64
  ) {
    let bytes = Array((head + String(repeating: key, count: keysPerRequest) + tail).utf8)
    requestBytesMax = bytes.count
    request = .allocate(byteCount: bytes.count, alignment: 64)
    request.copyMemory(from: bytes, byteCount: bytes.count)
    strideBytes = key.utf8.count
    firstDigitOffset = head.utf8.count + RedisCommand.digitsOffset(in: key)
    self.reply = reply
    self.keyCount = keyCount
    self.keysPerRequest = keysPerRequest
    random = SeededGenerator(seed: seed)
  }

  var greeting: [UInt8] { [] }
  var replyBytesMax: Int { reply.sizeBytes }

  @inline(__always)
  mutating func writeRequest(
    _ number: UInt32, connection: Int, to space: UnsafeMutableRawPointer
  ) -> Int {
    space.copyMemory(from: request, byteCount: requestBytesMax)
    var digits = space + firstDigitOffset
    for _ in 0..<keysPerRequest {
      RedisCommand.writeDigits(of: random.account(of: keyCount) - 1, to: digits)
      digits += strideBytes
    }
    return requestBytesMax
  }

  @inline(__always)
  mutating func scanReply(_ bytes: UnsafeRawBufferPointer, number: UInt32) -> ReplyScan {
    if let offset = reply.firstDifference(from: bytes) {
      let found = bytes[max(offset - 40, 0)...].prefix(80)
      return .broken("at byte \(offset) of a reply: \(String(decoding: found, as: UTF8.self))")
    }
    return bytes.count < reply.sizeBytes ? .incomplete : .answer(sizeBytes: reply.sizeBytes)
  }
}

/// How a batch of writes is put to Redis.
enum RedisWrite: String, ExpressibleByArgument, CaseIterable {
  /// A pipeline of SET commands: each is a write of its own, as a command of Probity is.
  case set
  /// One MSET: all or nothing, as a Record is, and one command to parse and log.
  case mset
}

/// The reply to a batch where all goes well: a head, entries alike, a tail.
struct KeyBatchReply: @unchecked Sendable {
  let sizeBytes: Int

  // Safe: written in `init` alone; live as long as the process.
  private let expected: UnsafeMutableRawPointer
  private let headBytes: Int
  private let entryBytes: Int
  private let entryCount: Int
  /// Where an entry's number stands, and how long it is: 0 if it has none.
  private let digitsOffset: Int
  private let digitsBytes: Int

  init(head: String = "", entry: String, entryCount: Int, tail: String = "") {
    let bytes = Array((head + String(repeating: entry, count: entryCount) + tail).utf8)
    sizeBytes = bytes.count
    expected = .allocate(byteCount: bytes.count, alignment: 64)
    expected.copyMemory(from: bytes, byteCount: bytes.count)
    headBytes = head.utf8.count
    entryBytes = entry.utf8.count
    self.entryCount = entryCount
    let hasNumber = entry.contains(RedisCommand.keyPrefix)
    digitsOffset = hasNumber ? RedisCommand.digitsOffset(in: entry) : 0
    digitsBytes = hasNumber ? RedisCommand.keyDigits : 0
  }

  /// Where what has come is not as expected, or the piece that is not begins; nil = all is.
  func firstDifference(from bytes: UnsafeRawBufferPointer) -> Int? {
    guard let found = bytes.baseAddress else { return nil }
    let count = min(bytes.count, sizeBytes)
    func isAsExpected(_ offset: Int, _ pieceBytes: Int) -> Bool {
      let length = min(pieceBytes, count - offset)
      return length <= 0 || memcmp(found + offset, expected + offset, length) == 0
    }
    if digitsBytes == 0 {
      if isAsExpected(0, count) { return nil }
      return (0..<count).first { !isAsExpected($0, 1) }
    }
    if !isAsExpected(0, headBytes) { return 0 }
    let afterDigits = digitsOffset + digitsBytes
    for index in 0..<entryCount {
      let start = headBytes + index * entryBytes
      if start >= count { return nil }
      if !isAsExpected(start, digitsOffset) { return start }
      if !isAsExpected(start + afterDigits, entryBytes - afterDigits) { return start + afterDigits }
    }
    let tail = headBytes + entryCount * entryBytes
    return isAsExpected(tail, sizeBytes - tail) ? nil : tail
  }
}
