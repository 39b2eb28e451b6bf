import Foundation

/// A file that appears when it is complete: written beside its place, and moved there.
///
/// It is made at once, so that what cannot be written is known before the work begins.
final class NewFile {
  private let path: String
  private let partPath: String
  private let file: FileHandle
  private var isDone = false

  /// - Parameter keepsPart: go on with what was written of it before.
  init(_ path: String, keepsPart: Bool = false) throws {
    self.path = path
    partPath = path + ".part"
    let isThere = FileManager.default.fileExists(atPath: partPath)
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type]
    if type as? FileAttributeType == .typeDirectory {
      throw CommandFailure("cannot write \(path): it is a folder")
    }
    guard
      keepsPart && isThere
        || FileManager.default.createFile(atPath: partPath, contents: nil),
      let file = FileHandle(forUpdatingAtPath: partPath)
    else { throw CommandFailure("cannot write \(path): no file can be made there") }
    self.file = file
  }

  /// Bytes written.
  var count: UInt64 { (try? file.offset()) ?? 0 }

  func write(_ text: String) throws {
    do {
      try file.write(contentsOf: Data(text.utf8))
    } catch {
      throw CommandFailure("cannot write \(path): \(error.localizedDescription)")
    }
  }

  /// Bytes that are there; for one that goes on with what was written.
  var sizeBytes: UInt64 {
    let attributes = try? FileManager.default.attributesOfItem(atPath: partPath)
    return attributes?[.size] as? UInt64 ?? 0
  }

  func synchronize() throws {
    do {
      try file.synchronize()
    } catch {
      throw CommandFailure("cannot write \(path): \(error.localizedDescription)")
    }
  }

  /// Takes away what stands behind `count` bytes.
  func truncate(to count: UInt64) throws {
    do {
      try file.truncate(atOffset: count)
      try file.seek(toOffset: count)
    } catch {
      throw CommandFailure("cannot write \(path): \(error.localizedDescription)")
    }
  }

  /// Puts it in its place.
  func finish() throws {
    do {
      try file.synchronize()
      try file.close()
      // Safe: both texts live as long as the call.
      guard unsafe rename(partPath, path) == 0 else {
        throw CommandFailure("cannot write \(path): it cannot be put in its place")
      }
      isDone = true
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure("cannot write \(path): \(error.localizedDescription)")
    }
  }

  /// Takes away what was written, unless it is in its place.
  func abandon() {
    if isDone { return }
    try? file.close()
    try? FileManager.default.removeItem(atPath: partPath)
  }
}
