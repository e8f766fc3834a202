import Batching
import Budget
import Compression
import Encoder
import HTTPProtocol
import HTTPTypes
import Inference
import Time

/// The plan for a request, made from its head: the routes of its path and the coding of its body; or the reason why the
/// request is refused.
final class ServicePlan: RequestPlan {
    enum Decision: Sendable {
        /// The request is answered with this error.
        case refused(any Error)
        /// The request is OPTIONS; these methods may be used.
        case methods(String)
        /// The request asks about the service itself. If the answer is costly, it is made off the event loop.
        case atOnce(
            RouteTable.Found,
            @Sendable (RouteRequest, RouteContext) throws -> Response,
            isCostly: @Sendable (RouteContext) -> Bool
        )
        /// The request is work for one of these routes, with a body of this coding.
        case work(RouteTable.Found, CompressionFormat?)
    }

    let handler: ServiceHandler
    private let decision: Decision
    /// The route in whose form errors are written, until the body shows for which route it is meant; nil if there is
    /// none.
    let route: Route?
    /// The form of those errors.
    let errors: ErrorShape

    init(_ decision: Decision, of route: Route?, at path: Substring, _ handler: ServiceHandler) {
        self.decision = decision
        self.route = route
        errors = route?.errors ?? .unknownPath(path)
        self.handler = handler
    }

    var isWork: Bool {
        switch decision {
        case .refused, .methods: false
        case .atOnce(_, _, let isCostly): isCostly(handler.context)
        case .work: true
        }
    }

    /// Begins with the whole request: answers it, or admits its work to the queue.
    func begin(_ request: Request, _ arrival: Arrival) -> Reply {
        let reply = reply(to: request, arrival)
        guard case .answer(let response) = reply else { return reply }
        return .answer(finished(response, request))
    }

    private func finished(_ response: Response, _ request: Request) -> Response {
        handler.edge.finish(response, for: request.head, isOnLoop: true)
    }

    /// The reply to a request that has just arrived.
    func reply(to request: Request, client: String?) -> Reply { reply(to: request, Arrival(client: client)) }

    private func reply(to request: Request, _ arrival: Arrival) -> Reply {
        var timeLimit: Duration?
        do {
            switch decision {
            case .refused(let error):
                throw error
            case .methods(let allow):
                return .answer(record(request, arrival).stamped(.methods(allow)))
            case .atOnce(let found, let answer, let isCostly):
                let context = handler.context
                let routed = RouteRequest(request, parameters: found.parameters, started: arrival.received)
                if isCostly(context) { return .work(CostlyAnswer(plan: self, request, arrival, routed, answer)) }
                // The answer is made before the record: if making the answer failed, the record would be logged as 499,
                // in addition to the error's own line.
                let response = try answer(routed, context)
                return .answer(record(request, arrival).stamped(response))
            case .work(let found, let coding):
                let inference = try handler.context.inference
                let options = try RequestOptions(
                    request.head.headerFields,
                    received: arrival.received,
                    timeout: inference.configuration.requestTimeout
                )
                timeLimit = options.deadline.map { arrival.received.duration(to: $0) }
                if let deadline = options.deadline, deadline <= .now { throw SchedulerError.deadlineExceeded }
                let backlog = arrival.before
                // A late request is still served if the workers would else have nothing to do.
                if let longest = arrival.longestWait,
                    backlog.delay > longest || inference.hasFullBatches(jobsBefore: backlog.jobs)
                {
                    throw ServiceError.behind(arrival.unread, longest)
                }
                if found.fallback.isQueued {
                    try inference.checkCapacity(for: options, jobsBefore: backlog.jobs, delay: backlog.delay)
                }
                return .work(
                    RoutedWork(
                        plan: self,
                        request: request,
                        arrival: arrival,
                        found: found,
                        coding: coding,
                        options: options
                    )
                )
            }
        } catch {
            var answer = record(request, arrival).answering(error, as: errors, of: route)
            if case .work = decision {
                answer.repeatable = repeatable(ServiceError(error), error, request, arrival, timeLimit)
            }
            return .answer(answer)
        }
    }

    /// How much less than another a request may have waited to be refused like it: little, compared with time limits.
    private static let similarAge = Duration.milliseconds(10)

    /// The refusal that equal requests get for a moment: while the queue is full, while the server is behind, or if
    /// they come as late. Their numbers are counted; their lines are not in the log.
    private func repeatable(
        _ refusal: ServiceError,
        _ error: any Error,
        _ request: Request,
        _ arrival: Arrival,
        _ timeLimit: Duration?
    ) -> RepeatableRefusal? {
        let end = timeLimit ?? .seconds(Int32.max)
        let (reason, ages): (RepeatableRefusal.Reason, Range<Duration>)
        switch error {
        case SchedulerError.deadlineExceeded where timeLimit != nil:
            (reason, ages) = (.expired, end..<Duration.seconds(Int32.max))
        case SchedulerError.overloaded(.tooLate, _, _, _):
            // A request that has come later has more time left.
            let least = max(.zero, arrival.unread - Self.similarAge)
            (reason, ages) = (.queue, least..<max(least, end))
        case SchedulerError.overloaded: (reason, ages) = (.queue, .zero..<end)
        default:
            guard let longest = arrival.longestWait, refusal.kind == .overloaded else { return nil }
            (reason, ages) = (.behind, longest..<max(longest, end))
        }
        var entry = AccessEntry()
        entry.route = route?.label
        entry.version = request.version
        entry.method = request.head.method.rawValue
        entry.errorKind = refusal.kind
        let answer = finished(errors.response(refusal), request)
        entry.status = answer.head.status.code
        return RepeatableRefusal(answer, for: reason, ages: ages, indifferent: [.requestID, .traceParent, .traceState])
        {
            [entry, metrics = handler.metrics] arrival, bodyBytes in
            var entry = entry
            entry.bytesIn = bodyBytes
            entry.unread = arrival.unread
            entry.total = arrival.unread
            metrics.finished(entry)
        }
    }

    fileprivate func record(_ request: Request, _ arrival: Arrival) -> AccessRecord {
        handler.record(request, arrival, route)
    }

    /// The answer to a request if the server does not let its work run.
    fileprivate func refuse(
        _ request: Request,
        _ arrival: Arrival,
        status: Int,
        _ message: String,
        replacing record: (any AnswerRecord)? = nil
    ) -> Response {
        let record = record as? AccessRecord ?? self.record(request, arrival)
        return finished(record.answering(ServiceError(refusedWith: status, message), as: errors, of: route), request)
    }
}

/// A complete and admitted request for a route that runs the model.
private final class RoutedWork: RequestWork {
    let plan: ServicePlan
    let request: Request
    let arrival: Arrival
    let found: RouteTable.Found
    let coding: CompressionFormat?
    let options: RequestOptions

    init(
        plan: ServicePlan,
        request: Request,
        arrival: Arrival,
        found: RouteTable.Found,
        coding: CompressionFormat?,
        options: RequestOptions
    ) {
        self.plan = plan
        self.request = request
        self.arrival = arrival
        self.found = found
        self.coding = coding
        self.options = options
    }

    func run() async -> Response {
        let memory = plan.handler.state.snapshot.memory.map(RequestMemory.init)
        let made = await RequestMemory.$current.withValue(memory) {
            await options.run { await self.answer() }
        }
        return plan.handler.edge.finish(memory.map { counted(made, in: $0) } ?? made, for: request.head)
    }

    /// The answer, whose bytes count as the request's until the connection counts them. Everything that was held to
    /// make the answer is given back, but for the results of an answer that is still to be written.
    private func counted(_ answer: Response, in memory: RequestMemory) -> Response {
        for stage in MemoryBudget.Stage.allCases where stage != .results { memory.giveBack(stage) }
        var response = answer
        switch answer.body {
        case .bytes(let bytes):
            memory.giveBack(.results)
            do {
                try memory.take(bytes.count, for: .answers)
            } catch {
                let record = answer.record as? AccessRecord ?? plan.record(request, arrival)
                return record.answering(error, as: found.fallback.errors, of: found.fallback)
            }
            response.held = memory
        case .stream(let pull):
            response.body = .stream { [memory] in
                // The closure lives as long as the answer is written.
                defer { extendLifetime(memory) }
                return try await pull()
            }
        }
        return response
    }

    private func answer() async -> Response {
        let record = plan.record(request, arrival)
        let (handler, metrics) = (plan.handler, plan.handler.metrics)
        var route = found.fallback
        do {
            try RequestOptions.check()
            var routed = RouteRequest(
                request,
                body: try handler.edge.coding.body(of: request, coding),
                parameters: found.parameters,
                started: arrival.received,
                record: record
            )
            if found.entries.count > 1 || coding != nil && route.content == .json {
                routed.parsed = try routed.fields()
                routed.body = []
                RequestMemory.current?.giveBack(.inflated)
            }
            if found.entries.count > 1, let fields = routed.parsed {
                let heads = try handler.context.inference.model.encoder.heads
                route = found.entries.first { $0.path.takes(fields.members, heads: heads) }?.route ?? route
                record.note { [route] in $0.route = route.label }
            }
            guard case .work(let answer) = route.answer else {
                preconditionFailure("a path's routes for POST are all work")
            }
            metrics.began(route.label)
            defer { metrics.ended(route.label) }
            return record.stamped(try await answer(routed, handler.context))
        } catch {
            return record.answering(error, as: route.errors, of: route)
        }
    }

    func refuse(status: Int, message: String) -> Response {
        plan.refuse(request, arrival, status: status, message)
    }

    var deadline: Instant? { options.deadline }

    func tooLate(replacing record: (any AnswerRecord)?) -> Response {
        let message = "the request's time limit passed before its answer could be sent"
        return plan.refuse(request, arrival, status: 504, message, replacing: record)
    }
}

/// A request about the service whose answer takes too long for the event loop.
private final class CostlyAnswer: RequestWork {
    let plan: ServicePlan
    let request: Request
    let arrival: Arrival
    let routed: RouteRequest
    let answer: @Sendable (RouteRequest, RouteContext) throws -> Response

    init(
        plan: ServicePlan,
        _ request: Request,
        _ arrival: Arrival,
        _ routed: RouteRequest,
        _ answer: @escaping @Sendable (RouteRequest, RouteContext) throws -> Response
    ) {
        self.plan = plan
        self.request = request
        self.arrival = arrival
        self.routed = routed
        self.answer = answer
    }

    func run() async -> Response {
        let record = plan.record(request, arrival)
        let response: Response
        do {
            response = record.stamped(try answer(routed, plan.handler.context))
        } catch {
            response = record.answering(error, as: plan.errors, of: plan.route)
        }
        // `isOnLoop: true` gives this answer the same framing as an answer that is made at once.
        return plan.handler.edge.finish(response, for: request.head, isOnLoop: true)
    }

    func refuse(status: Int, message: String) -> Response {
        plan.refuse(request, arrival, status: status, message)
    }

    /// A question about the service has no time limit.
    var deadline: Instant? { nil }

    func tooLate(replacing record: (any AnswerRecord)?) -> Response {
        plan.refuse(request, arrival, status: 504, "the answer took too long", replacing: record)
    }
}
