import HTTPTypes

/// The server's side of an HTTP/2 connection (RFC 9113) as a state machine over a libnghttp2 session.
///
/// The library does framing, HPACK, windows and most of the protocol's rules. Here are the requests and answers, what
/// a body may hold, and the rules and floods that the library lets pass. A class, because the session's callbacks
/// point at it; owned by one ``HTTPConnection`` and used on its thread alone.
final class HTTP2Connection {
    let limits: HTTPLimits
    let admission: HTTPConnection.Admission
    let ownAnswer: OwnAnswer.Maker
    /// Fields that are added to the answers that the protocol makes itself.
    var ownAnswerFields = HTTPFields()

    /// Nil when memory was short, which ends the connection at once.
    private(set) var session: HTTP2Session?
    var streams: [StreamID: HTTP2Stream] = [:]
    var events = EventQueue()
    /// Frames that are made and not yet taken.
    var output = ByteQueue()
    /// Counts the phases, see ``HTTPConnection/phaseEpoch``.
    var epoch: UInt64 = 0

    // What frames are judged by.
    var scanner = FrameScanner()
    var flood: FloodGuard
    var ledger = StreamLedger()
    /// SETTINGS frames of ours that the peer acknowledged.
    var acknowledgedSettings = 0
    /// Frames that waited to be sent when the last SETTINGS frame began.
    var queuedBeforeSettings = 0
    /// A HEADERS frame's new stream, until the library takes it up; if it never does it has refused it.
    var announcedStream: StreamID?

    // Sums over the streams, so that asking for them costs nothing.
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

    /// No input is read any more; what waits may still be written.
    private(set) var isBroken = false
    /// Nothing goes in or out any more, but for what is in `output`.
    private(set) var isDead = false
    private(set) var isDraining = false
    private var hasFinalGoAway = false

    /// `memory`: libnghttp2's allocator, for tests in which it fails.
    init(
        limits: HTTPLimits,
        admission: @escaping HTTPConnection.Admission = { _ in nil },
        ownAnswer: @escaping OwnAnswer.Maker,
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

    // MARK: What the owner looks at

    var phase: ConnectionPhase {
        if isDead || isBroken { return .closing }
        if hasOutput || streamOutputBytes > 0 { return .writing }
        if inFlight > 0 { return .awaitingResponse }
        if headerStream != nil || !hasSettings { return .readingHead }
        if readingCount + lingeringCount > 0 { return .readingBody }
        return isDraining ? .closing : .idle
    }

    /// Frames that wait in the library: answers are begun by requests, so it is here that they are held back.
    private static let maxQueuedFrames = 1000

    var wantsInput: Bool {
        guard !isBroken, !isDead, output.count < limits.responseLowWaterBytes else { return false }
        return (session?.queuedFrames ?? 0) < Self.maxQueuedFrames
    }
    var hasOutput: Bool { !output.isEmpty || (!isDead && session?.wantsWrite == true) }
    var isFinished: Bool { output.isEmpty && (isDead || isOver) }
    var bufferedOutputBytes: Int { output.count + streamOutputBytes }
    var bufferedInputBytes: Int { readingBytes }

    /// Whether the library has nothing left to do: GOAWAY is sent or received and no stream is open.
    private var isOver: Bool { session?.wantsRead != true && session?.wantsWrite != true }

    // MARK: Ends

    /// A connection error found here: GOAWAY and no further byte is read (RFC 9113, 5.4.1). After an internal error
    /// the library isn't asked for anything more.
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

    /// A connection error found by the library, which has sent its GOAWAY.
    func endedByLibrary() {
        guard !isBroken else { return }
        isBroken = true
        events.append(.protocolError(.http2Protocol))
        cancelAll()
    }

    /// The peer will send nothing more: no client of HTTP/2 closes half, so nobody waits for answers.
    func receiveEndOfInput() {
        cancelAll()
        isDead = true
        output.removeAll()
    }

    /// Tells the owner of every request that is in work, and forgets the streams.
    private func cancelAll() {
        for stream in streams.values.sorted(by: { $0.id < $1.id }) { forget(stream) }
        streams = [:]
        headerStream = nil
    }

    /// In two steps (RFC 9113, 6.8): after the first the peer's requests that are on their way are still taken.
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

    /// See ``HTTPConnection/enforceStreamTimeLimits(now:body:write:)``. O(streams).
    func enforceStreamTimeLimits(now: Duration, body: Duration, write: Duration) -> Int {
        flood.refill(now: now)
        var ended = 0
        for stream in streams.values {
            switch stream.state {
            case .readingHead, .readingBody:
                // A body that waits for us, because the requests in work hold all there is, isn't late.
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

    /// What a client may go on sending after it was answered, before it is told to stop.
    private static let lingerTime: Duration = .seconds(1)

    /// Resets, without an error, a stream that was answered before its request was complete.
    private func endAfterAnswer(_ stream: HTTP2Stream, now: Duration) {
        guard let since = stream.lingersSince else {
            stream.lingersSince = now
            return
        }
        if now - since >= Self.lingerTime { giveUp(stream, .noError) }
    }

    /// Whether output waits of which the peer took nothing for `limit`.
    private func isStalled(_ stream: HTTP2Stream, now: Duration, limit: Duration) -> Bool {
        // The end by itself may wait too: the library sends no frame of DATA, not even an empty one, without window.
        let isWaiting = !stream.output.isEmpty || stream.isOutputComplete && !stream.isAnswered
        guard isWaiting, stream.sentBytes == stream.seenSentBytes else {
            stream.seenSentBytes = isWaiting ? stream.sentBytes : -1
            stream.seenAt = now
            return false
        }
        return now - stream.seenAt >= limit
    }
}
