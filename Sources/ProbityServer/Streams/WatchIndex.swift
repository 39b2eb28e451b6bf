import IntegrityCore

/// Which watches want to hear of which account: some 50 bytes an account of a watch.
package struct WatchIndex {
  /// The first node of each account that is watched.
  private var heads: [AccountKey: Int32] = [:]
  private var nodes: [Node] = []
  private var free: Int32 = -1

  private struct Node {
    var watch: UInt32
    /// −1 = the last.
    var next: Int32
  }

  /// Accounts of all watches together.
  package private(set) var count = 0

  package init() {}

  package mutating func insert(_ account: AccountKey, of watch: UInt32) {
    let node = Node(watch: watch, next: heads[account] ?? -1)
    let place: Int32
    if free >= 0 {
      place = free
      free = nodes[Int(place)].next
      nodes[Int(place)] = node
    } else {
      place = Int32(nodes.count)
      nodes.append(node)
    }
    heads[account] = place
    count += 1
  }

  /// - Precondition: it was inserted.
  package mutating func remove(_ account: AccountKey, of watch: UInt32) {
    guard var place = heads[account] else { preconditionFailure("nobody watches that account") }
    var before: Int32 = -1
    while nodes[Int(place)].watch != watch {
      before = place
      place = nodes[Int(place)].next
    }
    let next = nodes[Int(place)].next
    if before >= 0 {
      nodes[Int(before)].next = next
    } else {
      heads[account] = next < 0 ? nil : next
    }
    nodes[Int(place)].next = free
    free = place
    count -= 1
    if count == 0 { self = WatchIndex() }
  }

  /// Calls `body` with every watch of `account`.
  package func forEach(of account: AccountKey, _ body: (UInt32) -> Void) {
    guard var place = heads[account] else { return }
    while place >= 0 {
      body(nodes[Int(place)].watch)
      place = nodes[Int(place)].next
    }
  }
}
