import AccountStore
import IntegrityCore

/// What copying a table and loading the copy cost, in nanoseconds of processor
/// time a record, on one thread: the best of some rounds.
struct CopyCosts {
  /// Copying records in the order of their slots, and those stored meanwhile.
  private(set) var copy = Double.infinity, copyAgain = Double.infinity
  /// Loading the first into fresh memory, and the second over some of the first.
  private(set) var load = Double.infinity, loadAgain = Double.infinity
  /// Checks each copy against the table: the figures of a wrong one are worth nothing.
  private(set) var isEqual = true

  private typealias Piece = (shard: Int, bytes: [UInt8])
  /// 256 KiB a piece.
  private static let pieceRecords = 4096
  private static let rounds = 5

  init(_ table: AccountTable, key: (Int) -> AccountKey) throws {
    for round in 0..<Self.rounds {
      table.beginCopy()
      let first = Self.copyAll(table)
      for i in 0..<table.count / 16 {
        let chosen = StateHash.mix(UInt64(i), UInt64(round)) % UInt64(table.count)
        var located = table.locate(key(Int(chosen)))
        located.record.sketch.insert(AccountID(UInt64(i + 1)))
        table.store(located)
      }
      let second = Self.copyAll(table)
      let counts = table.copiedShardCounts()
      table.endCopy()
      copy = min(copy, first.cost)
      copyAgain = min(copyAgain, second.cost)
      try loadAll(first.pieces, second.pieces, counts, like: table)
    }
  }

  private static func copyAll(_ table: AccountTable) -> (cost: Double, pieces: [Piece]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(pieceRecords * AccountRecord.sizeBytes)
    var pieces: [Piece] = []
    var (elapsed, recordCount): (UInt64, Int) = (0, 0)
    while true {
      bytes.removeAll(keepingCapacity: true)
      let start = threadNanoseconds()
      let piece = table.copyNext(recordsMax: pieceRecords, into: &bytes)
      elapsed += threadNanoseconds() - start
      guard let piece else { return (Double(elapsed) / Double(recordCount), pieces) }
      recordCount += piece.recordCount
      pieces.append((piece.shard, Array(bytes[...])))
    }
  }

  private mutating func loadAll(
    _ first: [Piece], _ second: [Piece], _ counts: [Int], like table: AccountTable
  ) throws {
    let loaded = try AccountTable(layout: table.layout, seed: table.seed)
    let loaders = try counts.enumerated().map {
      try loaded.shardLoader($0.offset, recordCount: $0.element)
    }
    func cost(_ pieces: [Piece]) throws -> Double {
      let start = threadNanoseconds()
      for piece in pieces { try loaders[piece.shard].load(piece.bytes) }
      let recordCount = pieces.reduce(0) { $0 + $1.bytes.count / AccountRecord.sizeBytes }
      return Double(threadNanoseconds() - start) / Double(recordCount)
    }
    load = min(load, try cost(first))
    loadAgain = min(loadAgain, try cost(second))
    try loaded.finishLoad(loaders)
    if loaded.recordHashSum != table.recordHashSum || loaded.count != table.count {
      isEqual = false
    }
  }

  var text: String {
    "copy: \(tenth(copy)) ns a record, \(tenth(copyAgain)) ns one stored meanwhile\n"
      + "load: \(tenth(load)) ns a record, \(tenth(loadAgain)) ns one that is there"
      + (isEqual ? "" : "\nTHE LOADED COPY DIFFERS FROM THE TABLE")
  }

  var json: String {
    "{\"copy_ns\":\(tenth(copy)),\"copy_again_ns\":\(tenth(copyAgain))"
      + ",\"load_ns\":\(tenth(load)),\"load_again_ns\":\(tenth(loadAgain)),\"equal\":\(isEqual)}"
  }

  private func tenth(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
