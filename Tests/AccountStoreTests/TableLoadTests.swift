import AccountStore
import IntegrityCore
import Testing

/// What a loader refuses, and that it bears any bytes.
@Suite("Load")
struct TableLoadTests {
  static let layout = StoreLayout(accountsMax: 400, shardCount: 4)

  /// Every shard's records in one piece.
  static func pieces(of table: AccountTable) -> [[UInt8]] {
    var pieces = Array(repeating: [UInt8](), count: table.layout.shardCount)
    table.beginCopy()
    var bytes: [UInt8] = []
    while let piece = table.copyNext(recordsMax: 10, into: &bytes) {
      pieces[piece.shard] += bytes
      bytes.removeAll()
    }
    table.endCopy()
    return pieces
  }

  let pieces: [[UInt8]]
  let table: AccountTable

  init() throws {
    pieces = Self.pieces(of: try AccountTable.filled(.random, count: 300, layout: Self.layout))
    table = try AccountTable(layout: Self.layout, seed: 1)
  }

  private func count(_ shard: Int) -> Int { pieces[shard].count / 64 }

  /// The fault of loading `bytes` as shard 1.
  private func fault(_ bytes: [UInt8], announced: Int? = nil) throws -> LoadFault? {
    let loader = try table.shardLoader(1, recordCount: announced ?? count(1))
    do throws(LoadFault) {
      try loader.load(bytes)
      try loader.finish()
      return nil
    } catch { return error }
  }

  @Test("the bytes as they were copied load")
  func sound() throws { #expect(try fault(pieces[1]) == nil) }

  /// Offset in a record, the byte to put there.
  @Test(
    "a record that no rule can have written is refused and named",
    arguments: [
      (60, 0), (60, 3), (61, 6), (61, 255), (63, 1), (57, 0x50), (59, 0x01),
    ] as [(Int, UInt8)])
  func malformed(offset: Int, byte: UInt8) throws {
    var bytes = pieces[1]
    bytes[5 * 64 + offset] = byte
    #expect(try fault(bytes) == .malformedRecord(shard: 1, index: 5))
  }

  @Test(
    "a counter that is no finite number is refused", arguments: 0..<10,
    [0x7fc0_0000, 0x7f80_0000, 0xff80_0000, 0x7f80_0001] as [UInt32])
  func notFinite(counter: Int, bits: UInt32) throws {
    var bytes = pieces[1]
    for n in 0..<4 { bytes[7 * 64 + counter * 4 + n] = UInt8(truncatingIfNeeded: bits >> (n * 8)) }
    #expect(try fault(bytes) == .malformedRecord(shard: 1, index: 7))
  }

  @Test("an account without id and a buyer with standing are refused")
  func impossible() throws {
    var bytes = pieces[1]
    for n in 40..<48 { bytes[n] = 0 }
    #expect(try fault(bytes) == .malformedRecord(shard: 1, index: 0))
    bytes = pieces[1]
    let buyer = try #require((0..<count(1)).first { bytes[$0 * 64 + 60] & 3 == 1 })
    bytes[buyer * 64 + 62] = 1
    #expect(try AccountTableFault.of(bytes) == .malformedRecord(shard: 1, index: buyer))
  }

  /// A fresh table's fault, for tests that need more than one.
  enum AccountTableFault {
    static func of(_ bytes: [UInt8]) throws -> LoadFault? {
      let table = try AccountTable(layout: layout, seed: 1)
      let loader = try table.shardLoader(1, recordCount: bytes.count / 64)
      do throws(LoadFault) {
        try loader.load(bytes)
        return nil
      } catch { return error }
    }
  }

  @Test("half a record is refused")
  func partial() throws {
    #expect(
      try fault(Array(pieces[1].dropLast()))
        == .partialRecord(shard: 1, byteCount: pieces[1].count - 1))
  }

  @Test("a record of another shard is refused")
  func wrongShard() throws {
    var bytes = pieces[1]
    bytes[(3 * 64)..<(4 * 64)] = pieces[2][..<64]
    #expect(try fault(bytes) == .wrongShard(shard: 1, index: 3, owner: 2))
  }

  @Test("another seed is refused")
  func otherSeed() throws {
    let other = try AccountTable(layout: Self.layout, seed: 2)
    let loader = try other.shardLoader(1, recordCount: count(1))
    do throws(LoadFault) {
      try loader.load(pieces[1])
      Issue.record("nothing was thrown")
    } catch {
      guard case .wrongShard(shard: 1, _, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test("more and fewer accounts than announced are refused")
  func counts() throws {
    #expect(
      try fault(pieces[1], announced: count(1) - 1)
        == .tooManyAccounts(shard: 1, announced: count(1) - 1))
    let other = try AccountTable(layout: Self.layout, seed: 1)
    let loader = try other.shardLoader(1, recordCount: count(1) + 1)
    try loader.load(pieces[1])
    // The same accounts once more are no more accounts.
    try loader.load(pieces[1])
    let fault = LoadFault.tooFewAccounts(
      shard: 1, announced: count(1) + 1, loaded: count(1))
    #expect(throws: fault) { try loader.finish() }
    #expect(throws: fault) { try other.finishLoad([loader]) }
  }

  @Test("shards that are not there, not empty or too small are refused")
  func shards() throws {
    for shard in [-1, 4, Int.max] {
      #expect(throws: LoadFault.noSuchShard(shard: shard, shardCount: 4)) {
        _ = try table.shardLoader(shard, recordCount: 1)
      }
    }
    let capacity = Self.layout.shardCapacity
    for count in [capacity + 1, .max] {
      #expect(throws: LoadFault.noRoom(shard: 1, needed: count, limit: capacity)) {
        _ = try table.shardLoader(1, recordCount: count)
      }
    }
    #expect(throws: LoadFault.self) { _ = try table.shardLoader(1, recordCount: -1) }
    _ = try table.shardLoader(1, recordCount: capacity)
    #expect(try fault(pieces[1]) == nil)
    #expect(throws: LoadFault.shardNotEmpty(shard: 1, recordCount: count(1))) {
      _ = try table.shardLoader(1, recordCount: count(1))
    }
  }

  @Test("more accounts in all than the table takes are refused, with both numbers")
  func noRoom() throws {
    let small = try AccountTable(layout: StoreLayout(accountsMax: 290, shardCount: 4), seed: 1)
    let counts = (0..<4).map(count)
    let fault = LoadFault.noRoom(shard: nil, needed: 300, limit: 290)
    #expect(throws: fault) { try small.checkRoom(forShards: counts) }
    #expect("\(fault)" == "the table needs room for 300 accounts, but its limit is 290")
    let loaders = try counts.enumerated().map {
      try small.shardLoader($0.offset, recordCount: $0.element)
    }
    for (loader, piece) in zip(loaders, pieces) { try loader.load(piece) }
    #expect(throws: fault) { try small.finishLoad(loaders) }
    #expect(throws: LoadFault.self) { try small.checkRoom(forShards: [0, 0, 0, 0, 1]) }
    #expect(throws: LoadFault.self) { try small.checkRoom(forShards: [.max, .max, .max, .max]) }
    #expect(throws: Never.self) { try table.checkRoom(forShards: counts) }
  }

  @Test("a loader counts once")
  func twice() throws {
    let loader = try table.shardLoader(1, recordCount: count(1))
    try loader.load(pieces[1])
    #expect(throws: LoadFault.self) { try table.finishLoad([loader, loader]) }
  }

  @Test("any bytes are loaded or refused, never trapped on", arguments: 0..<40)
  func anyBytes(round: Int) throws {
    let seed = UInt64(round) < 39 ? UInt64(round) : UInt64.random(in: 0 ... .max)
    if round == 39 { print("any bytes seed: \(seed)") }
    var random = SplitMix(seed)
    let table = try AccountTable(layout: Self.layout, seed: 1)
    let loader = try table.shardLoader(1, recordCount: Int.random(in: 0...120, using: &random))
    var bytes = pieces[1]
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8(1) << (random.next() & 7)
    }
    bytes.removeLast(Int.random(in: 0...3, using: &random) * 32)
    do throws(LoadFault) {
      try loader.load(bytes)
      try loader.finish()
      try table.finishLoad([loader])
      table.checkInvariants()
    } catch { #expect(!error.description.isEmpty) }
  }
}
