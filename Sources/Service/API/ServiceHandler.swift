package import HTTPProtocol
package import HTTPServer
package import HTTPTypes

/// Judges requests by their heads and refuses what the server refuses. Every answer leaves with a record, which counts
/// and logs it when it has been sent. The handler's parts guard themselves.
package final class ServiceHandler: RequestHandler {
    let state = ServiceState()
    let metrics: ServiceMetrics
    let edge: Edge
    private let accessLog: AccessLog
    private let table = RouteTable.service

    /// A handler whose answers are 503 until its state has an engine.
    init(edge: Edge = Edge(), metrics: ServiceMetrics = ServiceMetrics(), accessLog: AccessLog = .off) {
        self.edge = edge
        self.metrics = metrics
        self.accessLog = accessLog
    }

    /// The plan for a request; where a body follows, the answer at once to a client that shows no known key.
    package func judge(_ head: HTTPRequest, bodyFollows: Bool, client: String?) -> Verdict {
        let key = edge.judgeKey(of: head)
        let plan = plan(for: head, key)
        guard bodyFollows, key != .known, case .answer(let answer) = plan.reply(to: Request(head: head), client: client)
        else { return .plan(plan) }
        let response = edge.finish(answer, for: head)
        guard case .bytes = response.body else { return .plan(plan) }
        return .answer(response)
    }

    /// Decides by the head alone what is done with a request.
    private func plan(for head: HTTPRequest, _ key: APIKeys.Verdict) -> ServicePlan {
        var route: Route?
        do {
            return ServicePlan(try decide(head, key, &route), of: route, self)
        } catch {
            return ServicePlan(.refused(error), of: route, self)
        }
    }

    /// - Parameter route: set to the route in whose form an error is written.
    private func decide(
        _ head: HTTPRequest,
        _ key: APIKeys.Verdict,
        _ route: inout Route?
    ) throws(ServiceError) -> ServicePlan.Decision {
        let method = head.method.rawValue
        if method == "OPTIONS", head.path == "*" { return .methods(RouteTable.allow) }
        let found = Result { () throws(ServiceError) in try table.find(head) }
        route = try? found.get().fallback
        // A client without a key is not told either which paths there are.
        try edge.admit(head, key)
        if method == "OPTIONS" { return .methods(try found.get().allow) }
        let chosen = try found.get().taking(method)
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

    /// The answer to what the server refuses by itself: what breaks the protocol or a limit.
    package func refuse(_ refusal: Refusal) -> Response {
        let record = refusal.replaced as? AccessRecord ?? self.record(nil, refusal.arrival, nil)
        return record.answering(ServiceError(refusedWith: refusal.status, refusal.message), of: nil)
    }

    /// What routes answer from, as it is now.
    var context: RouteContext { RouteContext(snapshot: state.snapshot, metrics: metrics) }

    /// The record of a request, which counts and logs it in the end.
    func record(_ request: Request?, _ arrival: Arrival, _ route: Route?) -> AccessRecord {
        AccessRecord(request, arrival, route?.label) { [metrics, accessLog] entry in
            metrics.finished(entry)
            accessLog.write(entry)
        }
    }

    /// JSON, or nothing said: some clients send no type.
    private static func checkContentType(_ fields: HTTPFields) throws(ServiceError) {
        guard let value = fields[.contentType], value != "application/json" else { return }
        let type = value.prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
        guard type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json") else {
            throw ServiceError(
                415,
                .unsupportedMediaType,
                "the body must be application/json. Given: \(value.prefix(100))"
            )
        }
    }
}

extension ServiceError {
    /// What the server refuses with a status.
    init(refusedWith status: Int, _ message: String) {
        let kind: Kind =
            switch status {
            case 408: .timeout
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
    /// An error as the route's clients expect it; where there is no route, in the shape that most routes have.
    func answering(_ error: any Error, of route: Route?) -> Response {
        let error = ServiceError(error)
        note { entry in
            entry.route = route?.label ?? entry.route
            entry.errorKind = error.kind
        }
        return stamped((route?.errors ?? .tei).response(error))
    }
}

extension RouteTable {
    /// Every interface's routes. Of routes that share the root, those whose bodies say more stand first.
    static let service = RouteTable(
        StatusRoutes.all + TaskRoutes.all + TEIRoutes.all + HubRoutes.all + OpenAIRoutes.all + InfinityRoutes.all
            + CohereRoutes.all + KServeRoutes.all + DocumentationRoutes.all
    )
}

extension ServiceMetrics {
    /// All counts at zero, for every interface's routes.
    package convenience init() {
        self.init(routes: RouteTable.service.labels)
    }
}
