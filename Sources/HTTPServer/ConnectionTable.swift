import HTTPProtocol
import TLS
import Transport

/// The resident of one event loop: its connections, the acceptors of its listeners, and the state that they share.
///
/// Owner: the loop's thread.
final class ConnectionTable {
    /// The most bytes that are read from a socket at once, enough for a request of the usual size in one call.
    static let readBytes = 64 * 1024
    /// While there is too much input, only one connection is still read. If that connection sends nothing for this
    /// time, it loses its turn.
    static let readerPatience = Duration.milliseconds(100)

    let reactor: Reactor
    let loop: EventLoop<ConnectionTable>
    let context: ServerContext
    /// The buffer for reading. `Connection.read()` borrows it.
    var readBuffer = [UInt8](repeating: 0, count: ConnectionTable.readBytes)
    var reserve = ReserveDescriptor()
    private(set) var isDraining = false
    /// The zero of the time that protocols get.
    let epoch = ContinuousClock.now

    private var connections: [UInt64: Connection] = [:]
    private var acceptors: [Acceptor] = []
    private var nextID: UInt64 = 0
    private var refusedHeld = 0
    private let capacity: ConnectionCapacity
    private var date = HTTPDate()
    private var reader: (id: UInt64, lastRead: ContinuousClock.Instant)?

    init(reactor: Reactor, loop: EventLoop<ConnectionTable>, context: ServerContext, capacity: ConnectionCapacity) {
        self.capacity = capacity
        self.reactor = reactor
        self.loop = loop
        self.context = context
    }

    /// The value of the `Date` field now.
    func dateField() -> String { date.now() }

    /// The second of the last value of `dateField()`.
    var dateSecond: Int { date.second }

    // MARK: Connections

    /// A connection of this loop that is still open.
    func connection(_ id: UInt64) -> Connection? { connections[id] }

    /// Serves an accepted socket, or refuses it if the server already has the most connections allowed.
    ///
    /// - Parameter tls: The context for TLS; nil for plain HTTP.
    func admit(_ socket: consuming Socket, tls: TLSContext?) {
        let open = context.counters.add(1, to: .openConnections)
        if open > capacity.connections {
            context.counters.add(-1, to: .openConnections)
            refuse(socket, isPlain: tls == nil)
            return
        }
        var session: TLSSession?
        if let tls {
            session = TLSSession(context: tls, descriptor: socket.number)
            guard session != nil else {
                // Memory is short.
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
        // Often the first request has arrived already. If not, the reactor will report it.
        connection.step()
    }

    /// Answers a client with 503 because the server is full. Only a few such connections are held for a moment.
    ///
    /// A client that expects TLS could not read the answer, so its connection is only closed.
    func refuse(_ socket: consuming Socket, isPlain: Bool) {
        context.counters.add(1, to: .refusedConnections)
        guard isPlain else { return }
        guard refusedHeld < capacity.refusedPerLoop else {
            sendRefusal(on: socket)
            return
        }
        let connection = Connection(id: makeID(), refusing: socket, table: self)
        guard connection.open() else { return }
        refusedHeld += 1
        connections[connection.id] = connection
        connection.step()
    }

    /// Sends the 503 to a socket that the caller closes.
    func sendRefusal(on socket: borrowing Socket) {
        // The answer fits the new socket's buffer, unless the client has disconnected.
        _ = socket.send(context.refusal(date: dateField(), client: socket.peerAddress).span)
        socket.finishSending()
    }

    /// Removes a connection that has closed.
    func remove(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        if connection.isRefused {
            refusedHeld -= 1
        } else {
            context.counters.add(-1, to: .openConnections)
        }
        stopIfDone()
    }

    /// Removes an acceptor that has released its listener.
    func remove(_ acceptor: Acceptor) {
        acceptors.removeAll { $0 === acceptor }
        stopIfDone()
    }

    private func makeID() -> UInt64 {
        nextID += 1
        return nextID
    }

    // MARK: Too much input

    /// Whether this connection is the one that is still read while request bodies fill their limit. There is only one
    /// at a time, so that requests are completed one after the other instead of all waiting half-read. A connection
    /// that sends nothing loses its turn.
    func mayReadOn(_ id: UInt64) -> Bool {
        if let reader, reader.id != id, reactor.now - reader.lastRead < Self.readerPatience { return false }
        reader = (id, reactor.now)
        return true
    }

    /// Notes that the connection has read its whole request.
    func hasReadAll(_ id: UInt64) {
        if reader?.id == id { reader = nil }
    }

    // MARK: Listening and draining

    func listen(on listeners: [Listener]) {
        acceptors = listeners.map { Acceptor(listener: $0, table: self) }
        for acceptor in acceptors { acceptor.open() }
    }

    /// Begins a drain: accepts the connections that wait, closes the listeners, and lets each connection end after its
    /// request in work. Idle connections stay for a moment, because a request may be on its way; `finishIdle()` ends
    /// them.
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

    /// Does the second part of the drain: closes idle connections, and lets HTTP/2 connections accept no further
    /// streams.
    func finishIdle() {
        for connection in Array(connections.values) { connection.finishDrain() }
    }

    /// Closes all connections that are left. Returns the numbers of connections and requests that were cut.
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

/// The number of connections that the process has descriptors for.
struct ConnectionCapacity: Equatable {
    /// The most refused connections that one loop holds open for a moment, so that their 503 arrives (see
    /// `Connection.linger`), if there are enough descriptors. Further ones are closed at once.
    static let maxRefused = 64
    /// If descriptors are scarce, one of this many descriptors is for refused connections.
    private static let scarceDivisor = 4

    /// The connections that are served, over all loops.
    var connections: Int
    /// The refused connections that may still be open, for each loop.
    var refusedPerLoop: Int

    init(connections: Int, refusedPerLoop: Int) {
        self.connections = connections
        self.refusedPerLoop = refusedPerLoop
    }

    /// Divides the descriptors; nil if they are too few to serve one connection and refuse one.
    ///
    /// - Parameter maxConnections: The most connections to serve, even if there are more descriptors.
    init?(descriptors: Int, loops: Int, maxConnections: Int) {
        guard descriptors > loops else { return nil }
        refusedPerLoop = min(Self.maxRefused, max(1, descriptors / Self.scarceDivisor / loops))
        connections = min(maxConnections, descriptors - loops * refusedPerLoop)
    }
}
