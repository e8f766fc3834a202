/// A request's number within its connection: HTTP/2's stream identifier; HTTP/1.1 counts 1, 2, 3…
package typealias StreamID = Int32

/// What a connection tells its owner; see ``HTTPConnection/nextEvent()``.
package enum HTTPEvent: Sendable {
    /// A whole request, to be answered by ``HTTPConnection/respond(_:body:isComplete:to:)``.
    case request(Request, StreamID)
    /// The client gave the request up: drop it before it is computed. Answers to it are ignored.
    case cancelled(StreamID)
    /// The streamed answer may go on. One follows each piece that was not the last.
    case bodyRoom(StreamID)
    /// The peer broke the protocol or a limit; already answered. For metrics.
    case protocolError(ProtocolErrorKind)
}
