import HTTPTypes

/// One HTTP/2 request and its answer. It is a class, so that its body and output grow in place. Its connection owns it.
final class HTTP2Stream {
    enum State: Equatable {
        case readingHead
        case readingBody
        /// The owner has the request, and its answer is not complete.
        case inWork
        /// The protocol itself has answered; bytes that the peer still sends are dropped.
        case refused
        /// The stream is reset or cancelled; libnghttp2 must still close it.
        case gone
    }

    let id: StreamID
    var state = State.readingHead
    var fields = HTTP2FieldCollector()
    var request: HTTPRequest?
    /// The plan of the request whose body is being read.
    var plan: (any RequestPlan)?
    var body: [UInt8] = []
    /// The bytes of the body that count against the connection's limit. They still count while the owner has the body.
    var heldBodyBytes = 0
    /// The received bytes whose window has not been given back.
    var withheldWindow = 0

    var isHead = false
    var hasResponded = false
    /// Whether the body is left out, as for HEAD.
    var dropsBody = false
    var output = ByteQueue()
    var isOutputComplete = false
    /// Whether libnghttp2 has asked for output when there was none, so that it must be told when there is some.
    var isDeferred = false
    var awaitsCapacity = false
    /// Whether our END_STREAM is sent.
    var isAnswered = false
    /// Whether the client may go on sending for a moment although it has its answer, and the time (of the owner's
    /// clock) at which that moment began.
    var lingers = false
    var lingersSince: Duration?

    /// The time of the owner's clock at which the stream was first seen, for the time limit of its request.
    var firstSeen: Duration?
    /// The bytes of output that the peer has taken; and, for a stream with waiting output, their number and the time at
    /// the owner's last check.
    var sentBytes = 0
    var seenSentBytes = -1
    var seenAt: Duration = .zero

    init(id: StreamID) {
        self.id = id
    }
}

/// Remembers which streams a client has opened, to recognize frames on streams that are gone or never existed. By RFC
/// 9113, 5.1 and 5.1.1, they are connection errors, but libnghttp2 ignores them. The memory is bounded; frames on
/// forgotten streams are allowed.
struct StreamLedger {
    enum Verdict: Equatable {
        /// The number is higher than all before: it opens a stream.
        case new
        /// The stream is open, or is known to have been open.
        case known
        /// The number is lower than an opened one, and no stream of this number was opened.
        case skipped
    }

    /// The most ranges of skipped numbers that are remembered. Clients count by two and skip none.
    private static let maxGaps = 64
    /// The most streams that were reset by us and are remembered: for such a stream, frames may still arrive that the
    /// peer sent before it received the reset.
    private static let maxResets = 256

    private var highest: StreamID = -1
    private var gaps: [ClosedRange<StreamID>] = []
    private var resets: [StreamID] = []
    private var nextReset = 0

    /// Notes the stream of a HEADERS frame, an odd number.
    mutating func open(_ id: StreamID) -> Verdict {
        guard id > highest else { return isSkipped(id) ? .skipped : .known }
        if id - 2 > highest {
            if gaps.count == Self.maxGaps { gaps.removeFirst() }
            gaps.append((highest + 1)...(id - 1))
        }
        highest = id
        return .new
    }

    /// Whether a stream of this number has been open, or could have been open.
    func wasPassed(_ id: StreamID) -> Bool { id <= highest }

    /// Whether the stream was skipped: one with a higher number was opened without it.
    func isSkipped(_ id: StreamID) -> Bool { gaps.contains { $0.contains(id) } }

    mutating func noteReset(_ id: StreamID) {
        if resets.count < Self.maxResets {
            resets.append(id)
        } else {
            resets[nextReset] = id
            nextReset = (nextReset + 1) % Self.maxResets
        }
    }

    func wasReset(_ id: StreamID) -> Bool { resets.contains(id) }
}
