import HTTPProtocol
import Synchronization

/// The counters behind ``HTTPServerStatistics``: written by every loop, read by anyone, without a lock.
///
/// Relaxed order throughout: each counter is meaningful by itself.
final class ServerCounters: Sendable {
    /// The plain counters and gauges.
    enum Counter: Int, CaseIterable {
        case openConnections, acceptedConnections, refusedConnections, acceptPauses
        case requests, requestsInFlight, cancelledRequests, overloadedRequests
        case tlsHandshakes, tlsFailures, openHTTP2Streams
        case bytesReceived, bytesSent, outboundBytes, inboundBytes
    }

    /// As many cells as the largest of the three enums has cases, and some to grow.
    private typealias Cells = InlineArray<24, Atomic<Int>>

    private let counters = Cells { _ in Atomic(0) }
    private let timeouts = Cells { _ in Atomic(0) }
    private let protocolErrors = Cells { _ in Atomic(0) }

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

    /// All counters as they are now.
    func snapshot() -> HTTPServerStatistics {
        var statistics = HTTPServerStatistics()
        statistics.openConnections = self[.openConnections]
        statistics.acceptedConnections = self[.acceptedConnections]
        statistics.refusedConnections = self[.refusedConnections]
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
        statistics.outboundBytes = self[.outboundBytes]
        statistics.inboundBytes = self[.inboundBytes]
        for (index, limit) in TimeLimit.allCases.enumerated() {
            statistics.timeouts[limit] = timeouts[index].load(ordering: .relaxed)
        }
        for (index, kind) in ProtocolErrorKind.allCases.enumerated() {
            statistics.protocolErrors[kind] = protocolErrors[index].load(ordering: .relaxed)
        }
        return statistics
    }
}
