/// What the simulation says in short, for whoever reads it by machine.
struct Verdicts {
  private var fields: [String] = []
  /// What did not hold: the program ends with failure.
  private(set) var failures: [String] = []

  mutating func add(_ report: AttackReport) {
    let attacks = report.entries.compactMap { entry in
      entry.findings.first.map { finding in
        """
        \(JSONText.quoted(entry.id)):{"title":\(JSONText.quoted(entry.title)),\
        "pays":\(finding.pays),"net":\(Cell.money(finding.gain).json)}
        """
      }
    }
    fields.append("\"attacks\":{\(attacks.joined(separator: ","))}")
    failures += report.blunt
  }

  mutating func checkNothingPays(_ report: AttackReport) {
    for entry in report.entries {
      guard let finding = entry.findings.first else { continue }
      check(!finding.pays, orElse: "\(entry.id) pays under \(finding.variant): \(finding.plan)")
    }
  }

  /// - Parameter percent: rounded to two digits.
  mutating func add(_ name: String, percent: Double) {
    fields.append("\(JSONText.quoted(name)):\(Cell.fixed(percent, 2))")
  }

  mutating func check(_ isSo: Bool, orElse failure: String) {
    if !isSo { failures.append(failure) }
  }

  var json: String {
    let failed = "\"failedChecks\":\(JSONText.list(failures.map(JSONText.quoted)))"
    return "{\((fields + [failed]).joined(separator: ","))}"
  }
}
