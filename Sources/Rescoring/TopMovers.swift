import IntegrityCore

/// The accounts whose scores move furthest, at most so many: memory is bounded, whatever the
/// population.
public struct TopMovers: Sendable {
  public static let countStandard = 20
  private let countMax: Int
  /// A heap: the one that moves least of them on top.
  private var heap: [RescoreRow] = []

  public init(countMax: Int) {
    precondition(countMax > 0)
    self.countMax = countMax
    heap.reserveCapacity(countMax)
  }

  /// Furthest first; of those that move as far, the lower ids first.
  public var movers: [RescoreRow] { heap.sorted { Self.movesLess($1, $0) } }

  /// Whether an account that moves by so many points is among them: asked of every account,
  /// before anything is made of it.
  func takes(_ change: Int, of account: AccountKey) -> Bool {
    if change == 0 || heap.count < countMax { return change != 0 }
    return Self.movesLess(heap[0].change, heap[0].account, change, account)
  }

  public mutating func add(_ mover: RescoreRow) {
    if !takes(mover.change, of: mover.account) { return }
    if heap.count < countMax {
      heap.append(mover)
      siftUp()
    } else {
      heap[0] = mover
      siftDown()
    }
  }

  public mutating func merge(_ other: TopMovers) {
    for mover in other.heap { add(mover) }
  }

  /// A total order, so that the same accounts are found in whatever order they come.
  private static func movesLess(
    _ a: Int, _ accountA: AccountKey, _ b: Int, _ accountB: AccountKey
  ) -> Bool {
    if abs(a) != abs(b) { return abs(a) < abs(b) }
    if accountA.kind != accountB.kind { return accountA.kind.rawValue > accountB.kind.rawValue }
    return accountA.id.rawValue > accountB.id.rawValue
  }

  private static func movesLess(_ a: RescoreRow, _ b: RescoreRow) -> Bool {
    movesLess(a.change, a.account, b.change, b.account)
  }

  private mutating func siftUp() {
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if !Self.movesLess(heap[child], heap[parent]) { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if Self.movesLess(heap[child], heap[least]) { least = child }
      }
      if least == parent { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
