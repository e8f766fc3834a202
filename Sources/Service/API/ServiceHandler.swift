package import HTTPProtocol
package import HTTPServer
import HTTPTypes

/// Finds the route of a request and answers it; every answer is counted here. Its parts guard themselves.
package final class ServiceHandler: RequestHandler {
    let state = ServiceState()
    let metrics: ServiceMetrics
    private let table = RouteTable.service

    /// A handler whose answers are 503 until its state has an engine.
    package init(metrics: ServiceMetrics = ServiceMetrics()) {
        self.metrics = metrics
    }

    /// The answer when it needs no work, on the event loop; nil for real work.
    package func respondAtOnce(to request: Request) -> Response? {
        let started = ContinuousClock.now
        var route: Route?
        do {
            let method = request.head.method.rawValue
            if method == "OPTIONS", request.head.path == "*" {
                return counted(.methods(RouteTable.allow), route, started)
            }
            let found = try table.find(request)
            route = found.entries[0].route
            if method == "OPTIONS" { return counted(.methods(found.allow), route, started) }
            let chosen = try found.taking(method)
            route = chosen.entries[0].route
            switch chosen.entries[0].route.answer {
            case .atOnce(let answer):
                let routed = RouteRequest(request, parameters: chosen.parameters, started: started)
                return counted(try answer(routed, context), route, started)
            case .work:
                if chosen.entries[0].route.content == .json { try checkContentType(request.head.headerFields) }
                _ = try context.inference
                return nil
            }
        } catch {
            return counted(route.errorResponse(error), route, started)
        }
    }

    /// The answer to real work.
    package func respond(to request: Request) async -> Response {
        let started = ContinuousClock.now
        var route: Route?
        do {
            let found = try table.find(request).taking(request.head.method.rawValue)
            var routed = RouteRequest(request, parameters: found.parameters, started: started)
            route = found.entries.last?.route
            if found.entries.count > 1 {
                let fields = try routed.fields()
                routed.parsed = fields
                route = found.entries.first { $0.path.fits?(fields.members) ?? true }?.route ?? route
            }
            guard let route, case .work(let answer) = route.answer else {
                preconditionFailure("what needs no work is answered on the event loop")
            }
            metrics.began(route)
            defer { metrics.ended(route) }
            return counted(try await answer(routed, context), route, started)
        } catch {
            return counted(route.errorResponse(error), route, started)
        }
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
        return ErrorShape.tei.body(ServiceError(status, kind, message))
    }

    private var context: RouteContext { RouteContext(snapshot: state.snapshot, metrics: metrics) }

    private func counted(_ response: Response, _ route: Route?, _ started: ContinuousClock.Instant) -> Response {
        metrics.answered(route, status: response.head.status.code, after: started.duration(to: .now))
        return response
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
}

extension Route? {
    /// An error as the route's clients expect it; where there is no route, in the shape that most routes have.
    fileprivate func errorResponse(_ error: any Error) -> Response {
        (self?.errors ?? .tei).response(ServiceError(error))
    }
}
