import NIOHTTP1
import ProbityWire

/// What a request to the admin listener gets.
struct AdminPage: Equatable {
  var status: HTTPResponseStatus
  var contentType = "text/plain; charset=utf-8"
  var body: String

  /// A page that says one thing.
  init(_ status: HTTPResponseStatus, _ sentence: String) {
    self.status = status
    body = sentence + "\n"
  }

  init(_ method: HTTPMethod, uri: String, _ service: Service) {
    let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    switch (method, parts.first) {
    case (.GET, "/metrics"):
      self.init(.ok, "")
      contentType = "text/plain; version=0.0.4; charset=utf-8"
      body = MetricsText.of(service.status())
    case (.GET, "/healthz"):
      self.init(healthOf: parts.count > 1 ? parts[1] : nil, service)
    case (.GET, _):
      self.init(.notFound, "there is /metrics, /healthz and /healthz?service=recording")
    default:
      self.init(.methodNotAllowed, "only GET is answered here")
      if method == .HEAD { body = "" }
    }
  }

  /// A line a service; the status is that of the whole, or of the one asked for.
  private init(healthOf query: Substring?, _ service: Service) {
    var names = Service.healthNames
    if let query {
      names = names.filter { query == "service=\($0)" }
    }
    guard let first = names.first, let whole = service.health(of: first) else {
      self.init(.notFound, "ask with ?service=lookups or ?service=recording, or without")
      return
    }
    self.init(whole == .serving ? .ok : .serviceUnavailable, "")
    contentType = "application/json"
    let lines = names.map { name in
      let health = service.health(of: name) == .serving ? "SERVING" : "NOT_SERVING"
      return "{\"service\":\"\(name)\",\"status\":\"\(health)\"}\n"
    }
    body = lines.joined()
  }
}
