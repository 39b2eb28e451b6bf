import FuzzTargets
import Glibc

// What libFuzzer calls. `fuzz-snapshot --seeds DIRECTORY` writes the inputs to begin
// with; anything else is for libFuzzer: `-help=1`.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
  if CommandLine.arguments.count == 3 && CommandLine.arguments[1] == "--seeds" {
    do {
      for (name, input) in try FuzzSeeds.snapshot() {
        try writeSeed(input, to: CommandLine.arguments[2] + "/seed-" + name)
      }
      exit(0)
    } catch {
      print(error)
      exit(1)
    }
  }
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func run(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // Safe: copied at once; libFuzzer says how many there are.
  SnapshotFuzz.run(unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
