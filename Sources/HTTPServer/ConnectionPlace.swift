import Synchronization
import Time
import Transport

/// Whether a connection has one of the places that ``HTTPServerConfiguration/maxConnections`` counts.
///
/// A connection without a place is held for a moment nevertheless, until its first request has come. A question about
/// the service is answered, so that a full server does not fail its probes. Work is refused with 503, unless a place
/// has become free meanwhile: then the connection takes it.
///
/// Owner: the connection, on its loop's thread.
final class ConnectionPlace {
    /// How long a connection without a place may take to send the head of its first request. Probes send it at once.
    static let patience = Duration.seconds(2)

    /// Why the connection has no place; nil if it has one.
    private(set) var shortage: Shortage?
    /// The network whose share the connection takes; nil if nobody counts it.
    let network: ClientNetwork?
    /// When the connection was accepted.
    let since: Instant
    private let id: UInt64
    private unowned let table: ConnectionTable
    /// Whether the connection was told that it has no place.
    private(set) var isRefused = false

    /// - Parameter id: The connection's.
    init(_ shortage: Shortage?, network: ClientNetwork?, id: UInt64, table: ConnectionTable) {
        self.shortage = shortage
        self.network = network
        self.id = id
        self.table = table
        since = table.reactor.now
    }

    /// Whether the connection may begin work. This is the last moment for a connection without a place to get one.
    func takesWork() -> Bool {
        guard let shortage else { return true }
        // On the spare descriptor no connection stays.
        if shortage != .exhausted { self.shortage = table.findPlace(network) }
        if self.shortage == nil { table.hasGainedPlace(id) } else { refuse() }
        return self.shortage == nil
    }

    /// Counts the refusal of a connection without a place, once.
    func refuse() {
        guard let shortage, !isRefused else { return }
        isRefused = true
        table.count(shortage)
    }
}

/// Why a connection has no place.
package enum Shortage: String, Sendable, Hashable, CaseIterable {
    /// There are as many connections as there may be, and none of them has been idle for long enough to be closed.
    case full
    /// The client's address has as many connections as one may have.
    case address
    /// The process has no descriptor or no memory left.
    case exhausted

    /// The message to the client.
    var message: String {
        switch self {
        case .full, .exhausted: "the server has too many connections; try again"
        case .address: "this address has too many connections; close some of them, or try again"
        }
    }
}

/// The number of connections from each network, for the share that one address may have. Guard: the mutex.
final class AddressShares: Sendable {
    private let most: Int
    private let counts = Mutex<[ClientNetwork: Int]>([:])

    /// - Parameter most: The most connections of one network.
    init(most: Int) {
        self.most = most
    }

    /// Counts one more connection. Returns false, and counts nothing, if the network has its share.
    func enter(_ network: ClientNetwork) -> Bool {
        counts.withLock { counts in
            let count = counts[network, default: 0]
            guard count < most else { return false }
            counts[network] = count + 1
            return true
        }
    }

    /// Counts one connection less.
    func leave(_ network: ClientNetwork) {
        counts.withLock { counts in
            guard let count = counts[network] else { return }
            counts[network] = count > 1 ? count - 1 : nil
        }
    }
}
