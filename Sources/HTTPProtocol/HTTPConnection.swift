package import HTTPTypes

/// The server's side of one connection, HTTP/1.x or HTTP/2, without sockets, threads or a clock: bytes go in, events
/// and bytes come out. The protocol is decided by TLS or by the first bytes (HTTP/2 by prior knowledge, RFC 9113, 3.3).
///
/// One thread owns it. After each mutating call the owner takes every event by ``nextEvent()``, writes the bytes of
/// ``takeOutput(atMost:)``, and looks at ``wantsInput``, ``isFinished`` and ``phase``. No input can trap, and
/// ``HTTPLimits`` bounds the memory.
package struct HTTPConnection: ~Copyable {
    /// The protocol that TLS has agreed on for this connection, by ALPN.
    package enum Negotiated: Sendable {
        /// None, because there is no TLS: the first bytes decide.
        case byPreface
        case http1
        case http2
    }

    private var detector = PrefaceDetector()
    private var isDecided: Bool
    /// Serves the connection until an HTTP/2 preface is complete.
    private var http1: HTTP1Connection
    private var http2: HTTP2Connection?
    private let limits: HTTPLimits
    private let admission: RequestAdmission
    private let ownAnswer: OwnAnswerMaker

    /// Makes the state of a connection that was just accepted. `ownAnswer` makes the answers of the protocol itself
    /// (400, 408, 413, …) and is called once for each.
    package init(
        limits: HTTPLimits,
        negotiated: Negotiated = .byPreface,
        admission: @escaping RequestAdmission = { _, _ in nil },
        ownAnswer: @escaping OwnAnswerMaker
    ) {
        self.limits = limits
        self.admission = admission
        self.ownAnswer = ownAnswer
        isDecided = negotiated == .http1
        // HTTP/2's preface must still come.
        if negotiated == .http2 {
            http2 = HTTP2Connection(limits: limits, admission: admission, ownAnswer: ownAnswer)
        }
        http1 = HTTP1Connection(
            limits: limits,
            isDetected: negotiated == .byPreface,
            admission: admission,
            ownAnswer: ownAnswer
        )
    }

    /// Fields that are added to the answers of the protocol itself: Date and Server.
    package var ownAnswerFields: HTTPFields {
        get { http2?.ownAnswerFields ?? http1.ownAnswerFields }
        set {
            if let http2 { http2.ownAnswerFields = newValue } else { http1.ownAnswerFields = newValue }
        }
    }

    // MARK: In

    /// Takes the bytes that were read from the socket, in pieces of any size: the same bytes give the same events.
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
            decideWithoutPreface()
            if http2 == nil { http1.receive(bytes.extracting(position..<bytes.count)) }
        case .http2:
            isDecided = true
            beginHTTP2().receive(bytes.extracting(position..<bytes.count))
        }
    }

    private mutating func beginHTTP2() -> HTTP2Connection {
        let connection = http2 ?? HTTP2Connection(limits: limits, admission: admission, ownAnswer: ownAnswer)
        if http2 == nil { connection.ownAnswerFields = http1.ownAnswerFields }
        http2 = connection
        return connection
    }

    /// Decides the protocol when the preface cannot be completed any more. If HTTP/2 was agreed on, or its method has
    /// arrived, this is a connection error (RFC 9113, 3.4); otherwise the bytes so far belong to HTTP/1.x.
    private mutating func decideWithoutPreface() {
        isDecided = true
        if http2 != nil || detector.hasMethod {
            beginHTTP2().fail(.protocolError)
        } else {
            http1.receive(detector.matchedBytes.span)
        }
    }

    /// Handles the end of the peer's bytes. In HTTP/1.x, requests in work are still answered. In HTTP/2 they are
    /// cancelled, because no HTTP/2 client closes only its own side.
    package mutating func receiveEndOfInput() {
        if !isDecided, http2 == nil { decideWithoutPreface() }
        if let http2 { http2.receiveEndOfInput() } else { http1.receiveEndOfInput() }
    }

    /// The next event, in the order in which they happened; nil when there is none.
    package mutating func nextEvent() -> HTTPEvent? {
        if let http2 { http2.nextEvent() } else { http1.events.next() }
    }

    // MARK: Answers

    /// Begins the answer to a request. If `isComplete`, `body` is the whole body and its length is sent. Otherwise
    /// `body` is the first piece, and ``appendBody(_:isComplete:to:)`` adds the others, one for each
    /// ``HTTPEvent/bodyCapacity(_:)``.
    ///
    /// Framing fields in `head` are replaced; `Connection: close` in it is honoured. Answers to HEAD and with 204 or
    /// 304 are sent without the body. If the stream is gone, the call has no effect.
    package mutating func respond(_ head: HTTPResponse, body: [UInt8], isComplete: Bool, to stream: StreamID) {
        if let http2 {
            http2.respond(head, body: body, isComplete: isComplete, to: stream)
        } else {
            http1.respond(head, body: body, isComplete: isComplete, to: stream)
        }
    }

    /// Whether the next byte begins a request in HTTP/1.1, and nothing waits to be written.
    package var isAtRequest: Bool {
        http2 == nil && (isDecided || detector.matched == 0) && http1.isAtRequest
    }

    /// Answers a request whose bytes are not passed to ``receive(_:)``. Returns false, and does nothing, if the
    /// connection is not at the start of a request in HTTP/1.1, or ends soon.
    ///
    package mutating func answerUnparsed(_ answer: ReadyAnswer) -> Bool {
        guard isAtRequest, http1.answerUnparsed(answer.http1) else { return false }
        isDecided = true
        return true
    }

    /// Answers a request of HTTP/2. If the stream is gone, the call has no effect.
    package func respondInHTTP2(_ answer: ReadyAnswer, to stream: StreamID) {
        http2?.respond(answer, to: stream)
    }

    /// Continues a streamed answer. If the stream is gone, the call has no effect.
    package mutating func appendBody(_ bytes: [UInt8], isComplete: Bool, to stream: StreamID) {
        if let http2 {
            http2.appendBody(bytes, isComplete: isComplete, to: stream)
        } else {
            http1.appendBody(bytes, isComplete: isComplete, to: stream)
        }
    }

    /// Gives up an answer that cannot be finished, by RST_STREAM in HTTP/2 and by the connection's end in HTTP/1.x.
    package mutating func abort(_ stream: StreamID) {
        if let http2 { http2.abort(stream) } else { http1.abort(stream) }
    }

    // MARK: Out

    /// The next bytes for the socket; empty when there are none now.
    package mutating func takeOutput(atMost limit: Int) -> [UInt8] {
        if let http2 { http2.takeOutput(atMost: limit) } else { http1.takeOutput(atMost: limit) }
    }

    // MARK: Ends

    /// Ends the connection gracefully, in two steps: call this function again a little later. Requests in work are
    /// answered.
    ///
    /// In HTTP/2 the first call sends GOAWAY with the highest stream number and a PING; the PING's answer or the second
    /// call sends GOAWAY with the last stream that is served (RFC 9113, 6.8). In HTTP/1.x the next answer says
    /// `Connection: close`, and the second call ends a connection that waits for a request.
    package mutating func drain() {
        if let http2 {
            http2.drain(isFinal: hasBegunDraining)
        } else {
            // A partly received preface counts like a partly received request.
            http1.drain(isFinal: hasBegunDraining && (isDecided || detector.matched == 0))
        }
        hasBegunDraining = true
    }

    private var hasBegunDraining = false

    /// Handles the end of the owner's time limit for ``phase``: an incomplete request is answered with 408, then the
    /// connection ends.
    package mutating func phaseTimedOut() {
        if !isDecided, http2 == nil, detector.matched > 0 {
            decideWithoutPreface()
            if http2 != nil { return }
        }
        if let http2 { http2.phaseTimedOut() } else { http1.phaseTimedOut() }
    }

    /// Checks each HTTP/2 stream against its time limits, so that a stalled stream cannot hide behind active ones. Call
    /// it about once a second.
    ///
    /// - Parameters:
    ///   - now: The time of any monotonic clock.
    ///   - body: The longest time from a stream's begin to its request's last byte. After it: 408 and RST_STREAM.
    ///   - write: The longest time in which the peer takes no byte of an answer, because its window is closed. After
    ///     it: RST_STREAM and ``HTTPEvent/cancelled(_:)``.
    /// - Returns: The number of streams that were ended.
    package mutating func enforceStreamTimeLimits(now: Duration, body: Duration, write: Duration) -> Int {
        http2?.enforceStreamTimeLimits(now: now, body: body, write: write) ?? 0
    }

    // MARK: State for the owner

    /// The phase that the connection is in.
    package var phase: ConnectionPhase {
        if let http2 { return http2.phase }
        return !isDecided && detector.matched > 0 ? .readingHead : http1.phase
    }

    /// A number that changes whenever a phase begins, even if the new phase has the same name. The owner starts a time
    /// limit when phase or epoch change. Received bytes alone change neither, because a peer could send them one by one
    /// for ever.
    package var phaseEpoch: UInt64 { http2?.epoch ?? http1.epoch }

    /// Whether to read from the socket. It is false while a pipeline is full or the peer does not read its answers.
    package var wantsInput: Bool { http2?.wantsInput ?? http1.wantsInput }

    /// Whether ``takeOutput(atMost:)`` may have bytes to give.
    package var hasOutput: Bool { http2?.hasOutput ?? !http1.output.isEmpty }

    /// Whether the connection has ended and all its bytes are taken. The owner then closes the socket, but first reads
    /// for a little longer, so that the last answer arrives.
    package var isFinished: Bool { http2?.isFinished ?? http1.isFinished }

    /// The number of requests that were passed to the owner and are not fully answered.
    package var inFlight: Int { http2?.inFlight ?? http1.inFlight }

    /// The bytes of answers that the owner has passed to the connection and not yet taken as output. O(1).
    package var bufferedOutputBytes: Int { http2?.bufferedOutputBytes ?? http1.output.count }

    /// The bytes of incomplete requests, and of those that are pipelined behind the request in work. O(1).
    package var bufferedInputBytes: Int { http2?.bufferedInputBytes ?? http1.bufferedInputBytes }

    /// Whether the connection speaks HTTP/2.
    package var isHTTP2: Bool { http2 != nil }
}

/// An answer to many requests, in the forms in which the protocols send it. It has content.
package struct ReadyAnswer: Sendable {
    /// The bytes of the whole answer in HTTP/1.1, after which the connection goes on.
    package let http1: [UInt8]
    /// The fields in HTTP/2.
    let block: HeaderBlock
    let body: [UInt8]

    /// Makes the forms of an answer whose head has all fields but those that tell the length.
    package init(_ head: HTTPResponse, body: [UInt8]) {
        http1 = ResponseSerializer.head(head, body: .length(body.count), version: .http11, keepsAlive: true) + body
        block = HeaderBlock(head, contentLength: body.count)
        self.body = body
    }
}

/// Distinguishes HTTP/2 by prior knowledge from HTTP/1.x by a connection's first bytes (RFC 9113, 3.3 and 3.4).
struct PrefaceDetector {
    /// The first bytes of every HTTP/2 client. No valid HTTP/1.x request begins with them, because the method PRI is
    /// reserved.
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    /// The whole answer to an invalid preface (RFC 9113, 3.4): an empty SETTINGS frame, and a GOAWAY frame with
    /// PROTOCOL_ERROR.
    static let refusal: [UInt8] =
        [0, 0, 0, HTTP2FrameHeader.Kind.settings.rawValue, 0, 0, 0, 0, 0]
        + [0, 0, 8, HTTP2FrameHeader.Kind.goAway.rawValue, 0, 0, 0, 0, 0]
        + [0, 0, 0, 0, 0, 0, 0, UInt8(HTTP2ErrorCode.protocolError.rawValue)]

    enum Verdict: Equatable {
        /// The bytes so far could be the beginning of either protocol.
        case undecided
        case http1
        case http2
    }

    /// The number of bytes that agreed with the preface.
    private(set) var matched = 0

    /// Compares the bytes from `position` on, and moves `position` behind the last byte that agreed.
    mutating func detect(_ input: Span<UInt8>, at position: inout Int) -> Verdict {
        while position < input.count, matched < Self.preface.count {
            guard input[position] == Self.preface[matched] else { return .http1 }
            matched += 1
            position += 1
        }
        return matched == Self.preface.count ? .http2 : .undecided
    }

    /// Whether the method PRI and the space after it have arrived. RFC 9113, 3.4, reserves the method for this preface.
    var hasMethod: Bool { matched >= 4 }

    /// The bytes that agreed with the preface. If the protocol is HTTP/1.x, they belong to its first request.
    var matchedBytes: [UInt8] { Array(Self.preface.prefix(matched)) }
}
