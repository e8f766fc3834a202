/// A request's number within its connection: in HTTP/2 the stream identifier, in HTTP/1.1 1, 2, 3…
package typealias StreamID = Int32

/// An event that a connection reports to its owner; see ``HTTPConnection/nextEvent()``.
package enum HTTPEvent: Sendable {
    /// A whole request has come. ``HTTPConnection/respond(_:body:isComplete:to:)`` answers it.
    case request(Request, StreamID)
    /// The client has given the request up. It need not be computed, and an answer to it has no effect.
    case cancelled(StreamID)
    /// There is capacity for the next piece of a streamed answer. One such event follows each piece but the last.
    case bodyCapacity(StreamID)
    /// The peer broke the protocol or a limit. The connection has answered already; the event is for metrics.
    case protocolError(ProtocolErrorKind)
}

/// The phase of a connection. Its owner has a time limit for each phase.
package enum ConnectionPhase: String, Sendable, Hashable, CaseIterable {
    /// The connection is between requests: no byte of the next request has been read.
    case idle
    /// Part of a request's head has been read.
    case readingHead = "reading_head"
    /// A request's body is being read, and no request is in work.
    case readingBody = "reading_body"
    /// A request is in work, and no bytes wait to be written.
    case awaitingResponse = "awaiting_response"
    /// Bytes wait to be written (in HTTP/2 perhaps only because the peer's window is closed).
    case writing
    /// The connection will end; it waits only for the peer.
    case closing
}

/// The events of a connection that its owner has not taken yet, in order. The owner empties the queue after each call,
/// so it holds at most the events of one call.
struct EventQueue {
    private var events: [HTTPEvent] = []
    private var head = 0

    mutating func append(_ event: HTTPEvent) {
        events.append(event)
    }

    mutating func next() -> HTTPEvent? {
        guard head < events.count else { return nil }
        let event = events[head]
        head += 1
        if head == events.count {
            // The array is replaced, so that it keeps no request's body alive.
            events = []
            head = 0
        }
        return event
    }
}
