import Foundation
import Glibc

/// Reads a file or standard input in pieces of whole lines, in bounded memory.
final class LineReader {
  struct Line {
    let number: Int
    let bytes: ArraySlice<UInt8>

    /// Nothing but white space.
    var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d } }
  }

  /// Bytes asked for at a time; a line may be no longer than four times that.
  private static let pieceBytes = 256 << 10

  /// Size of a file; nil where nobody knows.
  let sizeBytes: Int?
  private(set) var readBytes = 0
  private let file: Int32
  private var unfinished: [UInt8] = []
  private var lineNumber = 0
  private var isAtEnd = false

  /// - Throws: `CommandFailure` where the file cannot be opened.
  init(path: String) throws {
    if path == "-" {
      file = STDIN_FILENO
      sizeBytes = nil
      return
    }
    file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 { throw CommandFailure("cannot read \(path): \(Self.reason)") }
    var information = stat()
    unsafe fstat(file, &information)
    if information.st_mode & S_IFMT == S_IFDIR {
      throw CommandFailure("cannot read \(path): it is a directory")
    }
    sizeBytes = information.st_mode & S_IFMT == S_IFREG ? Int(information.st_size) : nil
  }

  deinit { if file > STDIN_FILENO { close(file) } }

  /// The next lines, without their newlines; nil at the end.
  func next() throws -> [Line]? {
    while !isAtEnd {
      let piece = try readPiece()
      if piece.isEmpty { isAtEnd = true }
      unfinished += piece
      let end = isAtEnd ? unfinished.endIndex : unfinished.lastIndex(of: 0x0a).map { $0 + 1 }
      guard let end else {
        if unfinished.count > Self.pieceBytes * 4 {
          throw CommandFailure("line \(lineNumber + 1) is longer than a megabyte: not a feed")
        }
        continue
      }
      let whole = unfinished[..<end]
      unfinished = Array(unfinished[end...])
      if whole.isEmpty { return nil }
      return lines(whole)
    }
    return nil
  }

  private func lines(_ whole: ArraySlice<UInt8>) -> [Line] {
    var pieces = whole.split(separator: 0x0a, omittingEmptySubsequences: false)
    if whole.last == 0x0a { pieces.removeLast() }
    return pieces.map { bytes in
      lineNumber += 1
      return Line(number: lineNumber, bytes: bytes)
    }
  }

  private func readPiece() throws -> [UInt8] {
    while true {
      var count = 0
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) {
        buffer, initialized in
        count = unsafe read(file, buffer.baseAddress, Self.pieceBytes)
        initialized = max(0, count)
      }
      if count >= 0 {
        readBytes += count
        return piece
      }
      if errno != EINTR { throw CommandFailure("reading failed: \(Self.reason)") }
    }
  }

  private static var reason: String { unsafe String(cString: strerror(errno)) }
}
