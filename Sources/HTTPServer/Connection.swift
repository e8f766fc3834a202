import Budget
import HTTPProtocol
import HTTPTypes
import Time
import Transport

/// One client's connection: it joins a socket and a protocol.
///
/// All work is done in `step()`. It reads bytes, handles events and writes bytes until there is nothing left to do or
/// the turn's rounds are used up, and then sets the deadline. It is called when the socket becomes ready, when a task
/// has made an answer, and when a time limit has passed.
///
/// Owner: the loop's thread. Tasks know a connection only by its id.
final class Connection: EventHandler, Linked {
    /// The most rounds of reading, handling and writing in one turn; then it is the turn of other connections. A round
    /// reads at most `ConnectionTable.readBytes`.
    static let roundsPerTurn = 4
    /// The bytes that HTTP/2 reads at once between requests: those of a few usual requests.
    static let requestBytes = 1024
    /// The most events that are handled in one round.
    static let eventsPerRound = 64
    /// The most bytes that are taken from the protocol for one write, and the most writes in one round.
    static let writeBytes = 64 * 1024
    static let writesPerRound = 4
    /// The bytes that a client must take within `writeTimeout`. A client that takes a byte now and then is not reading.
    static let minimumWriteProgress = 4 * 1024
    /// The most bytes that are read and dropped after the last answer, so that the client receives that answer.
    static let maxDiscardedBytes = 32 * 1024 * 1024

    /// How soon after the handshake a client sends its first request if it has waited for the handshake to do so.
    static let promptTime = Duration.milliseconds(50)

    /// Longer than any request waits.
    static let longAgo = Duration.seconds(86_400)

    /// The stage of a connection's life.
    enum Stage { case handshaking, serving, lingering, closed }

    let id: UInt64
    /// Whether it has a place among the connections that there may be.
    let place: ConnectionPlace
    let table: ConnectionTable
    var stream: ByteStream
    /// The client's address.
    let client: String?
    var http: HTTPConnection
    var stage: Stage
    /// Whether the first byte of TLS was seen, and whether the connection waits for its handshake's next step.
    var hasGreeted = false
    var awaitsHandshakeStep = false
    /// How long the client has waited for this server in the handshake, and its end; nil once the client has sent its
    /// first bytes after that.
    var handshake: (wait: Duration, end: Instant)?

    /// Bytes taken from the protocol; the bytes before the index `sent` are written.
    var unsent: [UInt8] = []
    var sent = 0
    /// Whether reading and writing may succeed, according to the kernel's last report.
    var mayRead = true
    var mayWrite = true
    /// Whether the end of the client's input was read.
    var hasEnded = false
    /// When the bytes that were read last had arrived, and when the last answer was complete.
    var arrived: Instant
    var answered: Instant
    /// Whether the connection leaves bytes unread on purpose, and when it last did.
    var holdsBack = false
    var heldBack: Instant
    var discarded = 0
    /// The second for which the `Date` field of the protocol's own answers was set.
    var datedSecond = -1
    /// Whether it has no place and has had its request.
    var isEnding = false
    /// Since when it is idle, and its neighbours in the table's queue; see ``ConnectionTable/idle``.
    var idleSince: Instant?
    var links = Links<Connection>()
    /// Whether the connection ends between requests, so that there is no answer that a reset could destroy.
    var endsSilently = false

    /// Whether input waits in the socket because the bodies of all connections fill their limit.
    var isInputPaused = false

    /// The requests in work whose answers are not complete.
    var exchanges: [StreamID: Exchange] = [:]
    /// HTTP/2 requests that are not begun, because the client does not read this connection's answers.
    var parked: [(work: any RequestWork, bodyBytes: Int, stream: StreamID)] = []
    /// The bytes of the bodies of exchanges and parked requests.
    var heldBodyBytes = 0
    /// Streamed answers whose next piece waits for capacity.
    var pausedPulls: [StreamID] = []

    var clock: PhaseClock
    /// The amounts that this connection has added to the server's sums.
    private var countedOutbound = 0
    private var countedInbound = 0
    private var countedStreams = 0
    private var registration: Registration?

    init(id: UInt64, stream: consuming ByteStream, table: ConnectionTable, place: ConnectionPlace) {
        self.id = id
        stage = stream.isEncrypted ? .handshaking : .serving
        client = stream.socket.peerAddress
        self.stream = stream
        self.table = table
        self.place = place
        clock = PhaseClock(now: table.reactor.now)
        arrived = clock.phaseBegan
        // The first request may have come before the connection was accepted.
        answered = clock.phaseBegan - Self.longAgo
        heldBack = answered
        http = Self.makeProtocol(table, .byPreface, client: client, place)
    }

    static func makeProtocol(
        _ table: ConnectionTable,
        _ negotiated: HTTPConnection.Negotiated,
        client: String?,
        _ place: ConnectionPlace
    ) -> HTTPConnection {
        let (context, memo) = (table.context, table.memo)
        let (handler, counters) = (context.handler, context.counters)
        return HTTPConnection(
            limits: context.configuration.limits,
            negotiated: negotiated,
            admission: { head, body in
                if body == .follows, place.shortage == nil, let kept = memo.refusal(of: head) {
                    return .plan(RepeatedPlan(kept, in: memo, context, client: client))
                }
                var verdict = handler.judge(head, body: body, client: client)
                if case .plan(let plan) = verdict, plan.isWork, !place.takesWork() {
                    verdict = .answer(context.refusal(place.shortage, client: client))
                }
                guard case .answer(let refusal) = verdict else { return verdict }
                counters.add(1, to: .requests)
                return .answer(handler.given(refusal))
            },
            ownAnswer: { handler.ownAnswer($0, $1, client: client) }
        )
    }

    var context: ServerContext { table.context }

    /// The number of requests that are in work or parked.
    var requestsInWork: Int { exchanges.count + parked.count }

    /// Registers the socket with the reactor. Returns false if that fails.
    func open() -> Bool {
        let registration = table.reactor.register(self)
        do {
            try table.reactor.watch(stream.socket.number, for: .connection, registration: registration)
        } catch {
            table.reactor.deregister(registration)
            return false
        }
        self.registration = registration
        return true
    }

    // MARK: Events

    func ready(_ readiness: Readiness) {
        if readiness.contains(.readable) { mayRead = true }
        if readiness.contains(.writable) { mayWrite = true }
        if stream.isEncrypted, mayRead || mayWrite {
            // TLS may have to write before it can read on, or read before it can write.
            (mayRead, mayWrite) = (true, true)
        }
        if readiness.contains(.peerFinished) {
            mayRead = true
            clock.peerFinished(at: table.reactor.now)
        }
        if !readiness.isDisjoint(with: [.failed, .hungUp]) {
            // The connection was reset, or both directions are closed: no further answer can arrive. If the last one
            // was written, the kernel sends it.
            return stage == .lingering ? close() : abandon()
        }
        step()
    }

    func deadlinePassed() {
        enforceTimeLimits()
        step()
    }

    // MARK: The turn

    /// Reads, handles and writes whatever it can.
    func step() {
        var rounds = 0
        var hasMoved = true
        while stage != .closed, hasMoved, rounds < Self.roundsPerTurn {
            rounds += 1
            hasMoved =
                switch stage {
                case .handshaking: awaitHandshakeStep()
                case .serving: serve()
                case .lingering: discardInput()
                case .closed: false
                }
        }
        guard stage != .closed else { return }
        updateSums()
        if hasMoved { grantTurn() }
        updateDeadline()
    }

    /// Goes on in the next turn.
    func grantTurn() {
        if let registration { table.reactor.grantTurn(to: registration) }
    }

    /// Does one round of reading, handling and writing. Returns whether the round made progress.
    private func serve() -> Bool {
        // Bytes that have waited until now waited because the connection wanted no input, not because of a late loop.
        if holdsBack { heldBack = table.reactor.now }
        var hasMoved = handleEvents()
        hasMoved = write() || hasMoved
        guard stage == .serving else { return true }
        if http.isFinished, !http.hasOutput, unsent.isEmpty { return beginLinger() || hasMoved }
        let wantsInput = mayRead && !hasEnded && http.wantsInput
        isInputPaused = wantsInput && isInboundFull
        holdsBack = !http.wantsInput || isInputPaused
        if wantsInput, !isInputPaused { hasMoved = read() || hasMoved }
        if place.isRefused, stage == .serving { endIfPlaceless() }
        return hasMoved
    }

    /// Whether all connections together hold so much input that this one must stop reading its request for now. A
    /// connection that holds no input may begin a request, so that health checks still work.
    private var isInboundFull: Bool {
        context.isInboundFull && http.bufferedInputBytes > 0 && !table.mayReadOn(id)
    }

    // MARK: The end

    /// Handles a client that has disconnected: cancels its requests in work.
    func abandon() {
        stream.socket.resetOnClose()
        close()
    }

    /// Begins the end after everything is written: tells the client that no more bytes follow, and waits a moment for
    /// it to close. Returns false if the client could not be told yet.
    private func beginLinger() -> Bool {
        cancelExchanges()
        guard stream.finishSending() else {
            mayWrite = false
            return false
        }
        if hasEnded || endsSilently { close() } else { linger() }
        return true
    }

    /// Waits a moment for the client to close.
    func linger() {
        stage = .lingering
        clock.lingerDeadline = table.reactor.now + context.configuration.lingerTimeout
    }

    /// Closes at once, even if requests or bytes are left.
    func close() {
        guard stage != .closed else { return }
        stage = .closed
        cancelExchanges()
        context.memory.count(-countedOutbound, for: .answers)
        context.memory.count(-countedInbound, for: .received)
        context.counters.add(-countedStreams, to: .openHTTP2Streams)
        table.hasReadAll(id)
        if let registration { table.reactor.deregister(registration) }
        // The socket closes with the last reference, which the caller has.
        table.remove(self)
    }

    // MARK: Draining

    /// Begins a drain: requests that are in work or partly received are the last ones.
    func drain() {
        guard stage == .serving else { return }
        http.drain()
    }

    /// Ends a drain: reads the bytes that have arrived meanwhile, and closes the connection if there are none.
    ///
    /// A client whose handshake cannot be done with the bytes that have arrived has sent no request that could be lost.
    func finishDrain() {
        if stage == .handshaking {
            // There is no later turn for it, so it does not wait for its step.
            while stage == .handshaking, shakeHands() {}
            if stage == .handshaking { return abandon() }
            step()
        }
        guard stage == .serving else { return }
        mayRead = true
        step()
        guard stage == .serving else { return }
        endsSilently = http.phase == .idle && unsent.isEmpty
        http.drain()
        step()
    }

    // MARK: Sums

    /// The bytes of answers that wait for this client.
    var heldOutbound: Int { http.bufferedOutputBytes + unsent.count - sent }

    /// Brings the server's sums of held bytes and open streams up to date.
    private func updateSums() {
        let streams = http.isHTTP2 ? http.inFlight : 0
        if streams != countedStreams {
            context.counters.add(streams - countedStreams, to: .openHTTP2Streams)
            countedStreams = streams
        }
        let outbound = heldOutbound
        clock.holds(outbound, at: table.reactor.now)
        let inbound = http.bufferedInputBytes + heldBodyBytes
        if outbound != countedOutbound {
            context.memory.count(outbound - countedOutbound, for: .answers)
            countedOutbound = outbound
        }
        if inbound != countedInbound {
            if http.bufferedInputBytes == 0 { table.hasReadAll(id) }
            context.memory.count(inbound - countedInbound, for: .received)
            countedInbound = inbound
        }
    }

    func updateDeadline() {
        guard let registration else { return }
        observePhase()
        noteIdleness()
        table.reactor.setDeadline(nextDeadline(), for: registration)
    }
}

/// A request in work, until the protocol has its whole answer.
struct Exchange {
    /// The task that makes the answer or its next piece; nil while the answer waits for capacity.
    var task: Task<Void, Never>?
    /// Makes the next piece of a streamed answer; nil until the answer has begun.
    var pull: (@Sendable () async throws -> [UInt8]?)?
    /// The work of the task that makes the answer; nil once the answer has begun.
    var work: (any RequestWork)?
    /// The bytes of the request's body, which count as held until the answer begins.
    var bodyBytes: Int
    /// The record of a streamed answer that has begun.
    var record: (any AnswerRecord)?
}
