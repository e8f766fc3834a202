import HTTPTypes

/// The server's side of an HTTP/2 connection (RFC 9113) as a state machine over a libnghttp2 session.
///
/// The library does framing, HPACK, windows and most of the protocol's rules. This type has the requests and answers,
/// the limits of bodies, and checks for the rules and floods that the library lets pass. It is a class, because the
/// session's callbacks point at it. One ``HTTPConnection`` owns it and uses it on its own thread only.
final class HTTP2Connection {
    let limits: HTTPLimits
    let admission: RequestAdmission
    let ownAnswer: OwnAnswerMaker
    /// Fields that are added to the answers of the protocol itself.
    var ownAnswerFields = HTTPFields()

    /// The session; nil when memory was short, which ends the connection at once.
    private(set) var session: HTTP2Session?
    var streams: [StreamID: HTTP2Stream] = [:]
    var events = EventQueue()
    /// Frames that the session has made and the owner has not taken.
    var output = ByteQueue()
    /// The number of the current phase; see ``HTTPConnection/phaseEpoch``.
    var epoch: UInt64 = 0

    // State for judging frames.
    var scanner = FrameScanner()
    var flood: FloodGuard
    var ledger = StreamLedger()
    /// The number of our SETTINGS frames that the peer has acknowledged.
    var acknowledgedSettings = 0
    /// The number of frames that waited to be sent when the last SETTINGS frame began.
    var queuedBeforeSettings = 0
    /// The new stream of a HEADERS frame, until the library begins the stream. If the library does not begin it, it has
    /// refused it.
    var announcedStream: StreamID?

    // Sums over the streams, kept so that no loop is needed to get them.
    var readingCount = 0
    var lingeringCount = 0
    var inFlight = 0
    var readingBytes = 0
    var inWorkBytes = 0
    var streamOutputBytes = 0
    var withheldCount = 0

    /// The stream whose header block is being read.
    var headerStream: StreamID?
    var hasSettings = false

    /// Whether reading has stopped. Output that waits may still be written.
    private(set) var isBroken = false
    /// Whether the session has ended. Only the bytes in `output` are still written.
    private(set) var isDead = false
    private(set) var isDraining = false
    private var hasFinalGoAway = false

    /// `memory` is an allocator for libnghttp2, for tests in which allocations fail.
    init(
        limits: HTTPLimits,
        admission: @escaping RequestAdmission = { _, _ in nil },
        ownAnswer: @escaping OwnAnswerMaker,
        memory: HTTP2Memory? = nil
    ) {
        self.limits = limits
        self.admission = admission
        self.ownAnswer = ownAnswer
        flood = FloodGuard(limits: limits)
        session = HTTP2Session(limits: limits, owner: self, memory: memory)
        if session == nil { fail(.internalError) }
    }

    func nextEvent() -> HTTPEvent? { events.next() }

    // MARK: State for the owner

    var phase: ConnectionPhase {
        if isDead || isBroken { return .closing }
        if hasOutput || streamOutputBytes > 0 { return .writing }
        if inFlight > 0 { return .awaitingResponse }
        if headerStream != nil || !hasSettings { return .readingHead }
        if readingCount + lingeringCount > 0 { return .readingBody }
        return isDraining ? .closing : .idle
    }

    /// The most frames that may wait in the library. Above this number no requests are read, and so no more answers
    /// begin.
    private static let maxQueuedFrames = 1000

    var wantsInput: Bool {
        guard !isBroken, !isDead, output.count < limits.responseLowWaterBytes else { return false }
        return (session?.queuedFrames ?? 0) < Self.maxQueuedFrames
    }
    var hasOutput: Bool { !output.isEmpty || (!isDead && session?.wantsWrite == true) }
    var isFinished: Bool { output.isEmpty && (isDead || isOver) }
    var bufferedOutputBytes: Int { output.count + streamOutputBytes }
    var bufferedInputBytes: Int { readingBytes }

    /// Whether the library has nothing left to do: GOAWAY is sent or received, and no stream is open.
    private var isOver: Bool { session?.wantsRead != true && session?.wantsWrite != true }

    // MARK: Ends

    /// Ends the connection for an error that we found: it sends GOAWAY and reads no further byte (RFC 9113, 5.4.1).
    /// After an internal error the library is not called again.
    func fail(_ code: HTTP2ErrorCode) {
        guard !isBroken else { return }
        isBroken = true
        events.append(.protocolError(Self.kind(of: code)))
        cancelAll()
        if code == .internalError {
            isDead = true
            session?.abandon()
        } else {
            session?.terminate(code)
        }
    }

    private static func kind(of code: HTTP2ErrorCode) -> ProtocolErrorKind {
        switch code {
        case .internalError: .internalFailure
        case .enhanceYourCalm: .http2Flood
        case .noError, .protocolError, .flowControlError, .streamClosed, .cancel: .http2Protocol
        }
    }

    /// Ends the connection for an error that the library found. The library has sent its GOAWAY.
    func endedByLibrary() {
        guard !isBroken else { return }
        isBroken = true
        events.append(.protocolError(.http2Protocol))
        cancelAll()
    }

    /// Handles the end of the peer's bytes. No HTTP/2 client closes only its own side, so no client waits for answers.
    func receiveEndOfInput() {
        cancelAll()
        isDead = true
        output.removeAll()
    }

    /// Tells the owner that every request in work is cancelled, and forgets the streams.
    private func cancelAll() {
        for stream in streams.values.sorted(by: { $0.id < $1.id }) { forget(stream) }
        streams = [:]
        headerStream = nil
    }

    /// Ends the connection gracefully in two steps (RFC 9113, 6.8). After the first, requests that are on their way are
    /// still accepted.
    func drain(isFinal: Bool) {
        guard !isBroken, !isDead else { return }
        epoch &+= 1
        if !isDraining {
            isDraining = true
            session?.submitShutdownNotice()
        } else if isFinal {
            finishDraining()
        }
    }

    func finishDraining() {
        guard isDraining, !hasFinalGoAway else { return }
        hasFinalGoAway = true
        session?.submitFinalGoAway()
    }

    func phaseTimedOut() {
        switch phase {
        case .readingBody:
            for stream in streams.values {
                if stream.lingers { giveUp(stream, .noError) }
                if stream.state == .readingBody { refuse(stream, .timedOut) }
            }
        case .idle, .readingHead:
            if phase == .readingHead { events.append(.protocolError(.timeout)) }
            isBroken = true
            cancelAll()
            session?.terminate(.noError)
        case .closing where !isBroken && !isDead && !hasFinalGoAway:
            finishDraining()
        case .awaitingResponse, .writing, .closing:
            cancelAll()
            isDead = true
            output.removeAll()
        }
        epoch &+= 1
    }

    /// Ends streams whose time limit has passed; see ``HTTPConnection/enforceStreamTimeLimits(now:body:write:)``.
    /// O(streams).
    func enforceStreamTimeLimits(now: Duration, body: Duration, write: Duration) -> Int {
        flood.refill(now: now)
        var ended = 0
        for stream in streams.values {
            switch stream.state {
            case .readingHead, .readingBody:
                // If the requests in work use up the limit, the body waits for us. Then it is not late.
                let isHeldBack = stream.withheldWindow > 0 && inWorkBytes > limits.maxConnectionBodyBytes
                let firstSeen = isHeldBack ? now : stream.firstSeen ?? now
                stream.firstSeen = firstSeen
                guard now - firstSeen >= body else { continue }
                refuse(stream, .timedOut)
                ended += 1
            case .refused where stream.lingers:
                endAfterAnswer(stream, now: now)
            case .inWork, .refused:
                guard isStalled(stream, now: now, limit: write) else { continue }
                events.append(.protocolError(.timeout))
                giveUp(stream, .cancel)
                ended += 1
            case .gone:
                continue
            }
        }
        return ended
    }

    /// How long a client may go on sending after it was answered. Then it is told to stop.
    private static let lingerTime: Duration = .seconds(1)

    /// Resets a stream that was answered before its request was complete, without an error.
    private func endAfterAnswer(_ stream: HTTP2Stream, now: Duration) {
        guard let since = stream.lingersSince else {
            stream.lingersSince = now
            return
        }
        if now - since >= Self.lingerTime { giveUp(stream, .noError) }
    }

    /// Whether output waits and the peer has taken none of it for `limit`.
    private func isStalled(_ stream: HTTP2Stream, now: Duration, limit: Duration) -> Bool {
        // The end of the body alone may wait too: without a window the library sends no DATA frame, not even an empty
        // one.
        let isWaiting = !stream.output.isEmpty || stream.isOutputComplete && !stream.isAnswered
        guard isWaiting, stream.sentBytes == stream.seenSentBytes else {
            stream.seenSentBytes = isWaiting ? stream.sentBytes : -1
            stream.seenAt = now
            return false
        }
        return now - stream.seenAt >= limit
    }
}
