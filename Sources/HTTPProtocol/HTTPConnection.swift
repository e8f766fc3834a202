package import HTTPTypes

/// The server's side of one connection, HTTP/1.x or HTTP/2, without sockets, threads or a clock: bytes in, events and
/// bytes out. The first bytes decide the protocol (HTTP/2 by prior knowledge, RFC 9113, 3.3), or TLS has.
///
/// One thread owns it. After each mutating call the owner takes every event by ``nextEvent()``, writes what
/// ``takeOutput(atMost:)`` gives, and looks at ``wantsInput``, ``isFinished`` and ``phase``. No input traps, and
/// what is held is bounded by ``HTTPLimits``.
package struct HTTPConnection: ~Copyable {
    /// What TLS has agreed on for this connection, by ALPN.
    package enum Negotiated: Sendable {
        /// Nothing, because there is no TLS: the first bytes tell.
        case byPreface
        case http1
        case http2
    }

    /// Judges a request by its head, when its body is still to come: an answer refuses it, nil lets it come. What has
    /// no body is not asked about: it is handed out.
    package typealias Admission = @Sendable (HTTPRequest) -> (head: HTTPResponse, body: [UInt8])?

    private var detector = PrefaceDetector()
    private var isDecided: Bool
    /// Serves until the preface is complete, if ever it is.
    private var http1: HTTP1Connection
    private var http2: HTTP2Connection?
    private let limits: HTTPLimits
    private let admission: Admission
    private let ownAnswer: OwnAnswer.Maker

    /// A connection that was just accepted. `ownAnswer` makes the answers that the protocol gives by itself
    /// (400, 408, 413, …), and is called once for each.
    package init(
        limits: HTTPLimits,
        negotiated: Negotiated = .byPreface,
        admission: @escaping Admission = { _ in nil },
        ownAnswer: @escaping OwnAnswer.Maker
    ) {
        self.limits = limits
        self.admission = admission
        self.ownAnswer = ownAnswer
        isDecided = negotiated == .http1
        // HTTP/2's preface has still to come.
        if negotiated == .http2 {
            http2 = HTTP2Connection(limits: limits, admission: admission, ownAnswer: ownAnswer)
        }
        http1 = HTTP1Connection(limits: limits, admission: admission, ownAnswer: ownAnswer)
    }

    /// Fields that the answers made by the protocol itself carry beside their own: Date and Server.
    package var ownAnswerFields: HTTPFields {
        get { http2?.ownAnswerFields ?? http1.ownAnswerFields }
        set {
            if let http2 { http2.ownAnswerFields = newValue } else { http1.ownAnswerFields = newValue }
        }
    }

    // MARK: In

    /// Takes everything that was read from the socket, in pieces of any size: the same bytes give the same events.
    package mutating func receive(_ bytes: Span<UInt8>) {
        guard !isDecided else {
            if let http2 { http2.receive(bytes) } else { http1.receive(bytes) }
            return
        }
        var position = 0
        switch detector.detect(bytes, at: &position) {
        case .undecided:
            return
        case .http1:
            isDecided = true
            // RFC 9113, 3.4: without its preface it is no HTTP/2.
            if let http2 { return http2.fail(.protocolError) }
            http1.receive(detector.matchedBytes.span)
            http1.receive(bytes.extracting(position..<bytes.count))
        case .http2:
            isDecided = true
            let connection = http2 ?? HTTP2Connection(limits: limits, admission: admission, ownAnswer: ownAnswer)
            if http2 == nil { connection.ownAnswerFields = http1.ownAnswerFields }
            http2 = connection
            connection.receive(bytes.extracting(position..<bytes.count))
        }
    }

    /// The peer will send nothing more. Requests in work are still answered in HTTP/1.x; in HTTP/2 they are
    /// cancelled, because no client of it closes half.
    package mutating func receiveEndOfInput() {
        if !isDecided, http2 == nil {
            isDecided = true
            http1.receive(detector.matchedBytes.span)
        }
        if let http2 { http2.receiveEndOfInput() } else { http1.receiveEndOfInput() }
    }

    /// The next thing that happened, in order; nil when the owner knows all.
    package mutating func nextEvent() -> HTTPEvent? {
        if let http2 { http2.nextEvent() } else { http1.events.next() }
    }

    // MARK: Answers

    /// Begins the answer to a request. Complete: `body` is all of it and a length is sent. Not complete: `body` is its
    /// first piece, the others follow by ``appendBody(_:isComplete:to:)``, one for each ``HTTPEvent/bodyRoom(_:)``.
    ///
    /// Framing fields in `head` are replaced; `Connection: close` in it is honoured. HEAD, 204 and 304 are sent
    /// without the body. A stream that is gone is ignored.
    package mutating func respond(_ head: HTTPResponse, body: [UInt8], isComplete: Bool, to stream: StreamID) {
        if let http2 {
            http2.respond(head, body: body, isComplete: isComplete, to: stream)
        } else {
            http1.respond(head, body: body, isComplete: isComplete, to: stream)
        }
    }

    /// Continues a streamed answer. A stream that is gone is ignored.
    package mutating func appendBody(_ bytes: [UInt8], isComplete: Bool, to stream: StreamID) {
        if let http2 {
            http2.appendBody(bytes, isComplete: isComplete, to: stream)
        } else {
            http1.appendBody(bytes, isComplete: isComplete, to: stream)
        }
    }

    /// Gives up an answer that can't be finished: RST_STREAM, or the end of an HTTP/1.x connection.
    package mutating func abort(_ stream: StreamID) {
        if let http2 { http2.abort(stream) } else { http1.abort(stream) }
    }

    // MARK: Out

    /// The next bytes for the socket; empty when there is nothing now.
    package mutating func takeOutput(atMost limit: Int) -> [UInt8] {
        if let http2 { http2.takeOutput(atMost: limit) } else { http1.takeOutput(atMost: limit) }
    }

    // MARK: Ends

    /// Lets the connection end gracefully, in two steps: call it again a little later.
    ///
    /// HTTP/2: first GOAWAY with the highest stream number and a PING, then, at the PING's answer or the second call,
    /// GOAWAY with the last stream served (RFC 9113, 6.8). HTTP/1.x: the next answer says `Connection: close`; at the
    /// second call a connection that waits for a request is finished. Requests in work are answered.
    package mutating func drain() {
        if let http2 {
            http2.drain(isFinal: hasBegunDraining)
        } else {
            // A preface begun counts as a request begun.
            http1.drain(isFinal: hasBegunDraining && (isDecided || detector.matched == 0))
        }
        hasBegunDraining = true
    }

    private var hasBegunDraining = false

    /// The owner's time for ``phase`` ran out: 408 where a request is incomplete, then the connection ends.
    package mutating func phaseTimedOut() {
        if !isDecided, http2 == nil, detector.matched > 0 {
            isDecided = true
            http1.receive(detector.matchedBytes.span)
        }
        if let http2 { http2.phaseTimedOut() } else { http1.phaseTimedOut() }
    }

    /// Holds each HTTP/2 stream to its time, so that a stalled one can't hide behind others that go on; returns how
    /// many were ended. Call it about once a second; `now` is any monotonic clock's reading.
    ///
    /// - Parameters:
    ///   - body: the time from a stream's begin to its request's last byte; then 408 and RST_STREAM.
    ///   - write: the time that a waiting answer may go without a byte taken, the peer's window being shut; then
    ///     RST_STREAM and ``HTTPEvent/cancelled(_:)``.
    package mutating func enforceStreamTimeLimits(now: Duration, body: Duration, write: Duration) -> Int {
        http2?.enforceStreamTimeLimits(now: now, body: body, write: write) ?? 0
    }

    // MARK: What the owner looks at

    /// What the connection is doing.
    package var phase: ConnectionPhase {
        if let http2 { return http2.phase }
        return !isDecided && detector.matched > 0 ? .readingHead : http1.phase
    }

    /// Changes whenever a phase begins, also when it has the name of the one before. The owner arms a time limit when
    /// phase or epoch change; bytes alone don't, or a peer could drip them for ever.
    package var phaseEpoch: UInt64 { http2?.epoch ?? http1.epoch }

    /// False: leave what comes in the socket, because a pipeline is full or answers aren't being read.
    package var wantsInput: Bool { http2?.wantsInput ?? http1.wantsInput }

    /// Whether ``takeOutput(atMost:)`` may give something.
    package var hasOutput: Bool { http2?.hasOutput ?? !http1.output.isEmpty }

    /// Whether all is over and written: close the socket, reading on for a while so that the last answer arrives.
    package var isFinished: Bool { http2?.isFinished ?? http1.isFinished }

    /// Requests handed out and not yet fully answered.
    package var inFlight: Int { http2?.inFlight ?? http1.inFlight }

    /// Bytes of answers that were handed over and not yet taken. O(1).
    package var bufferedOutputBytes: Int { http2?.bufferedOutputBytes ?? http1.output.count }

    /// Bytes of incomplete requests, and of what is pipelined behind the one in work. O(1).
    package var bufferedInputBytes: Int { http2?.bufferedInputBytes ?? http1.bufferedInputBytes }

    /// "http/1.1" or "h2", as ALPN names them.
    package var protocolName: String { http2 == nil ? "http/1.1" : "h2" }
}
