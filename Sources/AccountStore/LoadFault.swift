/// Why pieces of a copied table do not load. The table is then good for nothing.
public enum LoadFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is no shard of this number.
  case noSuchShard(shard: Int, shardCount: Int)
  /// Something was stored or loaded in the shard before its loader was made.
  case shardNotEmpty(shard: Int, recordCount: Int)
  /// The table takes fewer accounts than there are, in one shard or, if nil, in all.
  case noRoom(shard: Int?, needed: Int, limit: Int)
  /// The bytes of a piece are not whole records.
  case partialRecord(shard: Int, byteCount: Int)
  /// A record, counted from 0 in its piece, that no rule can have written.
  case malformedRecord(shard: Int, index: Int)
  /// A record, counted from 0 in its piece, that belongs to another shard.
  case wrongShard(shard: Int, index: Int, owner: Int)
  /// More distinct accounts than were announced.
  case tooManyAccounts(shard: Int, announced: Int)
  /// Fewer distinct accounts than were announced.
  case tooFewAccounts(shard: Int, announced: Int, loaded: Int)

  /// The fault, and what it means for whoever has to mend it.
  public var description: String {
    switch self {
    case .noSuchShard(let shard, let shardCount):
      "there is no shard \(shard): the table has \(shardCount), numbered from 0"
    case .shardNotEmpty(let shard, let recordCount):
      "shard \(shard) holds \(recordCount) accounts already; it can be loaded once, while empty"
    case .noRoom(nil, let needed, let limit):
      "the table needs room for \(needed) accounts, but its limit is \(limit)"
    case .noRoom(let shard?, let needed, let limit):
      "shard \(shard) needs room for \(needed) accounts, but its limit is \(limit)"
    case .partialRecord(let shard, let byteCount):
      "a piece of shard \(shard) has \(byteCount) bytes, which is not a multiple of 64"
    case .malformedRecord(let shard, let index):
      "record \(index) of a piece of shard \(shard) is damaged: no account can look like it"
    case .wrongShard(let shard, let index, let owner):
      "record \(index) of a piece of shard \(shard) belongs to shard \(owner): "
        + "it is damaged, or was copied under another seed or shard count"
    case .tooManyAccounts(let shard, let announced):
      "shard \(shard) has more accounts than the \(announced) that were announced"
    case .tooFewAccounts(let shard, let announced, let loaded):
      "shard \(shard) has \(loaded) accounts, but \(announced) were announced"
    }
  }
}
