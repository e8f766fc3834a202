import HTTPProtocol
import HTTPTypes

/// Drives a connection as its owner would, and notes its events and output.
final class TestServer {
    typealias Answer = (_ request: Request, _ id: StreamID, _ server: TestServer) -> Void

    var connection: HTTPConnection
    /// Called for each request; the default leaves it in work.
    var answer: Answer = { _, _, _ in }
    private(set) var requests: [(request: Request, id: StreamID)] = []
    private(set) var log: [String] = []
    private(set) var errors: [ProtocolErrorKind] = []
    private(set) var cancelled: [StreamID] = []
    private(set) var rooms: [StreamID] = []
    private(set) var output: [UInt8] = []

    init(limits: HTTPLimits = HTTPLimits(), answer: Answer? = nil) {
        connection = HTTPConnection(limits: limits) { status, message in
            Response(
                status: .init(code: status),
                json: Array("{\"error\":\"\(message)\",\"status\":\(status)}".utf8)
            )
        }
        if let answer { self.answer = answer }
    }

    /// Answers each request with 200 and a body that names it.
    static func echoing(limits: HTTPLimits = HTTPLimits()) -> TestServer {
        TestServer(limits: limits) { request, id, server in
            let body = Array("\(request.head.path ?? "-") \(request.body.count)".utf8)
            server.respond(200, body: body, to: id)
        }
    }

    // The testing macros cannot look into a value that cannot be copied.
    var isFinished: Bool { connection.isFinished }
    var phase: ConnectionPhase { connection.phase }
    var epoch: UInt64 { connection.phaseEpoch }
    var wantsInput: Bool { connection.wantsInput }
    var hasOutput: Bool { connection.hasOutput }
    var inFlight: Int { connection.inFlight }
    var isHTTP2: Bool { connection.isHTTP2 }

    var text: String { String(decoding: output, as: UTF8.self) }

    /// Everything that can be observed, for comparing two runs.
    var transcript: [String] { log + ["output: \(text)", "finished: \(connection.isFinished)"] }

    func receive(_ bytes: [UInt8]) {
        connection.receive(bytes.span)
        settle()
    }

    func receive(_ text: String) {
        receive(Array(text.utf8))
    }

    func receiveEndOfInput() {
        connection.receiveEndOfInput()
        settle()
    }

    func respond(_ status: Int, body: [UInt8] = [], isComplete: Bool = true, fields: HTTPFields = [:], to id: StreamID)
    {
        let head = HTTPResponse(status: .init(code: status), headerFields: fields)
        connection.respond(head, body: body, isComplete: isComplete, to: id)
    }

    /// Takes events and output until there are no more.
    func settle(takesOutput: Bool = true) {
        while true {
            var isQuiet = true
            while let event = nextEvent() {
                isQuiet = false
                note(event)
            }
            if takesOutput {
                let bytes = takeOutput()
                if !bytes.isEmpty {
                    isQuiet = false
                    output += bytes
                }
            }
            if isQuiet { return }
        }
    }

    // These are functions of their own: otherwise the optimizer (Swift 6.3) merges the two accesses, and an answer
    // given in between violates exclusivity.
    @inline(never)
    private func nextEvent() -> HTTPEvent? { connection.nextEvent() }

    @inline(never)
    private func takeOutput() -> [UInt8] { connection.takeOutput(atMost: 16 * 1024) }

    func forgetOutput() {
        output = []
    }

    private func note(_ event: HTTPEvent) {
        switch event {
        case .request(let request, let id):
            requests.append((request, id))
            log.append("request \(id): \(Self.summary(request))")
            answer(request, id, self)
        case .cancelled(let id):
            cancelled.append(id)
            log.append("cancelled \(id)")
        case .bodyCapacity(let id):
            rooms.append(id)
        case .protocolError(let kind):
            errors.append(kind)
            log.append("error \(kind.rawValue)")
        }
    }

    static func summary(_ request: Request) -> String {
        let head = request.head
        let fields = head.headerFields.map { "\($0.name.canonicalName)=\($0.value)" }.joined(separator: ";")
        let body = String(decoding: request.body, as: UTF8.self)
        let parts = [head.method.rawValue, head.scheme ?? "-", head.authority ?? "-", head.path ?? "-", fields, body]
        return parts.joined(separator: "|")
    }
}
