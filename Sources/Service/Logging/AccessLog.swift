import Batching
import Budget
import Foundation
import HTTPProtocol
import HTTPTypes
import Inference
import JSON
import Synchronization
import Time

/// The facts about a route that logs and metrics use.
struct RouteLabel: Sendable, Equatable {
    /// The main path.
    let name: String
    /// Whether the route is work, and not a request about the service itself.
    let isWork: Bool
    /// Whether the route's requests wait for the engine.
    let isQueued: Bool
}

/// A request's entry in the access log: everything an operator needs to find and judge the request, and nothing of its
/// texts. So there is no query, no error message, and no path that is not the path of a route.
struct AccessEntry: Sendable {
    var requestID = RequestID()
    var trace: TraceParent?
    var client: String?
    /// The version of the request; nil if no request could be read.
    var version: HTTPVersion?
    var method: String?
    /// The route; nil if no route has the path, or no path could be read.
    var route: RouteLabel?
    /// The status of the answer that was sent; 499 if the client had disconnected before.
    var status = 499
    var errorKind: ServiceError.Kind?
    /// The stage for which there was no memory, if that is the reason of a refusal.
    var shortage: MemoryBudget.Stage?
    /// Whether the client disconnected before it had all of the answer, or the answer's stream failed.
    var isBrokenOff = false
    var bytesIn = 0
    var bytesOut = 0
    var total = Duration.zero
    /// How much of this time the request waited to be read.
    var unread = Duration.zero
    var usage: Usage?

    /// The log line, including the line end.
    func line(at time: Date) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: Self.usualBytes)
        writer.object { writer in
            writer.member("time", Timestamp.text(time))
            writer.member("level", status >= 500 ? "error" : "info")
            writer.member("message", "request")
            writer.member("request_id", requestID.text)
            if let trace {
                writer.member("trace_id", String(trace.traceID))
                writer.member("traceparent", trace.text)
            }
            if let client { writer.member("client", client) }
            if let version { writer.member("protocol", version.rawValue) }
            if let method { writer.member("method", Self.knownMethods.contains(method) ? method : "other") }
            writer.member("route", route?.name ?? "other")
            writer.member("status", status)
            if let errorKind { writer.member("error_type", errorKind.rawValue) }
            if let shortage { writer.member("memory_stage", "\(shortage)") }
            if isBrokenOff {
                writer.key("broken_off")
                writer.boolean(true)
            }
            writer.member("bytes_in", bytesIn)
            writer.member("bytes_out", bytesOut)
            writer.member("total_ms", total)
            if unread >= Self.notableWait { writer.member("unread_ms", unread) }
            if let usage { write(usage, &writer) }
        }
        return writer.bytes + [0x0A]
    }

    private func write(_ usage: Usage, _ writer: inout JSONWriter) {
        writer.member("tokenization_ms", usage.tokenizationTime)
        writer.member("queue_ms", usage.queueTime)
        writer.member("inference_ms", usage.inferenceTime)
        writer.member("inputs", usage.inputLengths.count)
        writer.member("tokens", usage.tokens)
        writer.member("truncated", usage.truncatedInputs)
    }

    private static let usualBytes = 512
    /// The shortest wait in the socket that is logged: a loop that has enough CPU reads within this time.
    private static let notableWait = Duration.milliseconds(1)
    /// The methods that are logged by name. Any other method could be a client's text.
    private static let knownMethods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE",
    ]
}

extension JSONWriter {
    fileprivate mutating func member(_ key: String, _ number: Int) {
        self.key(key)
        integer(number)
    }

    /// Writes a time in milliseconds, to the microsecond.
    fileprivate mutating func member(_ key: String, _ duration: Duration) {
        self.key(key)
        number((duration.seconds * 1_000_000).rounded() / 1000)
    }
}

/// One request from its arrival until its answer is sent. Its entry is counted and logged once, when the request ends.
/// The lock guards the entry.
final class AccessRecord: AnswerRecord {
    private struct State {
        var entry: AccessEntry
        var hasBegun = false
        var isFinished = false
    }

    private let received: Instant
    private let state: Mutex<State>
    private let finish: @Sendable (AccessEntry) -> Void

    /// - Parameters:
    ///   - request: the request; nil if none could be read.
    ///   - finish: receives the entry when it is complete.
    init(
        _ request: Request?,
        _ arrival: Arrival,
        _ route: RouteLabel? = nil,
        finish: @escaping @Sendable (AccessEntry) -> Void
    ) {
        var entry = AccessEntry()
        entry.client = arrival.client
        entry.unread = arrival.unread
        entry.route = route
        if let request {
            let fields = request.head.headerFields
            if let adopted = fields[.requestID].flatMap(RequestID.init(adopting:)) { entry.requestID = adopted }
            entry.trace = fields[.traceParent].flatMap(TraceParent.init)
            entry.version = request.version
            entry.method = request.head.method.rawValue
            entry.bytesIn = request.body.count
        }
        received = arrival.received
        state = Mutex(State(entry: entry))
        self.finish = finish
    }

    deinit {
        // The answer, or the rest of it, will never be sent.
        end { $0.entry.isBrokenOff = $0.hasBegun }
    }

    /// Changes the entry, when the work on the request finds out more.
    func note(_ change: (inout AccessEntry) -> Void) {
        state.withLock { change(&$0.entry) }
    }

    /// The answer with the fields that name the request, and with this record.
    func stamped(_ response: Response) -> Response {
        var response = response
        state.withLock { state in
            response.head.headerFields[.requestID] = state.entry.requestID.text
            if let trace = state.entry.trace { response.head.headerFields[.traceParent] = trace.text }
        }
        response.record = self
        return response
    }

    func began(status: Int, bytes: Int, isComplete: Bool) {
        state.withLock { state in
            state.hasBegun = true
            state.entry.status = status
        }
        continued(bytes: bytes, isComplete: isComplete)
    }

    func continued(bytes: Int, isComplete: Bool) {
        state.withLock { $0.entry.bytesOut += bytes }
        if isComplete { end { _ in } }
    }

    private func end(_ change: (inout State) -> Void) {
        let entry = state.withLock { state -> AccessEntry? in
            guard !state.isFinished else { return nil }
            state.isFinished = true
            change(&state)
            state.entry.total = received.duration(to: .now)
            return state.entry
        }
        if let entry { finish(entry) }
    }
}

extension HTTPField.Name {
    /// The request's name, given by the client or by the service.
    static let requestID = Self.make("x-request-id")
    /// W3C Trace Context.
    static let traceParent = Self.make("traceparent")
    static let traceState = Self.make("tracestate")
}

/// The log of requests: one JSON object on each line, whatever the form of other log lines.
struct AccessLog: Sendable {
    let scope: LogSettings.AccessScope
    /// The writer of the lines; nil if nothing is logged.
    let writer: LogWriter?

    static let off = AccessLog(scope: .off, writer: nil)

    func write(_ entry: AccessEntry) {
        guard let writer, scope == .all || scope == .errors && (entry.status >= 400 || entry.isBrokenOff) else {
            return
        }
        writer.append(entry.line(at: Date()))
    }
}
