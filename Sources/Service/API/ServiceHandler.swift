import Batching
import Encoder
package import HTTPProtocol
package import HTTPServer
import HTTPTypes
import JSON

/// Finds the route of a request and answers it; every answer is counted here. Its parts guard themselves.
package final class ServiceHandler: RequestHandler {
    let state = ServiceState()
    let metrics: ServiceMetrics

    /// A handler whose answers are 503 until its state has an engine.
    package init(metrics: ServiceMetrics = ServiceMetrics()) {
        self.metrics = metrics
    }

    /// The answer when it needs no work, on the event loop; nil for real work.
    package func respondAtOnce(to request: Request) -> Response? {
        let started = ContinuousClock.now
        let route = Self.route(of: request)
        let answer: Response?
        do {
            answer = try answerWithoutWork(request, route)
        } catch {
            answer = .error(ServiceError(error))
        }
        if let answer {
            metrics.answered(route, status: answer.head.status.code, after: started.duration(to: .now))
        }
        return answer
    }

    /// The answer to real work.
    package func respond(to request: Request) async -> Response {
        let started = ContinuousClock.now
        guard let route = Self.route(of: request) else { return .error(Self.notFound) }
        metrics.began(route)
        defer { metrics.ended(route) }
        var response: Response
        do {
            guard let inference = state.snapshot.inference else { throw Self.loading }
            response = try await InferenceRoutes(inference: inference, metrics: metrics)
                .respond(to: route, body: request.body)
        } catch {
            response = .error(ServiceError(error))
        }
        metrics.answered(route, status: response.head.status.code, after: started.duration(to: .now))
        return response
    }

    /// The body of an answer that the server gives by itself, to a request that breaks the protocol or a limit.
    package func errorBody(status: Int, message: String) -> [UInt8] {
        let kind: ServiceError.Kind =
            switch status {
            case 408: .timeout
            case 413: .payloadTooLarge
            case 429, 503: .overloaded
            case 500...: .backend
            default: .validation
            }
        return Response.errorBody(kind, message)
    }

    private static let notFound = ServiceError(
        404,
        .notFound,
        "there is nothing at this path; there is " + Route.allCases.map(\.path).joined(separator: " ")
    )
    private static let loading = ServiceError(
        503,
        .unhealthy,
        "loading: the model is not ready yet",
        retryAfter: ServiceError.retryAfterLoading
    )

    private static func route(of request: Request) -> Route? {
        let path = request.head.path ?? ""
        return Route(rawValue: String(path.prefix { $0 != "?" }))
    }

    /// The answer when it needs no work: a status, or an error that the head alone shows; nil for real work.
    private func answerWithoutWork(_ request: Request, _ route: Route?) throws -> Response? {
        guard let route else {
            throw Self.notFound
        }
        let method = request.head.method.rawValue
        if method == "OPTIONS" {
            var head = HTTPResponse(status: .noContent)
            head.headerFields[.allow] = route.allow
            return Response(head: head, body: .bytes([]))
        }
        guard route.takes(method) else {
            throw ServiceError(
                405,
                .methodNotAllowed,
                "\(route.path) does not take \(method.prefix(20)); it takes \(route.allow)",
                allow: route.allow
            )
        }
        if route.isStatus { return try status(route) }
        try checkContentType(request.head.headerFields)
        if state.snapshot.inference == nil { throw Self.loading }
        return nil
    }

    /// JSON, or nothing said: some clients send none.
    private func checkContentType(_ fields: HTTPFields) throws {
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

    private func status(_ route: Route) throws -> Response {
        let snapshot = state.snapshot
        switch route {
        case .live:
            return Self.ok
        case .health:
            guard snapshot.engineAnswers else { throw unhealthy(snapshot) }
            return Self.ok
        case .ready:
            guard snapshot.isReady else { throw unhealthy(snapshot) }
            return Self.ok
        case .info:
            guard let inference = snapshot.inference else { throw Self.loading }
            var writer = JSONWriter(reservingBytes: 1024)
            inference.writeInfo(&writer)
            return .json(writer.bytes)
        case .metrics:
            var response = Response.json(metrics.text(sources(snapshot)))
            response.head.headerFields[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
            return response
        case .embed, .embedAll, .classify, .tokenize, .decode:
            preconditionFailure("\(route.path) is no status route")
        }
    }

    private static let ok = Response.json(Array(#"{"status":"ok"}"#.utf8))

    private func unhealthy(_ snapshot: ServiceState.Snapshot) -> ServiceError {
        ServiceError(503, .unhealthy, snapshot.notReadyReason, retryAfter: ServiceError.retryAfterLoading)
    }

    private func sources(_ snapshot: ServiceState.Snapshot) -> MetricsSources {
        MetricsSources(
            scheduler: snapshot.inference?.statistics ?? .init(),
            tokenVectorsHeld: snapshot.inference?.tokenVectors.inUse ?? 0,
            server: snapshot.server?.statistics ?? .init(),
            process: .current(),
            isReady: snapshot.isReady,
            engineAnswers: snapshot.engineAnswers,
            workers: snapshot.inference?.configuration.workers ?? 0,
            modelName: snapshot.inference?.model.name ?? "",
            engine: snapshot.inference?.model.encoder.engine,
            version: SwiftletVersion.current
        )
    }
}
