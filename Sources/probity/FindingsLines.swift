// Findings as people read them.

extension StoreFindings: FindingsText {
  var lines: [String] {
    var lines = head
    lines += snapshots.isEmpty ? ["snapshots            none"] : []
    for snapshot in snapshots { lines += snapshot.lines }
    lines += segments.isEmpty ? ["segments             none"] : []
    for segment in segments { lines += segment.lines }
    for file in aside { lines.append(row("put aside", file.line)) }
    for file in drafts { lines.append(row("unfinished", file.line + "; a start removes it")) }
    lines += deep.value?.lines ?? []
    lines += startLines
    for fault in faults { lines.append(row("fault", fault)) }
    let verdict =
      start.refusal.value == nil
      ? "NOT SOUND: it would start, and files are damaged" : "NOT SOUND: it would not start"
    lines.append(row("verdict", sound ? "sound" : verdict))
    return lines
  }

  private var head: [String] {
    var lines = [
      row("directory", path),
      row("store", "\(store)…, made \(createdAt), half-life \(halfLifeSeconds / 86_400) days"),
    ]
    if let owner = inUseBy.value {
      lines.append(row("in use", "by process \(owner): what is said of the end is of this moment"))
    }
    return lines
  }

  private var startLines: [String] {
    if start.refusal.value != nil { return [row("a start", "would be REFUSED, see below")] }
    let tail = start.tornTail.value.map {
      "; would put aside \($0.bytes) bytes at offset \($0.offset) of \($0.file), which were "
        + "never acknowledged"
    }
    let load =
      start.snapshotPosition == 0
      ? "without a snapshot" : "load the snapshot at \(start.snapshotPosition)"
    return [
      row(
        "a start",
        "would \(start.snapshotPosition == 0 ? "begin " : "")\(load) and replay "
          + "\(start.replayedCommands.value ?? 0) commands, up to position "
          + "\(start.endPosition.value ?? 0)\(tail ?? "")")
    ]
  }
}

extension DeepRow {
  fileprivate var lines: [String] {
    var lines = notReplayed.map { row("not replayed", $0) }
    if let base = replayedFrom.value {
      lines.append(
        row(
          "replayed",
          "from \(base == 0 ? "the beginning" : "the snapshot at \(base)") to position "
            + "\(endPosition.value ?? 0): state hash \(stateHash.value ?? ""), "
            + "\(accounts.value ?? 0) accounts, \(sources.value ?? 0) sources"))
    }
    return lines
  }
}

extension SnapshotRow {
  fileprivate var lines: [String] {
    let size = bytes.value.map { UInt64($0).sizeText } ?? "size unknown"
    guard let stateHash = stateHash.value else {
      return [row("snapshot", "\(file), \(size): DAMAGED")]
    }
    var words = "at \(position), made \(createdAt.value ?? ""), \(size)"
    if let accounts = accounts.value, let sources = sources.value {
      words += ", \(accounts) accounts, \(sources) sources"
    }
    words += valid ? ": whole" : ": DAMAGED"
    var lines = [
      row("snapshot", words),
      row("", "state hash \(stateHash), policy \(policyHash.value ?? "")"),
    ]
    if loaded.value == true { lines.append(row("", "loaded: the state has that hash")) }
    switch equalsLog.value {
    case true: lines.append(row("", "verified: snapshot at \(position) equals the log's fold"))
    case false: lines.append(row("", "NOT what the log comes to at \(position)"))
    default: break
    }
    return lines
  }
}

extension SegmentRow {
  fileprivate var lines: [String] {
    guard let bytes = bytes.value else { return [row("segment", "\(file): DAMAGED")] }
    let range = commands == 0 ? "from \(firstPosition), empty" : "\(firstPosition)–\(lastPosition)"
    var words = "\(range): \(commands) commands in \(groups) groups, "
    words += "\(UInt64(bytesUsed).sizeText) of \(UInt64(bytes).sizeText)"
    words += valid ? "" : ": DAMAGED"
    var lines = [
      row("segment", words),
      row(
        "",
        "made \(createdAt.value ?? ""), policy \(policyHash.value ?? ""), "
          + "says that \(durablePosition) is on disk"),
    ]
    if let tail = tail.value {
      lines.append(row("", "\(tail.bytes) bytes at offset \(tail.offset) are no group"))
    }
    return lines
  }
}

extension FileRow {
  fileprivate var line: String {
    file + (bytes.value.map { ", \(UInt64($0).sizeText)" } ?? "")
  }
}

extension FileFindings: FindingsText {
  var lines: [String] {
    var lines = [row("file", path), row("store", "\(store)…")]
    lines += segment?.lines ?? []
    lines += snapshot?.lines ?? []
    if let part {
      let range =
        part.firstPosition.value.map { "\($0)–\(part.lastPosition.value ?? $0)" } ?? "none"
      lines.append(
        row(
          "part of a segment",
          "\(part.commands) commands in \(part.groups) whole groups, positions \(range)"))
    }
    for fault in faults { lines.append(row("fault", fault)) }
    lines.append(row("verdict", sound ? "sound" : "NOT SOUND"))
    return lines
  }
}

private func row(_ name: String, _ text: String) -> String { name.padded(to: 20) + " " + text }
