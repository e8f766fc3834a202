/// Why the scheduler did not compute rows.
package enum SchedulerError: Error, Equatable, CustomStringConvertible {
    /// The queue is full now; trying again later makes sense.
    case overloaded(waitingRows: Int, waitingTokens: Int)
    /// More than the queue could ever hold; trying again is pointless.
    case tooLarge(rows: Int, tokens: Int, maxRows: Int, maxTokens: Int)
    /// The scheduler has been told to stop.
    case stopping
    /// The engine broke its contract or failed as a whole.
    case engineFailed(String)

    package var description: String {
        switch self {
        case .overloaded(let rows, let tokens):
            "the queue is full (\(rows) texts, \(tokens) tokens wait); try again later"
        case .tooLarge(let rows, let tokens, let maxRows, let maxTokens):
            """
            \(rows) texts with \(tokens) tokens are more than the queue ever holds (\(maxRows) texts, \
            \(maxTokens) tokens); send them in smaller requests
            """
        case .stopping:
            "the service is shutting down"
        case .engineFailed(let reason):
            "the engine failed: \(reason)"
        }
    }
}
