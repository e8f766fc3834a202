import Encoder
package import HTTPProtocol
package import HTTPServer
package import HTTPTypes

/// Finds the route of a request and answers it. Every answer leaves with a record, which counts and logs it when it has
/// been sent. Its parts guard themselves.
package final class ServiceHandler: RequestHandler {
    let state = ServiceState()
    let metrics: ServiceMetrics
    private let edge: Edge
    private let accessLog: AccessLog
    private let table = RouteTable.service

    /// A handler whose answers are 503 until its state has an engine.
    init(edge: Edge = Edge(), metrics: ServiceMetrics = ServiceMetrics(), accessLog: AccessLog = .off) {
        self.edge = edge
        self.metrics = metrics
        self.accessLog = accessLog
    }

    /// The answer by the head alone to whoever shows no key; nil lets the body come.
    package func refusal(of head: HTTPRequest, _ arrival: Arrival) -> Response? {
        edge.knows(head) ? nil : answerAtOnce(Request(head: head), arrival).map { edge.finish($0, for: head) }
    }

    /// The answer when it needs no work, on the event loop; nil for real work.
    package func respondAtOnce(to request: Request, _ arrival: Arrival) -> Response? {
        answerAtOnce(request, arrival).map { edge.finish($0, for: request.head, isOnLoop: true) }
    }

    private func answerAtOnce(_ request: Request, _ arrival: Arrival) -> Response? {
        var route: Route?
        do {
            let method = request.head.method.rawValue
            if method == "OPTIONS", request.head.path == "*" {
                return record(request, arrival, route).stamped(.methods(RouteTable.allow))
            }
            let found = Result { () throws(ServiceError) in try table.find(request) }
            route = try? found.get().fallback
            // Whoever has no key is not told either what is there.
            try edge.admit(request.head)
            if method == "OPTIONS" { return record(request, arrival, route).stamped(.methods(try found.get().allow)) }
            let chosen = try found.get().taking(method)
            let fallback = chosen.fallback
            route = fallback
            switch fallback.answer {
            case .atOnce(let answer):
                let routed = RouteRequest(request, parameters: chosen.parameters, started: arrival.received)
                let response = try answer(routed, context)
                return record(request, arrival, route).stamped(response)
            case .work:
                if fallback.content == .json { try checkContentType(request.head.headerFields) }
                _ = try edge.coding.coding(of: request.head.headerFields)
                let options = try options(of: request, received: arrival.received)
                if fallback.isQueued { try context.inference.checkRoom(for: options) }
                return nil
            }
        } catch {
            return record(request, arrival, route).answering(error, of: route)
        }
    }

    /// The answer to real work.
    package func respond(to request: Request, _ arrival: Arrival) async -> Response {
        edge.finish(await work(on: request, arrival), for: request.head)
    }

    private func work(on request: Request, _ arrival: Arrival) async -> Response {
        let record = self.record(request, arrival)
        var route: Route?
        do {
            let found = try table.find(request).taking(request.head.method.rawValue)
            route = found.fallback
            var request = request
            request.body = try edge.coding.body(of: request)
            var routed = RouteRequest(
                request,
                parameters: found.parameters,
                started: arrival.received,
                record: record
            )
            if found.entries.count > 1 {
                let fields = try routed.fields()
                routed.parsed = fields
                let heads = try context.inference.model.encoder.heads
                route = found.entries.first { $0.path.takes(fields.members, heads: heads) }?.route ?? route
            }
            guard let route, case .work(let answer) = route.answer else {
                preconditionFailure("what needs no work is answered on the event loop")
            }
            record.note { $0.route = route }
            metrics.began(route)
            defer { metrics.ended(route) }
            let response = try await options(of: request, received: arrival.received).run {
                try RequestOptions.check()
                return try await answer(routed, context)
            }
            return record.stamped(response)
        } catch {
            return record.answering(error, of: route)
        }
    }

    /// The answer to what the server refuses by itself: what breaks the protocol or a limit.
    package func refuse(_ refusal: Refusal) -> Response {
        let kind: ServiceError.Kind =
            switch refusal.status {
            case 408: .timeout
            case 413: .payloadTooLarge
            case 429, 503: .overloaded
            case 499: .cancelled
            case 500...: .backend
            default: .validation
            }
        let route = refusal.request.flatMap { try? table.find($0).fallback }
        let record = refusal.replaced as? AccessRecord ?? self.record(refusal.request, refusal.arrival, route)
        return record.answering(ServiceError(refusal.status, kind, refusal.message), of: route)
    }

    private func options(of request: Request, received: ContinuousClock.Instant) throws -> RequestOptions {
        let timeout = try context.inference.configuration.requestTimeout
        return try RequestOptions(request.head.headerFields, received: received, timeout: timeout)
    }

    private var context: RouteContext { RouteContext(snapshot: state.snapshot, metrics: metrics) }

    private func record(_ request: Request?, _ arrival: Arrival, _ route: Route? = nil) -> AccessRecord {
        AccessRecord(request, arrival, route) { [metrics, accessLog] entry in
            metrics.finished(entry)
            accessLog.write(entry)
        }
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

extension AccessRecord {
    /// An error as the route's clients expect it; where there is no route, in the shape that most routes have.
    fileprivate func answering(_ error: any Error, of route: Route?) -> Response {
        let error = ServiceError(error)
        note { entry in
            entry.route = route ?? entry.route
            entry.errorKind = error.kind
        }
        return stamped((route?.errors ?? .tei).response(error))
    }
}
