import NIOCore
import ProbityClient
import ProbityEngine
import ProbityServer
import Testing

@Suite(.serialized, .timeLimit(.minutes(1))) struct AdminTests {
  private func status(_ answer: String) -> String {
    String(answer.prefix { $0 != "\r\n" })
  }

  private func body(_ answer: String) -> Substring {
    guard let end = answer.firstRange(of: "\r\n\r\n") else { return "" }
    return answer[end.upperBound...]
  }

  @Test func metricsAreWhatStatusSays() async throws {
    try await Daemon.run(admin: true) { daemon in
      try await daemon.withClient {
        _ = try await $0.record((1...5).map { ServerTests.settled($0) })
      }
      let answer = try await daemon.http("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(status(answer) == "HTTP/1.1 200 OK")
      #expect(answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
      #expect(answer.contains("connection: close\r\n"))
      #expect(answer.contains("content-length: \(body(answer).utf8.count)\r\n"))
      for line in [
        "probity_log_position 5", "probity_accounts{kind=\"buyer\"} 1", "probity_recording 1",
        "probity_durability_info{mode=\"memory\"} 1", "probity_commands_applied_total 5",
      ] {
        #expect(body(answer).contains(line + "\n"), "\(line)")
      }
    }
  }

  @Test func healthIsALineAServiceAndItsStatus() async throws {
    let disk = StandInDisk()
    try await Daemon.run(durability: disk, admin: true) { daemon in
      func get(_ path: String) async throws -> String {
        try await daemon.http("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
      }
      let healthy = try await get("/healthz")
      #expect(status(healthy) == "HTTP/1.1 200 OK")
      #expect(
        body(healthy) == """
          {"service":"","status":"SERVING"}
          {"service":"lookups","status":"SERVING"}
          {"service":"recording","status":"SERVING"}

          """)
      disk.change { $0.recordingRefused = "the disk is full" }
      #expect(status(try await get("/healthz")) == "HTTP/1.1 200 OK", "lookups are answered")
      let recording = try await get("/healthz?service=recording")
      #expect(status(recording) == "HTTP/1.1 503 Service Unavailable")
      #expect(body(recording) == "{\"service\":\"recording\",\"status\":\"NOT_SERVING\"}\n")
      #expect(status(try await get("/healthz?service=lookups")) == "HTTP/1.1 200 OK")
      #expect(status(try await get("/healthz?service=coffee")) == "HTTP/1.1 404 Not Found")
      #expect(body(try await get("/metrics")).contains("probity_recording 0\n"))
    }
  }

  @Test(
    arguments: [
      ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 Not Found"),
      ("GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 Not Found"),
      ("GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK"),
      ("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"),
      ("DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"),
      (
        "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
          + String(repeating: "b", count: 100_000), "HTTP/1.1 405 Method Not Allowed"
      ),
      (
        "GET /metrics HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 9_000))\r\n\r\n",
        "HTTP/1.1 431 Request Header Fields Too Large"
      ),
      (
        "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\n\r\n",
        "HTTP/1.1 431 Request Header Fields Too Large"
      ),
      ("PRBY nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request"),
      ("GET /metrics HTTP/1.1\r\nHo st: x\r\n\r\n", "HTTP/1.1 400 Bad Request"),
      ("\u{16}\u{3}\u{1}", "HTTP/1.1 400 Bad Request"),
    ])
  func badRequests(request: String, expected: String) async throws {
    try await Daemon.run(admin: true) { daemon in
      let answer = try await daemon.http(request)
      #expect(status(answer) == expected)
      #expect(answer.contains("connection: close\r\n"))
      if expected.contains("405") { #expect(answer.contains("allow: GET\r\n")) }
      if request.hasPrefix("HEAD") { #expect(body(answer).isEmpty) }
      let isServing = try await daemon.isServing()
      #expect(isServing)
    }
  }

  /// Two requests in one go: the first is answered, then it closes.
  @Test func aConnectionIsGoodForOneRequest() async throws {
    try await Daemon.run(admin: true) { daemon in
      let request = "GET /healthz?service=lookups HTTP/1.1\r\nHost: x\r\n\r\n"
      let answer = try await daemon.http(request + request)
      #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count == 2)
    }
  }

  @Test func whoAsksNothingIsClosed() async throws {
    try await Daemon.run(admin: true, limits: { $0.adminTimeout = .milliseconds(20) }) { daemon in
      for request in ["", "GET /metrics HTTP/1.1\r\nHost:"] {
        let answer = try await daemon.http(request)
        #expect(answer == "")
      }
    }
  }

  @Test func aConnectionTooManyIsClosed() async throws {
    try await Daemon.run(admin: true, limits: { $0.adminConnectionsMax = 0 }) { daemon in
      let answer = try? await daemon.http("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(answer ?? "" == "")
      let isServing = try await daemon.isServing()
      #expect(isServing)
    }
  }
}
