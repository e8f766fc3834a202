import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Logging
import Synchronization
import Time

/// A handler that answers by closures.
struct TestHandler: RequestHandler {
    var atOnce: @Sendable (Request) -> Response? = { _ in nil }
    var refused: @Sendable (HTTPRequest) -> Response? = { _ in nil }
    /// Whether a request is work, by its head.
    var isWork: @Sendable (HTTPRequest) -> Bool = { _ in true }
    /// Called for each refusal of the server itself, with the request if it is whole.
    var hearsRefusal: @Sendable (Refusal, Request?) -> Void = { _, _ in }
    /// Called for each request that is judged, with what is known of its body.
    var hearsHead: @Sendable (HTTPRequest, AnnouncedBody) -> Void = { _, _ in }
    /// Called for each request that is begun, with when it had arrived.
    var hearsArrival: @Sendable (Request, Arrival) -> Void = { _, _ in }
    /// The time limit of all work, from its arrival on.
    var timeLimit: Duration?
    var later: @Sendable (Request) async -> Response = { .text($0.head.path ?? "") }

    func judge(_ head: HTTPRequest, body: AnnouncedBody, client: String?) -> Verdict {
        hearsHead(head, body)
        if body != .none, let response = refused(head) { return .answer(response) }
        return .plan(Plan(handler: self, isWork: isWork(head)))
    }

    func refuse(_ refusal: Refusal) -> Response { refuse(refusal, nil) }

    private func refuse(_ refusal: Refusal, _ request: Request?) -> Response {
        hearsRefusal(refusal, request)
        let json = Array("{\"error\":\"\(refusal.message)\"}".utf8)
        var response = Response(status: .init(code: refusal.status), json: json)
        if let name = HTTPField.Name("x-handler") { response.head.headerFields[name] = "yes" }
        return response
    }
}

extension TestHandler {
    private final class Plan: RequestPlan {
        let handler: TestHandler
        let isWork: Bool

        init(handler: TestHandler, isWork: Bool) {
            self.handler = handler
            self.isWork = isWork
        }

        func begin(_ request: Request, _ arrival: Arrival) -> Reply {
            handler.hearsArrival(request, arrival)
            if let response = handler.atOnce(request) { return .answer(response) }
            return .work(Work(handler: handler, request: request, arrival: arrival))
        }
    }

    private final class Work: RequestWork {
        let handler: TestHandler
        let request: Request
        let arrival: Arrival

        init(handler: TestHandler, request: Request, arrival: Arrival) {
            self.handler = handler
            self.request = request
            self.arrival = arrival
        }

        func run() async -> Response { await handler.later(request) }

        func refuse(status: Int, message: String) -> Response {
            handler.refuse(Refusal(status: status, message: message, arrival: arrival), request)
        }

        var deadline: Instant? { handler.timeLimit.map { arrival.received + $0 } }

        func tooLate(replacing record: (any AnswerRecord)?) -> Response {
            handler.refuse(Refusal(status: 504, message: "late", arrival: arrival, replaced: record), request)
        }
    }
}

extension Response {
    static func text(_ text: String) -> Response {
        Response(head: HTTPResponse(status: .ok), body: .bytes(Array(text.utf8)))
    }
}

/// A server on a free port of the loopback address, with a test's limits.
struct TestServer {
    let server: HTTPServer
    let addresses: [ListenAddress]

    init(_ handler: TestHandler = TestHandler(), configure: (inout HTTPServerConfiguration) -> Void = { _ in }) throws {
        var configuration = HTTPServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: 0)])
        configuration.lingerTimeout = .milliseconds(200)
        configuration.requestThreads = 2
        configure(&configuration)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        server = HTTPServer(configuration: configuration, handler: handler, logger: logger)
        addresses = try server.start()
    }

    var port: Int {
        guard case .tcp(_, let port) = addresses[0] else { return 0 }
        return port
    }

    var statistics: HTTPServerStatistics { server.statistics }

    /// Runs a client on a thread of its own.
    func client<Value: Sendable>(_ work: @escaping @Sendable (RawClient) throws -> Value) async throws -> Value {
        let port = port
        return try await onThread { try work(RawClient(port: port)) }
    }

    @discardableResult
    func stop(within limit: Duration = .seconds(5)) async -> DrainResult {
        await server.drain(within: limit)
    }

    /// Waits until the statistics are as expected. Returns false when that takes too long.
    func reaches(_ condition: (HTTPServerStatistics) -> Bool) async -> Bool {
        for _ in 0..<500 {
            if condition(statistics) { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}

/// A number that many threads change.
final class Counter: Sendable {
    private let cell = Atomic(0)

    var value: Int { cell.load(ordering: .sequentiallyConsistent) }

    @discardableResult
    func add(_ amount: Int = 1) -> Int {
        cell.wrappingAdd(amount, ordering: .sequentiallyConsistent).newValue
    }
}

/// A gate: tasks wait at it until it is opened.
final class Gate: Sendable {
    private let isOpen = Atomic(false)

    var isOpened: Bool { isOpen.load(ordering: .sequentiallyConsistent) }

    func open() { isOpen.store(true, ordering: .sequentiallyConsistent) }

    /// Returns true when opened, false when the task was cancelled first.
    func wait() async -> Bool {
        while !isOpen.load(ordering: .sequentiallyConsistent) {
            do { try await Task.sleep(for: .milliseconds(2)) } catch { return false }
        }
        return true
    }
}
