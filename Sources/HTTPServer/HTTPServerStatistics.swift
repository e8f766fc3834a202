package import HTTPProtocol
import Synchronization
import Time

/// The counters of a server, for metrics. A value is a snapshot, in which each number was read separately.
package struct HTTPServerStatistics: Sendable, Equatable {
    /// Connections that are open now.
    package var openConnections = 0
    /// Connections that are open now without a place, which are among the open ones; see ``Shortage``.
    package var reservedConnections = 0
    /// The most connections with a place.
    package var connectionLimit = 0
    /// Connections that were accepted.
    package var acceptedConnections = 0
    /// Connections that were refused, by reason. Every reason is present.
    package var refusals: [Shortage: Int] = [:]
    /// All connections that were refused.
    package var refusedConnections: Int { refusals.values.reduce(0, +) }
    /// Idle connections that were closed to make room for new ones, by what was short.
    package var evictions: [Shortage: Int] = [:]
    /// How often accepting paused, because descriptors or memory were exhausted.
    package var acceptPauses = 0
    /// Requests that have arrived completely.
    package var requests = 0
    /// HTTP/2 requests that are not fully answered now.
    package var openHTTP2Streams = 0
    /// Requests in work now.
    package var requestsInFlight = 0
    /// Requests whose client disconnected before the answer.
    package var cancelledRequests = 0
    /// Requests that were answered with 503, because too many bytes wait to be written or are held in bodies.
    package var overloadedRequests = 0
    /// Requests that were refused without being parsed or judged, by reason. Every reason is present.
    package var repeatedRefusals: [RepeatableRefusal.Reason: Int] = [:]
    /// The longest time that bytes waited to be read, in the last 10 to 20 seconds.
    package var readLag = Duration.zero
    /// Completed TLS handshakes.
    package var tlsHandshakes = 0
    /// TLS handshakes that failed or took too long, and clients that sent plain HTTP instead.
    package var tlsFailures = 0
    /// The time at which the certificate in use expires, in seconds since 1970; 0 without TLS.
    package var certificateExpiry = 0
    /// Bytes read from clients; with TLS, the decrypted ones.
    package var bytesReceived = 0
    /// Bytes written to clients; with TLS, counted before encryption.
    package var bytesSent = 0
    /// Bytes of answers that wait to be written now.
    package var outboundBytes = 0
    /// Bytes of request bodies that are being read or in work now.
    package var inboundBytes = 0
    /// Connections and streams that a time limit ended.
    package var timeouts: [TimeLimit: Int] = [:]
    /// Protocol errors by kind. Every kind is present.
    package var protocolErrors: [ProtocolErrorKind: Int] = [:]

    /// Statistics of a server that has done nothing.
    package init() {}
}

/// The time limits of a server's configuration, as a label for metrics.
package enum TimeLimit: String, Sendable, Hashable, CaseIterable {
    case handshake
    case head
    case body
    case write
    case idle
    case halfClose = "half_close"
    /// The limits of HTTP/2 streams, for a body that came too slowly or an answer that the client did not read.
    case stream
}

/// The counters behind ``HTTPServerStatistics``. Every loop writes them and any thread reads them, without a lock.
///
/// All accesses have relaxed order, because each counter is meaningful on its own.
final class ServerCounters: Sendable {
    /// The plain counters and gauges.
    enum Counter: Int, CaseIterable {
        /// `openConnections` counts those with a place, `reservedConnections` those without.
        case openConnections, reservedConnections, connectionLimit, acceptedConnections, acceptPauses
        case requests, requestsInFlight, cancelledRequests, overloadedRequests
        case tlsHandshakes, tlsFailures, openHTTP2Streams
        case bytesReceived, bytesSent
    }

    /// The cells of one enum's counters. Their number is at least the number of cases of the largest of these
    /// enums.
    private typealias Cells = InlineArray<24, Atomic<Int>>

    private let counters = Cells { _ in Atomic(0) }
    private let refusals = Cells { _ in Atomic(0) }
    private let evictions = Cells { _ in Atomic(0) }
    private let timeouts = Cells { _ in Atomic(0) }
    private let protocolErrors = Cells { _ in Atomic(0) }
    private let repeatedRefusals = Cells { _ in Atomic(0) }
    let lag = LagGauge()

    /// Adds to a counter and returns its new value.
    @discardableResult
    func add(_ amount: Int, to counter: Counter) -> Int {
        counters[counter.rawValue].wrappingAdd(amount, ordering: .relaxed).newValue
    }

    subscript(_ counter: Counter) -> Int {
        counters[counter.rawValue].load(ordering: .relaxed)
    }

    func count(_ limit: TimeLimit, times: Int = 1) {
        guard let index = TimeLimit.allCases.firstIndex(of: limit) else { return }
        timeouts[index].wrappingAdd(times, ordering: .relaxed)
    }

    func count(_ kind: ProtocolErrorKind) {
        guard let index = ProtocolErrorKind.allCases.firstIndex(of: kind) else { return }
        protocolErrors[index].wrappingAdd(1, ordering: .relaxed)
    }

    func count(_ reason: RepeatableRefusal.Reason) {
        guard let index = RepeatableRefusal.Reason.allCases.firstIndex(of: reason) else { return }
        repeatedRefusals[index].wrappingAdd(1, ordering: .relaxed)
    }

    func countRefusal(_ shortage: Shortage) {
        guard let index = Shortage.allCases.firstIndex(of: shortage) else { return }
        refusals[index].wrappingAdd(1, ordering: .relaxed)
    }

    func countEviction(_ shortage: Shortage) {
        guard let index = Shortage.allCases.firstIndex(of: shortage) else { return }
        evictions[index].wrappingAdd(1, ordering: .relaxed)
    }

    /// All counters as they are now.
    func snapshot() -> HTTPServerStatistics {
        var statistics = HTTPServerStatistics()
        statistics.reservedConnections = self[.reservedConnections]
        statistics.openConnections = self[.openConnections] + statistics.reservedConnections
        statistics.connectionLimit = self[.connectionLimit]
        statistics.acceptedConnections = self[.acceptedConnections]
        for (index, shortage) in Shortage.allCases.enumerated() {
            statistics.refusals[shortage] = refusals[index].load(ordering: .relaxed)
            statistics.evictions[shortage] = evictions[index].load(ordering: .relaxed)
        }
        for (index, reason) in RepeatableRefusal.Reason.allCases.enumerated() {
            statistics.repeatedRefusals[reason] = repeatedRefusals[index].load(ordering: .relaxed)
        }
        statistics.readLag = lag.longest(at: .now)
        statistics.acceptPauses = self[.acceptPauses]
        statistics.requests = self[.requests]
        statistics.openHTTP2Streams = self[.openHTTP2Streams]
        statistics.requestsInFlight = self[.requestsInFlight]
        statistics.cancelledRequests = self[.cancelledRequests]
        statistics.overloadedRequests = self[.overloadedRequests]
        statistics.tlsHandshakes = self[.tlsHandshakes]
        statistics.tlsFailures = self[.tlsFailures]
        statistics.bytesReceived = self[.bytesReceived]
        statistics.bytesSent = self[.bytesSent]
        for (index, limit) in TimeLimit.allCases.enumerated() {
            statistics.timeouts[limit] = timeouts[index].load(ordering: .relaxed)
        }
        for (index, kind) in ProtocolErrorKind.allCases.enumerated() {
            statistics.protocolErrors[kind] = protocolErrors[index].load(ordering: .relaxed)
        }
        return statistics
    }
}
