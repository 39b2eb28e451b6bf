import Foundation

/// A line on standard error that tells how far long work is.
struct Progress {
  private let total: Int?
  private let unit: String
  private let isShown: Bool
  private let started = ContinuousClock.now
  private var lastShown = ContinuousClock.now

  /// - Parameter total: what `done` will reach; nil = nobody knows.
  init(total: Int?, unit: String, isShown: Bool) {
    self.total = total
    self.unit = unit
    self.isShown = isShown
  }

  /// Redraws ten times a second at most.
  mutating func update(done: Int, items: Int) {
    let now = ContinuousClock.now
    guard isShown, now - lastShown > .milliseconds(100) else { return }
    lastShown = now
    let seconds = (now - started) / .seconds(1)
    let rate = "\(items) \(unit), \(Int(Double(items) / seconds))/s"
    guard let total, total > 0, done > 0 else { return draw(rate) }
    let share = min(1, Double(done) / Double(total))
    let filled = Int(share * 30)
    let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: 30 - filled)
    let left = Int((seconds / share - seconds).rounded(.up))
    draw(
      "\(bar) \(Int(share * 100)) %  \(rate), \(left / 60):\(left % 60 < 10 ? "0" : "")\(left % 60) left"
    )
  }

  /// Takes the line away.
  func finish() { if isShown { draw("") } }

  private func draw(_ text: String) { Output.write("\r\u{1b}[K" + text, to: STDERR_FILENO) }
}
