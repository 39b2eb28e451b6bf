import IntegrityCore
import ProbityEngine
import Testing

@Suite struct SourceTableTests {
  static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6, UInt64.random(in: 0 ... .max)]

  static func state(sourcesMax: Int, accountsMax: Int = 1_000) -> IntegrityState {
    IntegrityState(
      table: Make.table(accountsMax: accountsMax, shardCount: 1), rules: Make.rules,
      sourcesMax: sourcesMax)
  }

  private static func expectEqual(
    _ state: IntegrityState, _ naive: NaiveState, _ context: Comment
  ) {
    var entries: [SourceTable.Entry] = []
    state.sources.forEachEntry { entries.append($0) }
    #expect(entries == naive.entries, context)
    for entry in naive.entries { #expect(state.sources.entry(of: entry.source) == entry, context) }
    #expect(state.newestEventAt == naive.time, context)
    #expect(state.position.rawValue == naive.position, context)
    #expect(state.table.count == naive.accounts.count, context)
    state.sources.checkInvariants()
  }

  @Test(arguments: seeds)
  func commandsAreTakenAndForgottenAsTheNaiveModelHasIt(seed: UInt64) {
    print("source table seed: \(seed)")
    var random = SplitMix(seed)
    for _ in 0..<8 {
      let capacity = Int.random(in: 1...9, using: &random)
      let state = Self.state(sourcesMax: capacity)
      var naive = NaiveState(sourcesMax: capacity)
      var stream = CommandStream(
        SplitMix(random.next()), sourceCount: capacity + .random(in: 0...6, using: &random))
      var refusedCount = 0
      for step in 0..<300 {
        let command = stream.next()
        let hasRoom = naive.apply(all: [command])
        let context: Comment = "seed \(seed), capacity \(capacity), step \(step)"
        #expect((state.lackOfRoom(for: [command]) == nil) == hasRoom, context)
        if !hasRoom { refusedCount += 1 }
        if hasRoom { _ = state.apply([command]) }
        Self.expectEqual(state, naive, context)
      }
      #expect(refusedCount < 300)
    }
  }

  @Test(arguments: seeds)
  func whatARoomCheckAcceptsFindsRoomAndWhatItRefusesDoesNot(seed: UInt64) {
    print("room check seed: \(seed)")
    var random = SplitMix(seed)
    var outcomes: [Bool: Int] = [:]
    for _ in 0..<12 {
      let (capacity, accountsMax) = (
        Int.random(in: 1...9, using: &random), Int.random(in: 10...60, using: &random)
      )
      let state = Self.state(sourcesMax: capacity, accountsMax: accountsMax)
      var naive = NaiveState(sourcesMax: capacity, accountsMax: accountsMax)
      var stream = CommandStream(
        SplitMix(random.next()), sourceCount: capacity + .random(in: 0...6, using: &random),
        buyerCount: UInt64(accountsMax) + 3)
      for step in 0..<60 {
        var check = RoomCheck(state)
        var accepted: [Command] = []
        for _ in 0..<Int.random(in: 1...12, using: &random) {
          let commands = stream.job()
          let job = Make.job(commands, stream: 1, Outcomes())
          let lack = check.lackOfRoom(for: job)
          let hasRoom = naive.apply(all: commands)
          #expect((lack == nil) == hasRoom, "seed \(seed), step \(step): \(lack ?? "room")")
          outcomes[hasRoom, default: 0] += 1
          if hasRoom { accepted += commands }
        }
        #expect(state.lackOfRoom(for: accepted) == nil, "seed \(seed), step \(step)")
        _ = state.apply(accepted)
        Self.expectEqual(state, naive, "seed \(seed), step \(step)")
      }
    }
    #expect(outcomes[true, default: 0] > 100 && outcomes[false, default: 0] > 100)
  }

  @Test func aSourceGivesWayAfterExactlySevenDays() {
    let state = Self.state(sourcesMax: 2)
    let start: UInt32 = 1_750_000_000
    func command(_ source: UInt64, _ sequence: UInt64, after seconds: UInt32) -> Command {
      Command(source: source, sequence: sequence, event: Make.settled(1, 1, at: start + seconds))
    }
    _ = state.apply([command(1, 1, after: 0), command(2, 1, after: 5)])
    let week: UInt32 = 7 * 86_400
    let lack = state.lackOfRoom(for: [command(3, 1, after: week - 1)])
    #expect(lack == "no room for another source: 2 are remembered, and none was idle for 7 days")
    // The event's own time counts, so a full table opens up by itself.
    #expect(state.lackOfRoom(for: [command(3, 1, after: week)]) == nil)
    // One gives way to the first of two; the other was used five seconds too late.
    #expect(
      state.lackOfRoom(for: [command(3, 1, after: week), command(4, 1, after: week)]) != nil)
    // Even a duplicate is a use: it makes the other the next to go.
    #expect(state.apply([command(1, 1, after: 0)]) == 0)
    #expect(state.lackOfRoom(for: [command(3, 1, after: week + 4)]) != nil)
    _ = state.apply([command(3, 9, after: week + 5)])
    #expect([1, 2, 3].map(state.highestSequence) == [1, 0, 9])
    // Who was forgotten starts anew, once there is room.
    _ = state.apply([command(2, 1, after: week + 5)])
    #expect([1, 2, 3].map(state.highestSequence) == [0, 1, 9])
  }

  @Test func theHashCoversEveryFieldOfASourceAndTheTime() {
    func hash(_ commands: [Command]) -> UInt64 {
      let state = Self.state(sourcesMax: 4)
      _ = state.apply(commands)
      return state.hash
    }
    // Equal accounts, position and sequences; the last uses differ.
    let base = [1, 2, 2, 1].map { source in
      Command(source: source, sequence: 1, event: Make.settled(1, 1))
    }
    var other = base
    other.swapAt(2, 3)
    #expect(hash(base) != hash(other))
    #expect(hash(base) == hash(base))
  }

  @Test func aSourceOfWhichOnlySequenceZeroCameIsNotRemembered() {
    let state = Self.state(sourcesMax: 1)
    #expect(state.apply([Command(source: 5, sequence: 0, event: Make.settled(1, 1))]) == 0)
    #expect(state.sources.count == 0 && state.newestEventAt == .zero)
    #expect(state.position == LogPosition(1))
  }

  @Test func manySourcesComeAndGo() {
    let state = Self.state(sourcesMax: 1_000)
    for round in 0..<20 as Range<UInt32> {
      let commands = (0..<700 as Range<UInt64>).map { n in
        // Multiples of a large power of two: the same low bits.
        Command(
          source: (UInt64(round) * 350 + n + 1) << 32, sequence: 1,
          event: Make.settled(1, 1, at: 1_700_000_000 + round * 8 * 86_400))
      }
      #expect(state.lackOfRoom(for: commands) == nil)
      _ = state.apply(commands)
      state.sources.checkInvariants()
    }
    #expect(state.sources.count == 1_000)
  }

  @Test func aLogThatASmallerTableCannotHoldIsFoundOutBeforeItIsApplied() {
    let state = Self.state(sourcesMax: 2, accountsMax: 10)
    // Ten buyers and one merchant; a duplicate needs no account.
    let commands = Make.commands(1, 1...10)
    #expect(
      state.lackOfRoom(for: commands) == "no room for 1 new accounts: the limit is 10")
    let fitting =
      Array(commands.dropLast()) + [
        Command(source: 1, sequence: 9, event: Make.settled(10, 1))
      ]
    #expect(state.lackOfRoom(for: fitting) == nil)
    #expect(state.apply(fitting) == 9)
    #expect(state.lackOfRoom(for: Array(commands.prefix(9))) == nil)
    #expect(state.lackOfRoom(for: [Command]()) == nil)
    let sources = [2, 3].map { Command(source: $0, sequence: 1, event: Make.settled(1, 1)) }
    #expect(state.lackOfRoom(for: [sources[0]]) == nil)
    #expect(state.lackOfRoom(for: sources)?.hasPrefix("no room for another source") == true)
  }
}
