import CProbityShims

/// CRC32C (Castagnoli), by the processor's instruction where it has one.
public enum CRC32C {
  /// Checksum of `bytes` behind what gave `crc`; start with 0. About 0.12 ns a byte.
  public static func update(_ crc: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    guard let base = bytes.baseAddress else { return crc }
    return unsafe probity_crc32c(crc, base, bytes.count)
  }

  /// The same by tables: what the instruction is tested against.
  public static func updateInSoftware(_ crc: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    guard let base = bytes.baseAddress else { return crc }
    return unsafe probity_crc32c_software(crc, base, bytes.count)
  }

  public static var isHardware: Bool { probity_crc32c_is_hardware() != 0 }
}
