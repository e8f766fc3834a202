/// The reason why the scheduler did not compute sequences.
package enum SchedulerError: Error, Equatable, CustomStringConvertible {
    /// The request is refused now; the client should try again after the given time.
    case overloaded(RefusalReason, waitingSequences: Int, waitingTokens: Int, retryAfter: Duration)
    /// The request's deadline has passed.
    case deadlineExceeded
    /// The scheduler has been told to stop.
    case stopping
    /// The engine broke its contract or failed as a whole.
    case engineFailed(String)

    package var description: String {
        switch self {
        case .overloaded(let reason, let sequences, let tokens, let retryAfter):
            """
            \(reason.description) (\(sequences) texts, \(tokens) tokens wait); \
            try again in \(retryAfter.milliseconds) ms
            """
        case .deadlineExceeded:
            "the request's time limit has passed; its texts that were not computed yet were dropped"
        case .stopping:
            "the service is shutting down"
        case .engineFailed(let reason):
            "the engine failed: \(reason)"
        }
    }
}

/// The reason why a request was refused.
package enum RefusalReason: String, Sendable, CaseIterable {
    /// The queue's tokens or sequences, or the unanswered requests, are at their limit.
    case queueFull = "queue_full"
    /// The work that waits before the request would take longer than the request's time limit.
    case tooLate = "too_late"

    var description: String {
        switch self {
        case .queueFull: "the queue is full"
        case .tooLate: "the waiting work would take longer than this request's time limit"
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
