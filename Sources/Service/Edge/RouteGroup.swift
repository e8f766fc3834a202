import HTTPTypes

/// Routes that may be open to whoever has no key: questions about the service, not work.
package enum RouteGroup: String, CaseIterable, Sendable {
    /// Probes: orchestrators have no keys to show.
    case health
    case metrics
    case info
    case docs

    /// The groups that a list with commas names, none by "none"; nil where it names another.
    static func groups(in list: String) -> Set<RouteGroup>? {
        let names = list.split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmed) }
        guard names != ["none"] else { return [] }
        let groups = names.compactMap(RouteGroup.init(rawValue:))
        return groups.count == names.count ? Set(groups) : nil
    }

    /// The group of a request; nil for work, and for what is not there. Only to GET and HEAD: to POST there may be work
    /// at a probe's path.
    init?(_ head: HTTPRequest) {
        guard head.method == .get || head.method == .head else { return nil }
        switch (head.path ?? "").prefix(while: { $0 != "?" }) {
        case "/metrics": self = .metrics
        case "/info", "/v1/models", "/models", "/v2": self = .info
        case "/docs", "/openapi.json", "/api-doc/openapi.json": self = .docs
        case "/health", "/health/live", "/health/ready", "/health/startup", "/v2/health/live", "/v2/health/ready",
            "/livez", "/readyz", "/startupz", "/healthz", "/ping", "/":
            self = .health
        default: return nil
        }
    }
}
