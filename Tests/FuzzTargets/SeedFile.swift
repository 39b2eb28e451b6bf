import Glibc

/// Writes a seed into a corpus.
///
/// - Throws: `UnwritableSeed`.
public func writeSeed(_ bytes: [UInt8], to path: String) throws {
  guard let file = unsafe fopen(path, "w") else { throw UnwritableSeed(path: path) }
  defer { unsafe fclose(file) }
  // Safe: as many bytes as the array has.
  if unsafe fwrite(bytes, 1, bytes.count, file) != bytes.count { throw UnwritableSeed(path: path) }
}

/// A file that a seed could not be written to.
public struct UnwritableSeed: Error {
  public let path: String
}
