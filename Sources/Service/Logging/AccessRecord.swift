import Foundation
import HTTPProtocol
import HTTPServer
import HTTPTypes
import Synchronization

/// One request from its arrival until its answer is sent: what is counted and logged of it, once, when it ends. The
/// entry is in its lock.
final class AccessRecord: AnswerRecord {
    private struct State {
        var entry: AccessEntry
        var hasBegun = false
        var isFinished = false
    }

    private let received: ContinuousClock.Instant
    private let state: Mutex<State>
    private let finish: @Sendable (AccessEntry) -> Void

    /// - Parameters:
    ///   - request: nil where none could be read.
    ///   - finish: given the entry when it is complete.
    init(
        _ request: Request?,
        _ arrival: Arrival,
        _ route: Route? = nil,
        finish: @escaping @Sendable (AccessEntry) -> Void
    ) {
        var entry = AccessEntry()
        entry.client = arrival.client
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
        // Nobody will send the answer, or the rest of it.
        end { $0.entry.isBrokenOff = $0.hasBegun }
    }

    /// Adds what is found out while the request is worked on.
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
    /// The request's name, the client's or ours.
    static let requestID = Self.make("x-request-id")
    /// W3C Trace Context.
    static let traceParent = Self.make("traceparent")
}
