/// A report for people.
extension BenchReport {
  /// "50 connections × 16 in flight, closed loop, 1 thread; 1,000,000 accounts, uniform".
  public var shapeText: String {
    var text = "\(connections) connection\(connections == 1 ? "" : "s") × \(inFlight) in flight"
    if let rate {
      text += " at most, open loop at \(rate.grouped)/s"
    } else {
      text += ", closed loop"
    }
    text += ", \(threads) thread\(threads == 1 ? "" : "s")"
    if let batch, workload == .mixed {
      text += "; score:batch:record \(mix ?? ""), \(batch) in a batch"
    } else if let batch {
      text += "; \(batch) \(workload == .batch ? "ids" : "commands") each"
    }
    text += "; \(Double(accounts).grouped) accounts, \(distribution)"
    if let zipfExponent { text += " \(zipfExponent)" }
    return text
  }

  /// What answered, where, and the seed.
  public var placeText: String {
    let durability = server.durability.isEmpty ? "" : " (durability \(server.durability))"
    let version = isCeiling ? server.version : "probity \(server.version)\(durability)"
    return "\(version) at \(server.address); generator on \(machine.summary); seed \(seed)"
  }

  /// Lines for a terminal, 100 columns wide at most where names allow it.
  public var lines: [String] {
    var lines = ["\(isCeiling ? "ceiling of " : "")\(workload.rawValue): \(shapeText)"]
    lines.append("  throughput  \(rateText)")
    lines.append("  latency     \(latencyMicroseconds.text)")
    for name in ["score", "batch", "record"] {
      guard let call = calls?[name] else { continue }
      lines.append("  \(name.padded(to: 10))  \(call.requestsPerSecond.grouped) requests/s")
      lines.append("              \(call.latencyMicroseconds.text)")
    }
    if runs.count > 1 { lines.append("  \(runs.count) runs      \(spreadText)") }
    let busy = Int((client.busyShare * 100).rounded())
    var own = "  generator   \(client.nanosecondsPerRequest.grouped) ns of processor a request, "
    own += "busy for \(busy) % of the time"
    lines.append(own)
    if let late = client.lateMicroseconds { lines.append("  it was late \(late.text)") }
    for (name, count) in errors.sorted(by: { $0.key < $1.key }) {
      lines.append("  FAILED      \(Double(count).grouped) requests: \(name)")
    }
    return lines + ["  \(placeText)"]
  }

  private var rateText: String {
    var text = "\(requestsPerSecond.grouped) requests/s"
    if workload.hasBatches { text += ", \(itemsPerSecond.grouped) \(itemName)/s" }
    return text + "; \(Double(requests).grouped) in \(seconds.tenths) s"
  }

  /// What a call has many of.
  var itemName: String {
    switch workload {
    case .score, .batch: "ids"
    case .claim: "claims"
    case .record: "commands"
    case .mixed: "ids and commands"
    }
  }

  private var spreadText: String {
    let rate = runs.requestsPerSecond
    let p99 = runs.p99Microseconds
    return "\(rate.min.grouped)…\(rate.max.grouped) requests/s, "
      + "p99 \(p99.min.grouped)…\(p99.max.grouped) µs"
  }
}

extension LatencySummary {
  /// "p50 120  p90 180  p99 310  p99.9 900  p99.99 2,000  max 3,100 µs".
  public var text: String {
    let values = [
      ("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p999), ("p99.99", p9999), ("max", max),
    ]
    return values.map { "\($0.0) \($0.1.short)" }.joined(separator: "  ") + " µs"
  }
}

extension Double {
  /// Rounded, with commas: "1,234,567".
  var grouped: String {
    guard isFinite, magnitude < 1e15 else { return "\(self)" }
    let digits = String(Int(magnitude.rounded()))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (self <= -0.5 ? "-" : "") + text
  }

  /// With one digit behind the point.
  var tenths: String { "\((self * 10).rounded() / 10)" }

  /// Three digits or more: "1.25", "12.5", "1,250".
  var short: String {
    if self >= 100 { return grouped }
    return self >= 10 ? tenths : "\((self * 100).rounded() / 100)"
  }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
}
