import Foundation
import IntegrityCore
import ProbityWire
import Rescoring

/// What a rescore has come to, so that one that was interrupted goes on.
///
/// A line that says which rescore it is; then for each complete shard the bytes that its rows
/// end at in the row file (8, little-endian), and its part as a frame of the wire, with its
/// checksum. What a crash leaves behind the last whole frame is not looked at.
final class Checkpoint {
  private let path: String
  private let file: FileHandle
  private let codec = Codec()
  /// What was there when it was opened.
  private(set) var summary = RescoreSummary()
  private(set) var rowBytes: UInt64 = 0

  init(_ path: String, of rescore: String) throws {
    self.path = path
    let title = "probity rescore " + rescore + "\n"
    let bytes = FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
    if bytes.isEmpty {
      guard FileManager.default.createFile(atPath: path, contents: Data(title.utf8)) else {
        throw CommandFailure("cannot write the checkpoint \(path)")
      }
    } else if !bytes.starts(with: Array(title.utf8)) {
      throw CommandFailure(
        "\(path) is of another rescore: remove it, or name another --checkpoint")
    }
    guard let file = FileHandle(forUpdatingAtPath: path) else {
      throw CommandFailure("cannot write the checkpoint \(path)")
    }
    self.file = file
    let end = read(bytes, from: title.utf8.count)
    try? file.truncate(atOffset: UInt64(max(end, title.utf8.count)))
    _ = try? file.seekToEnd()
  }

  /// - Returns: where the last whole part ends.
  private func read(_ bytes: [UInt8], from start: Int) -> Int {
    var offset = start
    while bytes.count - offset > 8 {
      let rowBytes = (0..<8).reduce(UInt64(0)) {
        $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1))
      }
      guard let (part, frameBytes) = codec.storedPart(in: bytes[(offset + 8)...]) else { break }
      summary.add(part)
      self.rowBytes = rowBytes
      offset += 8 + frameBytes
    }
    return offset
  }

  /// Keeps a complete shard, and what it comes to together with those before.
  func add(_ part: RescorePart, rowBytes: UInt64) throws {
    summary.add(part)
    let head = (0..<8).map { UInt8(truncatingIfNeeded: rowBytes >> (8 * UInt64($0))) }
    do {
      try file.write(contentsOf: Data(head + codec.stored(part)))
    } catch {
      throw CommandFailure("cannot write the checkpoint \(path): \(error.localizedDescription)")
    }
  }

  /// The rescore has come to its end.
  func remove() {
    try? file.close()
    try? FileManager.default.removeItem(atPath: path)
  }
}
