import IntegrityCore
import ProbityEngine

/// Numbers that look random and are the same on every run of a seed.
/// Source: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Sources and accounts of a state in the words of the rules: an array that is
/// sorted at every step, and a set.
struct NaiveState {
  let sourcesMax: Int
  let accountsMax: Int
  /// Idle for longest first.
  private(set) var entries: [SourceTable.Entry] = []
  private(set) var accounts: Set<AccountKey> = []
  private(set) var time = UnixSeconds.zero
  private(set) var position: UInt64 = 0
  /// Who gave way to the last command, if anybody.
  private(set) var gaveWay: UInt64?

  init(sourcesMax: Int, accountsMax: Int = .max) {
    self.sourcesMax = sourcesMax
    self.accountsMax = accountsMax
  }

  /// False if there was no room; the state is then of no use.
  mutating func apply(_ command: Command) -> Bool {
    position += 1
    gaveWay = nil
    var entry = entries.first { $0.source == command.source }
    if command.sequence > (entry?.sequence ?? 0) {
      time = max(time, command.event.at)
      if entry == nil && entries.count == sourcesMax {
        if time.rawValue - entries[0].lastAt.rawValue < 7 * 86_400 { return false }
        gaveWay = entries.removeFirst().source
      }
      entry = SourceTable.Entry(
        source: command.source, sequence: command.sequence, lastPosition: 0, lastAt: time)
      accounts.insert(AccountKey(.buyer, command.event.buyer))
      accounts.insert(AccountKey(.merchant, command.event.merchant))
      if accounts.count > accountsMax { return false }
    }
    guard var entry else { return true }
    entry.lastPosition = position
    entry.lastAt = time
    entries.removeAll { $0.source == command.source }
    entries.append(entry)
    entries.sort { $0.lastPosition < $1.lastPosition }
    return true
  }

  /// All of them, or false and nothing changed.
  mutating func apply(all commands: [Command]) -> Bool {
    var copy = self
    for command in commands where !copy.apply(command) { return false }
    self = copy
    return true
  }
}

/// Commands that forget, repeat and leap in time.
struct CommandStream {
  var random: SplitMix
  var time: UInt32 = 1_700_000_000
  let sourceCount: Int
  let buyerCount: UInt64

  init(_ random: SplitMix, sourceCount: Int, buyerCount: UInt64 = 5) {
    self.random = random
    self.sourceCount = sourceCount
    self.buyerCount = buyerCount
  }

  mutating func next() -> Command { next(ofSource: source(), after: 0) }

  /// 1 to 4 commands of a source with increasing sequences.
  mutating func job() -> [Command] {
    let source = source()
    var commands = [next(ofSource: source, after: 0)]
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      commands.append(next(ofSource: source, after: commands[commands.count - 1].sequence))
    }
    return commands
  }

  private mutating func source() -> UInt64 {
    // Ids far apart and near one another.
    let n = UInt64.random(in: 1...UInt64(sourceCount), using: &random)
    return n % 2 == 0 ? n : n << 40
  }

  private mutating func next(ofSource source: UInt64, after sequence: UInt64) -> Command {
    switch UInt64.random(in: 0..<20, using: &random) {
    case 0: time += 7 * 86_400
    case 1..<6: time += UInt32.random(in: 0...4 * 86_400, using: &random)
    default: break
    }
    let late = UInt64.random(in: 0..<4, using: &random) == 0
    let event = Make.settled(
      .random(in: 1...buyerCount, using: &random), 1, at: late ? time - 5 * 86_400 : time)
    return Command(
      source: source, sequence: sequence + .random(in: 1...6, using: &random), event: event)
  }
}
