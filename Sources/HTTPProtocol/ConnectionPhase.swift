/// What a connection is doing, so that its owner can hold it to a time limit.
package enum ConnectionPhase: String, Sendable, Hashable, CaseIterable {
    /// Between requests: nothing of a next one has been read.
    case idle
    /// Part of a request's head has been read.
    case readingHead = "reading_head"
    /// A request's body is being read and no request is in work.
    case readingBody = "reading_body"
    /// A request is in work and nothing waits to be written.
    case awaitingResponse = "awaiting_response"
    /// Bytes wait to be written (in HTTP/2 perhaps only for the peer to open its window).
    case writing
    /// The connection will end; what is left is the peer's part.
    case closing
}
