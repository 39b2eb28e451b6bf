import Foundation
import IntegrityCore
import PolicyFitting

/// A line of CSV an order: what was known, what was said, what came of it.
final class RowsFile {
  private static let pieceBytes = 1 << 20

  private let file: FileHandle
  private let path: String
  private let history: FitHistory
  private var text = ""
  private var failure: (any Error)?
  private var hasHeader = false

  init(_ path: String, _ history: FitHistory) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let file = FileHandle(forWritingAtPath: path)
    else { throw CommandFailure("cannot write \(path)") }
    self.file = file
    self.path = path
    self.history = history
  }

  func add(_ judged: JudgedOrder) {
    if !hasHeader {
      let names = judged.evidence.map(\.name).joined(separator: ",")
      text += "part,asked,known,account,order,outcome,score,floor,probability,events,\(names),"
      text += "days,idle\n"
      hasHeader = true
    }
    let order = judged.order
    let counters = judged.evidence.map { "\($0.value)" }.joined(separator: ",")
    text +=
      "\(history.part(of: order).rawValue),\(order.askedAt.rawValue),\(order.knownAt.rawValue),"
    text += "\(order.account.id.rawValue),\(order.order),\(order.wentWrong ? 1 : 0),"
    text += "\(judged.score),\(judged.scoreFloor),\(judged.probability),\(judged.eventCount),"
    text += counters + ",\(judged.days.map { "\($0)" } ?? ""),"
    text += "\(judged.idleDays.map { "\($0)" } ?? "")\n"
    if text.utf8.count > Self.pieceBytes { flush() }
  }

  private func flush() {
    do {
      try file.write(contentsOf: Data(text.utf8))
    } catch {
      failure = failure ?? error
    }
    text = ""
  }

  func close() throws {
    flush()
    try? file.close()
    if let failure { throw CommandFailure("cannot write \(path): \(failure.localizedDescription)") }
  }
}
