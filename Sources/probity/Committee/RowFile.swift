import Foundation
import IntegrityCore
import Rescoring

/// A row for each account that changes: CSV or NDJSON, by the name of the file.
final class RowFile {
  enum Format { case csv, ndjson }

  private let file: NewFile
  private let format: Format

  private static let header =
    "kind,account,score_before,score_after,floor_before,floor_after,tier_before,tier_after\n"

  static func format(of path: String) -> Format? {
    if path.hasSuffix(".csv") { return .csv }
    return path.hasSuffix(".ndjson") ? .ndjson : nil
  }

  /// - Parameter from: bytes that are there from before, and stay; 0 = it begins.
  init(_ path: String, from: UInt64 = 0) throws {
    guard let format = Self.format(of: path) else {
      throw CommandFailure("\(path): --out must end in .csv or .ndjson")
    }
    self.format = format
    file = try NewFile(path, keepsPart: from > 0)
    if file.sizeBytes < from {
      file.abandon()
      throw CommandFailure(
        "\(path).part does not hold the rows that the checkpoint tells of: remove the checkpoint "
          + "to begin anew")
    }
    try file.truncate(to: from)
    if from == 0 && format == .csv { try file.write(Self.header) }
  }

  var count: UInt64 { file.count }

  /// Has what was written on disk, before something says that it is.
  func synchronize() throws { try file.synchronize() }

  func add(_ rows: [RescoreRow]) throws {
    if rows.isEmpty { return }
    var text = ""
    for row in rows { text += line(row) }
    try file.write(text)
  }

  private func line(_ row: RescoreRow) -> String {
    let (before, after) = (row.before, row.after)
    switch format {
    case .csv:
      return "\(row.account.kind.name),\(row.account.id.rawValue),\(before.score),\(after.score),"
        + "\(before.scoreFloor),\(after.scoreFloor),\(before.tier.name),\(after.tier.name)\n"
    case .ndjson:
      return "{\"kind\":\"\(row.account.kind.name)\",\"account\":\(row.account.id.rawValue),"
        + "\"scoreBefore\":\(before.score),\"scoreAfter\":\(after.score),"
        + "\"floorBefore\":\(before.scoreFloor),\"floorAfter\":\(after.scoreFloor),"
        + "\"tierBefore\":\"\(before.tier.name)\",\"tierAfter\":\"\(after.tier.name)\"}\n"
    }
  }

  /// Takes away rows of a shard that comes once more.
  func truncate(to count: UInt64) throws { try file.truncate(to: count) }
  func finish() throws { try file.finish() }
  func abandon() { file.abandon() }
}
