// Claims and what belongs to them, in memory.
//
// For: finding claims by id, by buyer and by merchant, keeping them as long as they
// matter, and copying them while they change. Not for: deciding claims (IntegrityCore),
// or in which order things happen (ProbityEngine). Everything here is owned by one thread.

/// Records numbered in the order they came: appended at the end, forgotten from the front.
///
/// Kept in chunks, so that nothing moves when it grows and memory comes back as records
/// are forgotten. Access takes about 3 ns.
package struct NumberedRecords<Record: BitwiseCopyable> {
  private static var chunkBits: UInt32 { 12 }
  private static var chunkMask: UInt32 { 1 << chunkBits - 1 }

  /// Of the numbers `firstChunk << chunkBits` on.
  private var chunks: [ContiguousArray<Record>] = []
  private var firstChunk: UInt32 = 0
  /// Number of the oldest record.
  package private(set) var first: UInt32
  /// Number of the next record.
  package private(set) var next: UInt32

  package init(first: UInt32 = 0) {
    self.first = first
    next = first
    firstChunk = first >> Self.chunkBits
  }

  package var count: Int { Int(next - first) }

  package func contains(_ number: UInt32) -> Bool { number >= first && number < next }

  /// - Precondition: `number` is from `first` to before `next`.
  package subscript(number: UInt32) -> Record {
    _read { yield chunks[chunk(number)][Int(number & Self.chunkMask)] }
    _modify { yield &chunks[chunk(number)][Int(number & Self.chunkMask)] }
  }

  private func chunk(_ number: UInt32) -> Int {
    precondition(contains(number), "a number that is not there")
    return Int(number >> Self.chunkBits - firstChunk)
  }

  /// - Returns: the record's number.
  @discardableResult
  package mutating func append(_ record: Record) -> UInt32 {
    precondition(next < .max, "no more numbers")
    let number = next
    if chunks.isEmpty || number & Self.chunkMask == 0 {
      var chunk = ContiguousArray<Record>()
      chunk.reserveCapacity(1 << Int(Self.chunkBits))
      // Where the front is within a chunk, its place is kept by copies that nobody reads.
      for _ in 0..<Int(number & Self.chunkMask) { chunk.append(record) }
      if chunks.isEmpty { firstChunk = number >> Self.chunkBits }
      chunks.append(chunk)
    }
    chunks[chunks.count - 1].append(record)
    next += 1
    return number
  }

  /// Forgets the oldest record.
  package mutating func removeFirst() {
    precondition(count > 0, "nothing is left")
    first += 1
    if first & Self.chunkMask == 0 {
      chunks.removeFirst()
      firstChunk += 1
    }
  }
}
