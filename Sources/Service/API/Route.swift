/// What the service answers on, and to which methods.
package enum Route: String, CaseIterable, Sendable {
    case embed = "/embed"
    case embedAll = "/embed_all"
    case classify = "/classify"
    case tokenize = "/tokenize"
    case decode = "/decode"
    case health = "/health"
    case live = "/health/live"
    case ready = "/health/ready"
    case info = "/info"
    case metrics = "/metrics"

    /// The path, as in a request's target.
    package var path: String { rawValue }

    /// Whether the route is a question about the service, answered on the event loop, rather than work.
    package var isStatus: Bool {
        switch self {
        case .embed, .embedAll, .classify, .tokenize, .decode: false
        case .health, .live, .ready, .info, .metrics: true
        }
    }

    /// The value of an Allow field (RFC 9110, section 10.2.1).
    package var allow: String { isStatus ? "GET, HEAD, OPTIONS" : "POST, OPTIONS" }

    func takes(_ method: String) -> Bool {
        isStatus ? method == "GET" || method == "HEAD" : method == "POST"
    }
}
