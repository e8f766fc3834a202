/// Why the scheduler did not compute rows.
package enum SchedulerError: Error, Equatable, CustomStringConvertible {
    /// Not taken in now; trying again after the given time makes sense.
    case overloaded(RefusalReason, waitingRows: Int, waitingTokens: Int, retryAfter: Duration)
    /// The time that the request had is up.
    case deadlineExceeded
    /// The scheduler has been told to stop.
    case stopping
    /// The engine broke its contract or failed as a whole.
    case engineFailed(String)

    package var description: String {
        switch self {
        case .overloaded(let reason, let rows, let tokens, let retryAfter):
            """
            \(reason.description) (\(rows) texts, \(tokens) tokens wait); \
            try again in \(retryAfter.milliseconds) ms
            """
        case .deadlineExceeded:
            "the request's time is up; what of it had not been computed was dropped"
        case .stopping:
            "the service is shutting down"
        case .engineFailed(let reason):
            "the engine failed: \(reason)"
        }
    }
}

/// Why a request was not taken in.
package enum RefusalReason: String, Sendable, CaseIterable {
    /// Tokens, rows or unanswered requests are at their limit.
    case queueFull = "queue_full"
    /// What waits before it would take longer than the request may.
    case tooLate = "too_late"

    var description: String {
        switch self {
        case .queueFull: "the queue is full"
        case .tooLate: "what waits already takes longer than this request may"
        }
    }
}

extension Duration {
    /// Seconds with their fraction.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }

    /// Whole milliseconds, rounded up.
    package var milliseconds: Int { Int((seconds * 1000).rounded(.up)) }
}
