import HTTPProtocol
import HTTPTypes
import Transport

/// One client's connection: a socket and a protocol, joined.
///
/// Everything happens in `step()`, which moves what can be moved (bytes in, events, bytes out) until nothing moves or
/// the turn's share is used up, and then sets the deadline. It is called when the socket becomes ready, when an answer
/// comes from a task, and when a time limit has passed.
///
/// Owner: the loop's thread. Tasks know a connection by its id only.
final class Connection: EventHandler {
    /// Rounds of reading, handling and writing in one turn, after which others have theirs. A round reads at most
    /// `ConnectionTable.readBytes`.
    static let roundsPerTurn = 4
    /// Events handled in one round.
    static let eventsPerRound = 64
    /// Bytes taken from the protocol for one write, and writes in one round.
    static let writeBytes = 64 * 1024
    static let writesPerRound = 4
    /// Bytes a client must take in `writeTimeout` to be waited for: one that takes a byte now and then is not reading.
    static let minimumWriteProgress = 4 * 1024
    /// Bytes of a client that is no longer listened to, which are read and dropped so that it sees the last answer.
    static let maxDiscardedBytes = 32 * 1024 * 1024

    /// Where a connection is in its life.
    enum Stage { case handshaking, serving, lingering, closed }

    let id: UInt64
    /// Accepted over the limit: told 503 and never read.
    let isRefused: Bool
    let table: ConnectionTable
    let stream: ByteStream
    /// The client's address.
    let client: String?
    var http: HTTPConnection
    var stage: Stage
    /// The first byte of TLS was seen.
    var hasGreeted = false

    /// Bytes taken from the protocol; those before `sent` are written.
    var unsent: [UInt8] = []
    var sent = 0
    /// The last that the kernel said: there may be something to read, room to write.
    var mayRead = true
    var mayWrite = true
    /// The end of the client's input was read.
    var hasEnded = false
    var discarded = 0
    /// The second that the protocol's own answers are dated with.
    var datedSecond = -1
    /// It ends between requests, with nothing said: there is no answer that a reset could destroy.
    var endsSilently = false

    /// Input waits in the socket because the connections' bodies fill their limit.
    var isInputPaused = false

    /// Requests handed out whose answers are not complete.
    var exchanges: [StreamID: Exchange] = [:]
    /// HTTP/2 requests not begun because this connection's answers are not taken.
    var parked: [(request: Request, arrival: Arrival, stream: StreamID)] = []
    /// Bytes of the bodies of both.
    var heldBodyBytes = 0
    /// Streamed answers whose next piece waits for room.
    var pausedPulls: [StreamID] = []

    var clock: PhaseClock
    /// What this connection has in the server's sums.
    private var countedOutbound = 0
    private var countedInbound = 0
    private var countedStreams = 0
    private var registration: Registration?

    init(id: UInt64, stream: consuming ByteStream, table: ConnectionTable, isRefused: Bool = false) {
        self.id = id
        stage = stream.isEncrypted ? .handshaking : .serving
        client = stream.socket.peerAddress
        self.stream = stream
        self.table = table
        self.isRefused = isRefused
        clock = PhaseClock(now: table.reactor.now)
        http = Self.makeProtocol(table.context, .byPreface, client: client)
    }

    /// A connection that only carries a refusal.
    convenience init(id: UInt64, refusing socket: consuming Socket, table: ConnectionTable) {
        self.init(id: id, stream: ByteStream(socket), table: table, isRefused: true)
        table.sendRefusal(on: stream.socket)
        linger()
    }

    static func makeProtocol(
        _ context: ServerContext,
        _ negotiated: HTTPConnection.Negotiated,
        client: String?
    ) -> HTTPConnection {
        let (handler, counters) = (context.handler, context.counters)
        return HTTPConnection(
            limits: context.configuration.limits,
            negotiated: negotiated,
            admission: { head in
                guard let refusal = handler.ownRefusal(of: head, client: client) else { return nil }
                counters.add(1, to: .requests)
                return refusal
            },
            ownAnswer: { handler.ownAnswer($0, $1, client: client) }
        )
    }

    var context: ServerContext { table.context }

    /// Requests in work, or waiting for it.
    var requestsInWork: Int { exchanges.count + parked.count }

    /// Has the reactor watch the socket; false where it can't.
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
            // TLS may have to write before it can read on, and the other way round.
            (mayRead, mayWrite) = (true, true)
        }
        if readiness.contains(.peerFinished) {
            mayRead = true
            clock.peerFinished(at: table.reactor.now)
        }
        if !readiness.isDisjoint(with: [.failed, .hungUp]) {
            // A reset, or both directions closed: no answer can arrive any more. The last one, if it was written, is
            // left to the kernel.
            return stage == .lingering ? close() : abandon()
        }
        step()
    }

    func deadlinePassed() {
        enforceTimeLimits()
        step()
    }

    // MARK: The turn

    /// Moves whatever can be moved.
    func step() {
        var rounds = 0
        var hasMoved = true
        while stage != .closed, hasMoved, rounds < Self.roundsPerTurn {
            rounds += 1
            hasMoved =
                switch stage {
                case .handshaking: shakeHands()
                case .serving: serve()
                case .lingering: discardInput()
                case .closed: false
                }
        }
        guard stage != .closed else { return }
        updateSums()
        if hasMoved, let registration { table.reactor.grantTurn(to: registration) }
        updateDeadline()
    }

    /// One round of service; returns whether anything moved.
    private func serve() -> Bool {
        var hasMoved = handleEvents()
        hasMoved = write() || hasMoved
        guard stage == .serving else { return true }
        if http.isFinished, !http.hasOutput, unsent.isEmpty { return beginLinger() || hasMoved }
        let wantsInput = mayRead && !hasEnded && http.wantsInput
        isInputPaused = wantsInput && isInboundFull
        if wantsInput, !isInputPaused { hasMoved = read() || hasMoved }
        return hasMoved
    }

    /// Whether all connections together hold so much input that this one is to wait with the rest of its own. One that
    /// holds nothing may begin, so that health checks go on.
    private var isInboundFull: Bool {
        context.isInboundFull && http.bufferedInputBytes > 0 && !table.mayReadOn(id)
    }

    // MARK: The end

    /// The client has gone: what is in work for it is cancelled.
    func abandon() {
        stream.socket.resetOnClose()
        close()
    }

    /// Everything is written: says so to the client, and waits a moment for it to close. False where it could not be
    /// said yet.
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

    /// Closes at once, whatever is left.
    func close() {
        guard stage != .closed else { return }
        stage = .closed
        cancelExchanges()
        context.counters.add(-countedOutbound, to: .outboundBytes)
        context.counters.add(-countedInbound, to: .inboundBytes)
        context.counters.add(-countedStreams, to: .openHTTP2Streams)
        table.hasReadAll(id)
        if let registration { table.reactor.deregister(registration) }
        // The socket closes with the last reference, which is the caller's.
        table.remove(self)
    }

    // MARK: Draining

    /// Takes no request after those in work or on their way.
    func drain() {
        guard stage == .serving else { return }
        http.drain()
    }

    /// Reads what has come meanwhile, then closes if that was nothing.
    ///
    /// One whose handshake is not done has sent no request that could be lost.
    func finishDrain() {
        if stage == .handshaking {
            step()
            if stage == .handshaking { return abandon() }
        }
        guard stage == .serving else { return }
        mayRead = true
        step()
        guard stage == .serving else { return }
        endsSilently = http.phase == .idle && unsent.isEmpty
        http.drain()
        step()
    }

    // MARK: Accounts

    /// Bytes of answers that wait for this client.
    var heldOutbound: Int { http.bufferedOutputBytes + unsent.count - sent }

    /// Brings the server's sums of held bytes and open streams up to date.
    private func updateSums() {
        let streams = http.protocolName == "h2" ? http.inFlight : 0
        if streams != countedStreams {
            context.counters.add(streams - countedStreams, to: .openHTTP2Streams)
            countedStreams = streams
        }
        let outbound = heldOutbound
        clock.holds(outbound, at: table.reactor.now)
        let inbound = http.bufferedInputBytes + heldBodyBytes
        if outbound != countedOutbound {
            context.counters.add(outbound - countedOutbound, to: .outboundBytes)
            countedOutbound = outbound
        }
        if inbound != countedInbound {
            if http.bufferedInputBytes == 0 { table.hasReadAll(id) }
            context.counters.add(inbound - countedInbound, to: .inboundBytes)
            countedInbound = inbound
        }
    }

    private func updateDeadline() {
        guard let registration else { return }
        observePhase()
        table.reactor.setDeadline(nextDeadline(), for: registration)
    }
}
