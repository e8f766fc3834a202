package import HTTPTypes

/// A refusal that every request with an equal head gets too for a moment, so that such a request need not be parsed to
/// be refused.
package final class RepeatableRefusal: Sendable {
    /// The reason of such a refusal, as a label for metrics.
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The queue of the engine takes no such request.
        case queue
        /// The server reads requests too late.
        case behind
        /// The request's time has passed before it was read.
        case expired
    }

    /// The reason.
    package let reason: Reason
    /// The answer's head, without fields that belong to one request.
    package let head: HTTPResponse
    /// The answer's content.
    package let body: [UInt8]
    /// How long a request must have waited unread to be refused like this.
    package let ages: Range<Duration>
    /// Fields of a request that make no difference to the answer, besides Content-Length.
    package let indifferent: Set<HTTPField.Name>
    /// Counts a further request that was refused like this, with its arrival and the bytes of its body.
    package let count: @Sendable (Arrival, Int) -> Void

    /// Makes a refusal from an answer whose content is bytes; nil for another answer.
    package init?(
        _ answer: Response,
        for reason: Reason,
        ages: Range<Duration>,
        indifferent: Set<HTTPField.Name>,
        count: @escaping @Sendable (Arrival, Int) -> Void
    ) {
        guard case .bytes(let body) = answer.body else { return nil }
        self.reason = reason
        head = answer.head
        self.body = body
        self.ages = ages
        self.indifferent = indifferent
        self.count = count
    }
}
