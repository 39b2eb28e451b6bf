import IntegrityCore

/// A command as it is logged: an event of a source, or what the desk does.
public enum LoggedCommand: Hashable, Sendable {
  case event(Command)
  case desk(DeskCommand)

  /// Appends what is logged to `bytes`.
  public func append(to bytes: inout [UInt8]) {
    switch self {
    case .event(let command): CommandCoding.append(command, to: &bytes)
    case .desk(let command): DeskCoding.append(command, to: &bytes)
    }
  }

  /// The commands of a group, or nil where any of its bytes are no command.
  ///
  /// - Parameter bodyBytes: of the group; `bytes` may be longer.
  public static func decodeAll(
    _ bytes: [UInt8], bodyBytes: Int, count: Int
  ) -> [LoggedCommand]? {
    var commands: [LoggedCommand] = []
    commands.reserveCapacity(count)
    var offset = 0
    for _ in 0..<count {
      guard let command = decode(bytes, at: &offset) else { return nil }
      commands.append(command)
    }
    return offset == bodyBytes ? commands : nil
  }

  /// The command at `offset`, which moves behind it; nil where the bytes are no command.
  public static func decode(_ bytes: [UInt8], at offset: inout Int) -> LoggedCommand? {
    if let command = CommandCoding.decode(bytes, at: offset) {
      offset += CommandCoding.sizeBytes
      return .event(command)
    }
    return DeskCoding.decode(bytes, at: &offset).map { .desk($0) }
  }
}
