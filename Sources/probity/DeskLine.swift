import IntegrityCore

/// A command of the desk as a line of JSON: what `store commands` prints of a log.
enum DeskLine {
  static func json(_ command: DeskCommand, position: UInt64) -> String {
    var fields = [
      "\"position\":\(position)", "\"at\":\(command.at.rawValue)",
      "\"desk\":\(quoted(name(command.action)))",
    ]
    if !command.actor.isEmpty { fields.append("\"actor\":\(quoted(command.actor))") }
    if !command.reason.isEmpty { fields.append("\"reason\":\(quoted(command.reason))") }
    return "{" + fields.joined(separator: ",") + "}"
  }

  /// Its case and what it is given, in words.
  private static func name(_ action: DeskAction) -> String {
    if case .putPolicy(let text) = action { return "putPolicy (\(text.utf8.count) bytes)" }
    return "\(action)"
  }

  private static func quoted(_ text: String) -> String {
    var line = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": line += "\\" + String(scalar)
      default: line.unicodeScalars.append(scalar.value < 32 ? " " : scalar)
      }
    }
    return line + "\""
  }
}
