import HTTPProtocol
import Logging
import TLS
import Time
import Transport

/// The places of connections: who gets one, and who must leave when there are as many connections as there may be.
extension ConnectionTable {
    /// The most idle connections that are looked at to close one of them. Those with unread bytes are passed over.
    static let evictionTries = 8

    /// Takes in an accepted socket, with a place or without.
    ///
    /// - Parameter tls: The context for TLS; nil for plain HTTP.
    func admit(_ socket: consuming Socket, tls: TLSContext?) {
        let network = context.shares == nil ? nil : ClientNetwork(socket.peerAddress)
        let shortage = findPlace(network)
        if shortage != nil, reserved.count >= capacity.reservedPerLoop { reserved.first?.giveWay(lingers: false) }
        let connection = connect(ByteStream(socket, tls: tls), shortage, network)
        guard connection.open() else {
            connection.close()
            count(.exhausted)
            return
        }
        context.counters.add(1, to: .acceptedConnections)
        if isDraining { connection.drain() }
        // The first request has often come already. If not, the reactor will report it.
        connection.step()
    }

    /// Answers a client for whom there is only the spare descriptor: what it has asked already if that is a question
    /// about the service, and with 503 otherwise.
    func answerAtOnce(_ socket: consuming Socket) {
        let connection = connect(ByteStream(socket), .exhausted, nil)
        connection.step()
        if connection.stage != .closed { connection.giveWay(lingers: false) }
    }

    private func connect(
        _ stream: consuming ByteStream,
        _ shortage: Shortage?,
        _ network: ClientNetwork?
    ) -> Connection {
        let id = makeID()
        let place = ConnectionPlace(shortage, network: network, id: id, table: self)
        let connection = Connection(id: id, stream: stream, table: self, place: place)
        add(connection)
        if shortage != nil {
            reserved.append(connection)
            context.counters.add(1, to: .reservedConnections)
        }
        return connection
    }

    // MARK: Places

    /// Takes a place for a connection, if need be by closing an idle one. Returns nil, or why there is none.
    func findPlace(_ network: ClientNetwork?) -> Shortage? {
        if let network, let shares = context.shares, !shares.enter(network) { return .address }
        guard context.counters.add(1, to: .openConnections) > capacity.connections else { return nil }
        if closeOldestIdle(because: .full) { return nil }
        giveBackPlace(of: network)
        askPeer()
        return .full
    }

    private func giveBackPlace(of network: ClientNetwork?) {
        context.counters.add(-1, to: .openConnections)
        if let network { context.shares?.leave(network) }
    }

    /// A connection without a place has got one.
    func hasGainedPlace(_ id: UInt64) {
        guard let connection = connection(id) else { return }
        reserved.remove(connection)
        context.counters.add(-1, to: .reservedConnections)
    }

    /// A connection has closed: its place is free.
    func leave(_ connection: Connection) {
        if connection.place.shortage == nil {
            idle.remove(connection)
            giveBackPlace(of: connection.place.network)
        } else {
            reserved.remove(connection)
            context.counters.add(-1, to: .reservedConnections)
        }
    }

    // MARK: Idle connections

    /// Notes that a connection is idle since a time, or that it is not (nil).
    func note(_ connection: Connection, idleSince since: Instant?) {
        guard connection.idleSince != since else { return }
        idle.remove(connection)
        connection.idleSince = since
        if since != nil { idle.append(connection) }
    }

    /// Closes the connection that has been idle for longest, as RFC 9112, 9.5, permits at any time, if it has been idle
    /// for long enough that its client is not likely to be sending. Returns whether there was one.
    func closeOldestIdle(because shortage: Shortage) -> Bool {
        let now = reactor.now
        for _ in 0..<Self.evictionTries {
            guard let oldest = idle.first, let since = oldest.idleSince,
                since + context.configuration.fullIdleTimeout <= now
            else { return false }
            if oldest.hasUnreadInput {
                // It is idle no more; the reactor will report its bytes.
                note(oldest, idleSince: now)
                continue
            }
            context.counters.countEviction(shortage)
            if let count = evictions.note(at: now) {
                context.logger.info(
                    "idle connections were closed to make room for new ones",
                    metadata: [
                        "reason": "\(shortage.rawValue)", "closed": "\(count)", "max": "\(capacity.connections)",
                    ]
                )
            }
            oldest.makeRoom()
            return true
        }
        return false
    }

    /// Asks another loop to close an idle connection. The place is free a little later, for this client's request or
    /// for the next client.
    private func askPeer() {
        guard !peers.isEmpty else { return }
        nextPeer = (nextPeer + 1) % peers.count
        peers[nextPeer].execute { _ = $0.closeOldestIdle(because: .full) }
    }

    // MARK: Refusals

    /// Counts and logs that a connection was refused.
    func count(_ shortage: Shortage) {
        context.counters.countRefusal(shortage)
        if let count = refusals.note(at: reactor.now) {
            context.logger.warning(
                "new clients are refused; questions about the service are answered",
                metadata: ["reason": "\(shortage.rawValue)", "refused": "\(count)", "max": "\(capacity.connections)"]
            )
        }
    }

    /// Sends a whole 503 to a socket that the caller closes.
    func sendRefusal(_ shortage: Shortage, on socket: borrowing Socket) {
        // The answer fits the new socket's buffer, unless the client has gone.
        _ = socket.send(context.refusal(shortage, date: dateField(), client: socket.peerAddress).span)
        socket.finishSending()
    }
}

/// Lets a message be logged at most once a minute, with the number of events since the last time.
struct PacedNotice {
    private static let interval = Duration.seconds(60)

    private var lastLogged: Instant?
    private var count = 0

    /// Counts an event. Returns the number of events for the log, or nil while it is too soon to log again.
    mutating func note(at now: Instant) -> Int? {
        count += 1
        if let lastLogged, now - lastLogged < Self.interval { return nil }
        lastLogged = now
        defer { count = 0 }
        return count
    }
}
