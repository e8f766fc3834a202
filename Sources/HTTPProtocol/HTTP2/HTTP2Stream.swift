import HTTPTypes

/// One HTTP/2 request and its answer. A class, so that its body and its output grow in place; owned by its
/// connection.
final class HTTP2Stream {
    enum State: Equatable {
        case readingHead
        case readingBody
        /// Handed out; the answer isn't complete.
        case inWork
        /// Answered by the protocol itself; what the peer still sends of it is dropped.
        case refused
        /// Reset or cancelled; only libnghttp2 still has to close it.
        case gone
    }

    let id: StreamID
    var state = State.readingHead
    var fields = HTTP2FieldCollector()
    var request: HTTPRequest?
    var body: [UInt8] = []
    /// Bytes of the body that count against the connection's limit: also once the body is handed out.
    var heldBodyBytes = 0
    /// Bytes received whose window isn't given back yet.
    var withheldWindow = 0

    var isHead = false
    var hasResponded = false
    /// Whether the body isn't written, as for HEAD.
    var dropsBody = false
    var output = ByteQueue()
    var isOutputComplete = false
    /// Whether libnghttp2 was told that no output is there, and must be told when there is.
    var isDeferred = false
    var awaitsRoom = false
    /// Whether our END_STREAM is sent.
    var isAnswered = false
    /// Whether the client may go on sending for a moment although it is answered, and since when by the owner's clock.
    var lingers = false
    var lingersSince: Duration?

    /// When the owner's clock first saw the stream, for the time that its request may take.
    var firstSeen: Duration?
    /// Bytes of output that the peer took, and how many and when at the owner's last look at a waiting stream.
    var sentBytes = 0
    var seenSentBytes = -1
    var seenAt: Duration = .zero

    init(id: StreamID) {
        self.id = id
    }
}
