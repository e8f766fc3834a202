import HTTPProtocol
import TLS
import Time
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
    let epoch = Instant.now

    /// The connections with a place that are idle, the one that has been idle for longest first.
    var idle = LinkedQueue<Connection>()
    /// The connections without a place, the oldest first.
    var reserved = LinkedQueue<Connection>()
    /// The other loops, and the one that is asked next to close an idle connection.
    let peers: [EventLoop<ConnectionTable>]
    var nextPeer = 0
    /// The refusals that are repeated, and how late this loop reads.
    let memo = RefusalMemo()
    var lag: LagWatch
    /// The handshakes that wait for their step, and the time that new connections get.
    private(set) lazy var handshakes = HandshakeQueue(table: self)
    var newcomerTime = NewcomerTime()
    /// The connection that `readBuffer` was last read from, if the bytes began a request, and the number of the bytes.
    var lastRead: (id: UInt64, count: Int)?
    var evictions = PacedNotice()
    var repeats = PacedNotice()
    var refusals = PacedNotice()

    private var connections: [UInt64: Connection] = [:]
    private var acceptors: [Acceptor] = []
    private var nextID: UInt64 = 0
    let capacity: ConnectionCapacity
    private var date = HTTPDate()
    private var reader: (id: UInt64, lastRead: Instant)?

    /// - Parameter loops: All loops of the server.
    init(
        reactor: Reactor,
        loop: EventLoop<ConnectionTable>,
        loops: [EventLoop<ConnectionTable>],
        context: ServerContext,
        capacity: ConnectionCapacity
    ) {
        self.capacity = capacity
        self.reactor = reactor
        self.loop = loop
        self.context = context
        let limit = context.configuration.maxUnreadTime
        lag = LagWatch(limit: limit == .zero ? nil : limit)
        peers = loops.filter { $0 !== loop }
    }

    /// The value of the `Date` field now.
    func dateField() -> String { date.now() }

    /// The second of the last value of `dateField()`.
    var dateSecond: Int { date.second }

    // MARK: Connections

    /// A connection of this loop that is still open.
    func connection(_ id: UInt64) -> Connection? { connections[id] }

    /// Adds a connection that has been registered with the reactor.
    func add(_ connection: Connection) {
        connections[connection.id] = connection
    }

    /// Removes a connection that has closed.
    func remove(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        leave(connection)
        stopIfDone()
    }

    /// Removes an acceptor that has released its listener.
    func remove(_ acceptor: Acceptor) {
        acceptors.removeAll { $0 === acceptor }
        stopIfDone()
    }

    func makeID() -> UInt64 {
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
            cut.connections += connection.place.shortage == nil ? 1 : 0
            cut.requests += connection.requestsInWork
            connection.close()
        }
        return cut
    }

    private func stopIfDone() {
        if isDraining, acceptors.isEmpty, connections.isEmpty { reactor.stop() }
    }
}
