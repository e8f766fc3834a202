import HTTPProtocol
import TLS
import Transport

/// The resident of one event loop: its connections, its share of the listeners, and what they use together.
///
/// Owner: the loop's thread.
final class ConnectionTable {
    /// Bytes read from a socket at once: a whole request of the usual size, in one call.
    static let readBytes = 64 * 1024
    /// How long the one connection that is read on when there is too much input may bring nothing.
    static let readerPatience = Duration.milliseconds(100)

    let reactor: Reactor
    let loop: EventLoop<ConnectionTable>
    let context: ServerContext
    /// Lent to the connection that reads, see `Connection.read()`.
    var readBuffer = [UInt8](repeating: 0, count: ConnectionTable.readBytes)
    var reserve = ReserveDescriptor()
    private(set) var isDraining = false
    /// What the times given to protocols count from.
    let epoch = ContinuousClock.now

    private var connections: [UInt64: Connection] = [:]
    private var acceptors: [Acceptor] = []
    private var nextID: UInt64 = 0
    private var refusedHeld = 0
    private let room: ConnectionRoom
    private var date = HTTPDate()
    private var reader: (id: UInt64, lastRead: ContinuousClock.Instant)?

    init(reactor: Reactor, loop: EventLoop<ConnectionTable>, context: ServerContext, room: ConnectionRoom) {
        self.room = room
        self.reactor = reactor
        self.loop = loop
        self.context = context
    }

    /// The present `Date` field.
    func dateField() -> String { date.now() }

    /// The second of the last `dateField()`.
    var dateSecond: Int { date.second }

    // MARK: Connections

    /// A connection of this loop that is still open.
    func connection(_ id: UInt64) -> Connection? { connections[id] }

    /// Serves a socket that was accepted, or refuses it where the server has as many as it bears.
    ///
    /// - Parameter tls: What the client is met with first; nil for plain HTTP.
    func admit(_ socket: consuming Socket, tls: TLSContext?) {
        let open = context.counters.add(1, to: .openConnections)
        if open > room.connections {
            context.counters.add(-1, to: .openConnections)
            refuse(socket, isPlain: tls == nil)
            return
        }
        var session: TLSSession?
        if let tls {
            session = TLSSession(context: tls, descriptor: socket.number)
            guard session != nil else {
                // There is no memory for it.
                context.counters.add(-1, to: .openConnections)
                refuse(socket, isPlain: false)
                return
            }
        }
        let stream = ByteStream(socket, session: session)
        let connection = Connection(id: makeID(), stream: stream, table: self)
        guard connection.open() else {
            context.counters.add(-1, to: .openConnections)
            context.counters.add(1, to: .refusedConnections)
            return
        }
        context.counters.add(1, to: .acceptedConnections)
        connections[connection.id] = connection
        if isDraining { connection.drain() }
        // Its first request is often there already; if not, the edge will come.
        connection.step()
    }

    /// Tells a client that there is no room for it, without holding more than a few such.
    ///
    /// A client that expects TLS could not read it, so it only sees the end.
    func refuse(_ socket: consuming Socket, isPlain: Bool) {
        context.counters.add(1, to: .refusedConnections)
        guard isPlain else { return }
        guard refusedHeld < room.refusedPerLoop else {
            sendRefusal(on: socket)
            return
        }
        let connection = Connection(id: makeID(), refusing: socket, table: self)
        guard connection.open() else { return }
        refusedHeld += 1
        connections[connection.id] = connection
        connection.step()
    }

    /// Refuses a socket that is closed right after.
    func sendRefusal(on socket: borrowing Socket) {
        // A fresh socket's buffer takes it, unless the client has gone.
        _ = socket.send(context.refusal(date: dateField(), client: socket.peerAddress).span)
        socket.finishSending()
    }

    /// Called by a connection that has closed.
    func remove(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        if connection.isRefused {
            refusedHeld -= 1
        } else {
            context.counters.add(-1, to: .openConnections)
        }
        stopIfDone()
    }

    /// Called by an acceptor that has let its listener go.
    func remove(_ acceptor: Acceptor) {
        acceptors.removeAll { $0 === acceptor }
        stopIfDone()
    }

    private func makeID() -> UInt64 {
        nextID += 1
        return nextID
    }

    // MARK: Input when there is too much of it

    /// Whether this connection is the one whose request is read on while bodies fill their limit. There is one at a
    /// time, so that requests get done rather than all wait half-read; one that brings nothing loses its turn.
    func mayReadOn(_ id: UInt64) -> Bool {
        if let reader, reader.id != id, reactor.now - reader.lastRead < Self.readerPatience { return false }
        reader = (id, reactor.now)
        return true
    }

    /// The connection holds no partial request any more.
    func hasReadAll(_ id: UInt64) {
        if reader?.id == id { reader = nil }
    }

    // MARK: Listening and draining

    func listen(on listeners: [Listener]) {
        acceptors = listeners.map { Acceptor(listener: $0, table: self) }
        for acceptor in acceptors { acceptor.open() }
    }

    /// Accepts what waits, closes the listeners, and has each connection finish after the request in work. Idle
    /// connections stay for a moment, because a request may be on its way; `finishIdle()` ends them.
    func beginDrain() {
        guard !isDraining else { return }
        for acceptor in acceptors { acceptor.shut() }
        isDraining = true
        for connection in Array(connections.values) {
            connection.drain()
            connection.step()
        }
        stopIfDone()
    }

    /// Second part of the drain: idle connections close, HTTP/2 connections take no further streams.
    func finishIdle() {
        for connection in Array(connections.values) { connection.finishDrain() }
    }

    /// Closes whatever is left; returns how many connections and requests that cut.
    func closeAll() -> (connections: Int, requests: Int) {
        for acceptor in acceptors { acceptor.close() }
        var cut = (connections: 0, requests: 0)
        for connection in Array(connections.values) {
            cut.connections += connection.isRefused ? 0 : 1
            cut.requests += connection.requestsInWork
            connection.close()
        }
        return cut
    }

    private func stopIfDone() {
        if isDraining, acceptors.isEmpty, connections.isEmpty { reactor.stop() }
    }
}
