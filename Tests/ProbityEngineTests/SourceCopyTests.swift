import IntegrityCore
import ProbityEngine
import Testing

@Suite struct SourceCopyTests {
  /// Five words of an entry.
  static func words(_ bytes: [UInt8]) -> [[UInt64]] {
    stride(from: 0, to: bytes.count, by: 40).map { start in
      (0..<5).map { index in
        (0..<8).reduce(0) { $0 | UInt64(bytes[start + index * 8 + $1]) << UInt64($1 * 8) }
      }
    }
  }

  static func bytes(_ words: [[UInt64]]) -> [UInt8] {
    words.joined().flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
    }
  }

  @Test(arguments: SourceTableTests.seeds)
  func aCopyTakenBetweenCommandsIsTheTableItEndedWith(seed: UInt64) throws {
    print("source copy seed: \(seed)")
    var random = SplitMix(seed)
    for _ in 0..<6 {
      let capacity = Int.random(in: 1...40, using: &random)
      let state = SourceTableTests.state(sourcesMax: capacity)
      var naive = NaiveState(sourcesMax: capacity)
      var stream = CommandStream(SplitMix(random.next()), sourceCount: capacity + 3)
      func apply(_ commands: [Command]) {
        for command in commands where naive.apply(all: [command]) { _ = state.apply([command]) }
      }
      for _ in 0..<Int.random(in: 0...100, using: &random) { apply([stream.next()]) }
      // The second follows one that was abandoned half-way.
      for round in 0..<2 {
        let pieces = copy(state, &naive, &stream, &random, abandon: round == 0)
        if round == 0 { continue }
        let sources = SourceTable(capacity: capacity + .random(in: 0...5, using: &random))
        for piece in pieces { try sources.load(piece) }
        let twin = IntegrityState(
          table: state.table, rules: Make.rules, sourcesMax: sources.capacity)
        try twin.restore(
          position: state.position, newestEventAt: state.newestEventAt, sources: sources)
        try load(state.desk.changes, into: twin.desk.changes)
        twin.sources.checkInvariants()
        #expect(twin.hash == state.hash, "seed \(seed)")
        #expect(twin.sources.count == naive.entries.count)
        for entry in naive.entries { #expect(twin.sources.entry(of: entry.source) == entry) }
      }
    }
  }

  /// The rest of what the hash is of.
  private func load(_ history: ChangeHistory, into twin: ChangeHistory) throws {
    history.beginCopy()
    var bytes: [UInt8] = []
    while history.copyNext(countMax: 100, into: &bytes) != nil {}
    history.endCopy()
    try twin.load(bytes)
    try twin.finishLoad(history.outline)
  }

  /// Copies between commands; every entry copied is as it stands, and was not copied before.
  private func copy(
    _ state: IntegrityState, _ naive: inout NaiveState, _ stream: inout CommandStream,
    _ random: inout SplitMix, abandon: Bool
  ) -> [[UInt8]] {
    state.sources.beginCopy()
    var stale = Set(naive.entries.map(\.source))
    var pieces: [[UInt8]] = []
    func step() -> Bool {
      var bytes: [UInt8] = []
      let count = state.sources.copyNext(
        entriesMax: .random(in: 1...5, using: &random), into: &bytes)
      #expect((count == nil) == stale.isEmpty)
      let words = Self.words(bytes)
      #expect(words.count == count ?? 0)
      for word in words {
        let entry = SourceTable.Entry(
          source: word[1], sequence: word[2], lastPosition: word[3],
          lastAt: UnixSeconds(UInt32(word[4])))
        #expect(state.sources.entry(of: word[1]) == entry)
        #expect(stale.remove(word[1]) != nil)
      }
      #expect(state.sources.copyBacklog == stale.count)
      pieces.append(bytes)
      return count != nil
    }
    for _ in 0..<150 {
      if UInt64.random(in: 0..<3, using: &random) == 0 {
        _ = step()
        continue
      }
      let command = stream.next()
      if !naive.apply(all: [command]) { continue }
      _ = state.apply([command])
      if let gaveWay = naive.gaveWay { stale.remove(gaveWay) }
      stale.insert(command.source)
      #expect(state.sources.copyBacklog == stale.count)
    }
    if !abandon { while step() {} }
    state.sources.endCopy()
    #expect(!state.sources.isCopying && state.sources.copyBacklog == 0)
    return pieces
  }

  /// Slot, source, sequence, position, time.
  static let sound: [[UInt64]] = [
    [0, 7, 1, 30, 500], [1, 8, 2, 10, 400], [2, 9, 3, 20, 400],
  ]

  private func fault(
    _ words: [[UInt64]], capacity: Int = 3, position: UInt64 = 30, time: UInt32 = 500
  ) -> SourceLoadFault? {
    let sources = SourceTable(capacity: capacity)
    do throws(SourceLoadFault) {
      try sources.load(Self.bytes(words))
      try sources.finishLoad(position: LogPosition(position), newestEventAt: UnixSeconds(time))
      sources.checkInvariants()
      return nil
    } catch { return error }
  }

  @Test func soundEntriesLoadInAnyOrderOfSlots() throws {
    #expect(fault(Self.sound) == nil)
    #expect(fault([]) == nil)
    let orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0]]
    let sums = try orders.map { order in
      let sources = SourceTable(capacity: 3)
      let words = order.enumerated().map { [UInt64($0)] + Self.sound[$1].dropFirst() }
      try sources.load(Self.bytes(words))
      try sources.finishLoad(position: LogPosition(30), newestEventAt: UnixSeconds(500))
      var used: [UInt64] = []
      sources.forEachEntry { used.append($0.source) }
      #expect(used == [8, 9, 7])
      return sources.hashSum
    }
    #expect(Set(sums).count == 1)
  }

  @Test func theStateHashCoversPositionTimeAndEveryFieldOfASource() throws {
    func hash(_ words: [[UInt64]], position: UInt64 = 50, time: UInt32 = 900) throws -> UInt64 {
      let sources = SourceTable(capacity: 3)
      try sources.load(Self.bytes(words))
      let state = SourceTableTests.state(sourcesMax: 3)
      try state.restore(
        position: LogPosition(position), newestEventAt: UnixSeconds(time), sources: sources)
      return state.hash
    }
    var hashes = [try hash(Self.sound), try hash(Self.sound, position: 51)]
    hashes.append(try hash(Self.sound, time: 901))
    hashes.append(try hash(Array(Self.sound.dropLast())))
    for word in 1...4 {
      var words = Self.sound
      words[0][word] += 3
      hashes.append(try hash(words))
    }
    #expect(Set(hashes).count == hashes.count)
  }

  @Test func impossibleEntriesAreRefused() {
    func changed(_ slot: Int, _ word: Int, _ value: UInt64) -> [[UInt64]] {
      var words = Self.sound
      words[slot][word] = value
      return words
    }
    #expect(fault(Self.sound, capacity: 2) == .noRoom(slot: 2, limit: 2))
    #expect(fault(changed(1, 0, .max)) == .noRoom(slot: .max, limit: 3))
    #expect(fault(changed(0, 0, 1)) == .slotLeftOut(slot: 0))
    for word in 1...3 { #expect(fault(changed(1, word, 0)) == .malformedEntry(slot: 1)) }
    #expect(fault(changed(1, 4, 1 << 32)) == .malformedEntry(slot: 1))
    #expect(fault(changed(1, 1, 9)) == .sourceTwice(source: 9))
    #expect(fault(changed(1, 3, 20)) == .orderContradicted(source: 8, other: 9))
    #expect(fault(changed(1, 4, 401)) == .orderContradicted(source: 8, other: 9))
    #expect(fault(Self.sound, position: 29) == .fromTheFuture(source: 7))
    #expect(fault(Self.sound, time: 499) == .fromTheFuture(source: 7))
  }

  @Test func halfEntriesAndTablesInUseAreRefused() throws {
    let sources = SourceTable(capacity: 3)
    let bytes = Self.bytes(Self.sound)
    #expect(throws: SourceLoadFault.partialEntry(byteCount: 119)) {
      try sources.load(Array(bytes.dropLast()))
    }
    let state = SourceTableTests.state(sourcesMax: 3)
    _ = state.apply(Make.commands(1, 1...1))
    #expect(throws: SourceLoadFault.notEmpty(count: 1)) { try state.sources.load(bytes) }
  }

  @Test func anyBytesAreLoadedOrRefused() {
    var random = SplitMix(.random(in: 0 ... .max))
    print("source bytes seed: \(random.state)")
    for _ in 0..<500 {
      var words = Self.sound
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        words[Int.random(in: 0..<3, using: &random)][Int.random(in: 0..<5, using: &random)] ^=
          1 << (random.next() & 63)
      }
      if let fault = fault(words) { #expect(!fault.description.isEmpty) }
    }
  }

  @Test func aFaultLeavesTheStateAsItWas() throws {
    let state = SourceTableTests.state(sourcesMax: 3)
    let sources = SourceTable(capacity: 3)
    try sources.load(Self.bytes(Self.sound))
    let hash = state.hash
    #expect(throws: SourceLoadFault.self) {
      try state.restore(
        position: LogPosition(10), newestEventAt: UnixSeconds(500), sources: sources)
    }
    #expect(state.hash == hash && state.position == .zero)
  }
}
