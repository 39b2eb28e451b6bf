import EventFeed

/// Bad lines as people hear of them: the first ones at once, then only their number.
struct FaultReport {
  /// Faults printed one by one: more would scroll the first ones away.
  static let shownMax = 20
  private(set) var count = 0

  mutating func add(_ fault: FeedFault) {
    count += 1
    if count <= Self.shownMax { Output.printError(fault.description) }
    if count == Self.shownMax { Output.printError("(further bad lines are only counted)") }
  }
}
