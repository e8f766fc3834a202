package import HTTPProtocol
package import HTTPServer
package import HTTPTypes
import JSON

/// Judges requests by their heads, and makes the answers to requests that the server refuses. Every answer has a
/// record, which counts and logs it when it has been sent. Each part of the handler guards its own state.
package final class ServiceHandler: RequestHandler {
    let state: ServiceState
    let metrics: ServiceMetrics
    let edge: Edge
    private let accessLog: AccessLog
    private let table: RouteTable

    /// A handler whose answers are 503 until its state has an engine.
    init(edge: Edge = Edge(), metrics: ServiceMetrics = ServiceMetrics(), accessLog: AccessLog = .off) {
        state = ServiceState()
        self.edge = edge
        self.metrics = metrics
        self.accessLog = accessLog
        table = edge.showsPlayground ? .service : .withoutPlayground
    }

    /// A handler of the probes and /metrics alone, which tells another handler's state to everyone who asks.
    init(statusOf other: ServiceHandler) {
        state = other.state
        edge = Edge()
        metrics = other.metrics
        accessLog = other.accessLog
        table = .status
    }

    /// The plan for a request. If a body follows, a client without a known key is answered at once. So is a client that
    /// waits for 100 (Continue), if the head alone decides the answer: it need not send the body. (A body that follows
    /// anyway is read, because only then can the connection go on.)
    package func judge(_ head: HTTPRequest, body: AnnouncedBody, client: String?) -> Verdict {
        let key = edge.judgeKey(of: head)
        let plan = plan(for: head, key)
        let isDecided = body == .follows && key != .known || body == .awaited
        guard isDecided, case .answer(let answer) = plan.reply(to: Request(head: head), client: client)
        else { return .plan(plan) }
        let response = edge.finish(answer, for: head)
        guard case .bytes = response.body else { return .plan(plan) }
        return .answer(response)
    }

    /// Makes the plan for a request from its head alone.
    private func plan(for head: HTTPRequest, _ key: APIKeys.Verdict) -> ServicePlan {
        var route: Route?
        do {
            return ServicePlan(try decide(head, key, &route), of: route, at: head.routePath, self)
        } catch {
            return ServicePlan(.refused(error), of: route, at: head.routePath, self)
        }
    }

    /// Decides which routes, or which answer, a request gets.
    /// - Parameter route: is set to the route in whose form an error is written.
    private func decide(
        _ head: HTTPRequest,
        _ key: APIKeys.Verdict,
        _ route: inout Route?
    ) throws(ServiceError) -> ServicePlan.Decision {
        let method = head.method.rawValue
        if method == "OPTIONS", head.path == "*" { return .methods(RouteTable.allow) }
        let found = Result { () throws(ServiceError) in try table.find(head) }
        route = try? found.get().fallback
        let taken = Result { () throws(ServiceError) in try found.get().taking(method, head.headerFields) }
        // The key is checked first: a client without a key must not learn which paths exist.
        if key != .known, (try? taken.get().fallback.isPage) != true { try edge.admit(head, key) }
        if method == "OPTIONS" { return .methods(try found.get().allow) }
        let chosen = try taken.get()
        let fallback = chosen.fallback
        route = fallback
        switch fallback.answer {
        case .atOnce(let answer, let isCostly):
            return .atOnce(chosen, answer, isCostly: isCostly)
        case .work:
            if fallback.content == .json { try Self.checkContentType(head.headerFields) }
            return .work(chosen, try edge.coding.coding(of: head.headerFields))
        }
    }

    /// The answer to a request that the server itself refuses, because it breaks the protocol or a limit.
    package func refuse(_ refusal: Refusal) -> Response {
        let record = refusal.replaced as? AccessRecord ?? self.record(nil, refusal.arrival, nil)
        return record.answering(ServiceError(refusedWith: refusal.status, refusal.message), as: .tei, of: nil)
    }

    /// The current state that routes answer from.
    var context: RouteContext { RouteContext(snapshot: state.snapshot, metrics: metrics, table: table) }

    /// The record of a request, which counts and logs the request when it ends.
    func record(_ request: Request?, _ arrival: Arrival, _ route: Route?) -> AccessRecord {
        AccessRecord(request, arrival, route?.label) { [metrics, accessLog] entry in
            metrics.finished(entry)
            accessLog.write(entry)
        }
    }

    /// Accepts JSON, or no content type, because some clients send none.
    private static func checkContentType(_ fields: HTTPFields) throws(ServiceError) {
        guard let value = fields[.contentType], value != "application/json" else { return }
        let type = value.pieces(separatedBy: ";", most: 1)[0].lowercased().keeping { !$0.isSpace }
        guard type == "application/json" || type.begins(with: "application/") && type.ends(with: "+json") else {
            throw ServiceError(
                415,
                .unsupportedMediaType,
                "the body must be application/json. Given: \(value.beginning(100))"
            )
        }
    }
}

extension ServiceError {
    /// An error for a request that the server refuses with a status.
    init(refusedWith status: Int, _ message: String) {
        let kind: Kind =
            switch status {
            case 408, 504: .timeout
            case 413: .payloadTooLarge
            case 429, 503: .overloaded
            case 499: .cancelled
            case 500...: .backend
            default: .validation
            }
        self.init(status, kind, message)
    }
}

extension AccessRecord {
    /// The answer to an error of a route, in the form that its clients expect.
    func answering(_ error: any Error, as shape: ErrorShape, of route: Route?) -> Response {
        let error = ServiceError(error)
        note { entry in
            entry.route = route?.label ?? entry.route
            entry.errorKind = error.kind
            entry.shortage = error.shortage
        }
        return stamped(shape.response(error))
    }
}

extension ErrorShape {
    /// The form of errors at a path that no route has: OpenAI's under /v1, else that of most routes.
    static func unknownPath(_ path: Substring) -> ErrorShape {
        path == "/v1" || path.begins(with: "/v1/") ? .openAIUnknownPath : .tei
    }
}

extension RouteTable {
    /// Every route. Of routes that share the root, those with more specific bodies stand first.
    static let service = RouteTable(StatusRoutes.all + PlaygroundRoutes.all + interfaces)

    /// The routes of a service without a playground.
    static let withoutPlayground = RouteTable(StatusRoutes.all + interfaces)

    private static let interfaces =
        TaskRoutes.all + TEIRoutes.all + HubRoutes.all + OpenAIRoutes.all + InfinityRoutes.all + CohereRoutes.all
        + KServeRoutes.all + DocumentationRoutes.all

    /// The routes of `status_port`.
    static let status = RouteTable(StatusRoutes.all)
}

extension ServiceMetrics {
    /// Starts with all counts at zero, for every interface's routes.
    package convenience init() {
        self.init(routes: RouteTable.service.labels)
    }
}
