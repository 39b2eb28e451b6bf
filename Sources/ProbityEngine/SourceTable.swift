// STUB: replaced by merge.
public final class SourceTable {
  var map: [UInt64: UInt64] = [:]
  func beginCopy() {}
  func endCopy() {}
  var copyBacklog: Int { 0 }
  func copyNext(entriesMax: Int, into bytes: inout [UInt8]) -> Int? { nil }
  func load(_ bytes: ArraySlice<UInt8>) throws {}
}
