import CommandLog
import ForgedStore
import Foundation
import Testing

/// The real file system: what the simulated disk does, and what it says when it
/// refuses.
@Suite struct PosixDiskTests {
  /// A directory that is removed when the test is over.
  static func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("probity-disk-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
  }

  static func error(_ body: () throws -> Void) -> DiskError? {
    do {
      try body()
      return nil
    } catch { return error as? DiskError }
  }

  static func fault(_ body: () throws -> Void) -> StoreFault? {
    do {
      try body()
      return nil
    } catch { return error as? StoreFault }
  }

  /// Root reads and writes whatever the permissions say.
  static var isRoot: Bool { getuid() == 0 }

  @Test func filesAreWrittenReadAndNamed() throws {
    try Self.withDirectory { directory in
      let disk = PosixDisk(directory: directory + "//")
      #expect(disk.path(of: "a") == directory + "/a")
      #expect(try disk.names() == [])
      let file = try disk.create("a")
      try file.write(payload(1, bytes: 10_000).span, at: 100)
      try file.allocate(20_000)
      try file.sync()
      file.dropCache()
      #expect(try file.sizeBytes == 20_000)
      var buffer: [UInt8] = [1]
      #expect(try file.read(10_000, at: 100, into: &buffer) == 10_000)
      #expect(buffer == payload(1, bytes: 10_000))
      #expect(try file.read(200, at: 19_900, into: &buffer) == 100)
      #expect(try file.read(200, at: 30_000, into: &buffer) == 0)
      #expect(try file.read(0, at: 0, into: &buffer) == 0)
      try disk.rename("a", to: "b")
      _ = try disk.create("a")
      try disk.rename("a", to: "b")
      try disk.syncDirectory()
      #expect(try disk.names() == ["b"])
      #expect(try disk.open("b", for: .reading).sizeBytes == 0)
      try disk.remove("b")
      #expect(try disk.names() == [])
      #expect(try disk.freeBytes() > 0)
    }
  }

  @Test func aLogIsKeptInFiles() throws {
    try Self.withDirectory { directory in
      let disk = PosixDisk(directory: directory)
      let log = try LogSettings().open(disk).log
      try log.makeSpare()
      for position in 1...8 as ClosedRange<UInt64> { try log.append(position) }
      #expect(try log.prune(through: 4) == 2 * (16 << 10))
      let opened = try LogSettings().open(disk, after: 4)
      #expect(opened.entries.map(\.payload) == (5...8).map { payload($0) })
      try SnapshotTests.write(disk, 8, [payload(3)])
      #expect(try SnapshotTests.read(disk, 8) == [payload(3)])
      #expect(try disk.snapshotPositions() == [8])
    }
  }

  @Test func whatIsRefusedNamesTheFileAndTheReason() throws {
    try Self.withDirectory { directory in
      let disk = PosixDisk(directory: directory)
      let missing = try #require(Self.error { _ = try disk.open("a", for: .reading) })
      #expect(missing.kind == .missing)
      #expect(missing.file == directory + "/a")
      #expect(missing.description == "cannot open \(directory)/a: No such file or directory")
      #expect(Self.error { try disk.rename("a", to: "b") }?.kind == .missing)
      #expect(Self.error { try disk.remove("a") }?.kind == .missing)
      _ = try disk.create("a")
      #expect(Self.error { _ = try disk.create("a") }?.kind == .exists)
      // Not a file that was opened for writing.
      let reading = try disk.open("a", for: .reading)
      let refused = try #require(Self.error { try reading.write([1].span, at: 7) })
      #expect(refused.operation == .write && refused.offset == 7)
      let nowhere = PosixDisk(directory: directory + "/none")
      for error in [
        Self.error { _ = try nowhere.names() }, Self.error { try nowhere.syncDirectory() },
        Self.error { _ = try nowhere.freeBytes() },
      ] {
        #expect(error?.kind == .missing)
        #expect(error?.file == directory + "/none")
      }
    }
  }

  @Test(.disabled(if: isRoot, "root may read and write everything"))
  func withoutPermissionTheFileIsNamed() throws {
    try Self.withDirectory { directory in
      let disk = PosixDisk(directory: directory)
      _ = try disk.create("a")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o000], ofItemAtPath: directory + "/a")
      let error = try #require(Self.error { _ = try disk.open("a", for: .reading) })
      #expect(error.kind == .denied)
      #expect(error.file == directory + "/a")
      try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: directory)
      #expect(Self.error { _ = try disk.create("b") }?.kind == .denied)
      #expect(Self.fault { _ = try DirectoryLock(directory: directory) }?.kind == .access)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: directory)
    }
  }

  /// A file system that is mounted for reading, where there is one.
  static let readOnlyDirectory = ["/sys/kernel", "/proc/self"].first { path in
    let error = error { _ = try PosixDisk(directory: path).create("probity") }
    return error?.kind == .readOnly
  }

  @Test(.enabled(if: readOnlyDirectory != nil, "no file system here is mounted for reading"))
  func aFileSystemMountedForReadingIsToldFromMissingPermission() throws {
    let directory = try #require(Self.readOnlyDirectory)
    let fault = try #require(Self.fault { _ = try DirectoryLock(directory: directory) })
    #expect(fault.kind == .access)
    #expect(fault.file == directory + "/lock")
    #expect(fault.remedy.contains("mount"))
  }
}

/// One process at a time.
@Suite struct DirectoryLockTests {
  @Test func aSecondLockIsRefusedNamingTheProcessThatHasIt() throws {
    try PosixDiskTests.withDirectory { directory in
      var lock: DirectoryLock? = try DirectoryLock(directory: directory)
      let fault = try #require(
        PosixDiskTests.fault { _ = try DirectoryLock(directory: directory) })
      #expect(fault.kind == .inUse)
      #expect(fault.file == directory + "/lock")
      #expect(fault.what.contains("process \(getpid())"))
      _ = lock
      lock = nil
      lock = try DirectoryLock(directory: directory)
      _ = lock
    }
  }

  @Test func theDirectoryIsMadeWithAllAbove() throws {
    try PosixDiskTests.withDirectory { directory in
      let deep = directory + "/a//b/c/"
      let lock = try DirectoryLock(directory: deep)
      #expect(try PosixDisk(directory: deep).names() == [FileNames.lock])
      _ = lock
    }
  }

  @Test func aFileInItsPlaceIsNamed() throws {
    try PosixDiskTests.withDirectory { directory in
      _ = try PosixDisk(directory: directory).create("file")
      for path in ["/file", "/file/below"] {
        let fault = try #require(
          PosixDiskTests.fault { _ = try DirectoryLock(directory: directory + path) })
        #expect(fault.kind == .access)
        #expect(fault.file.hasPrefix(directory + "/file"))
      }
    }
  }

  /// The lock is the system's: a file that another process left means nothing.
  @Test func aLeftLockFileIsNoLock() throws {
    try PosixDiskTests.withDirectory { directory in
      let file = try PosixDisk(directory: directory).create(FileNames.lock)
      try file.write(Array("999999\n".utf8).span, at: 0)
      let lock = try DirectoryLock(directory: directory)
      let fault = PosixDiskTests.fault { _ = try DirectoryLock(directory: directory) }
      #expect(fault?.what.contains("process \(getpid())") == true)
      _ = lock
    }
  }
}
