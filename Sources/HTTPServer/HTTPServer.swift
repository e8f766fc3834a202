package import Budget
import Dispatch
import Foundation
package import Logging
import Synchronization
import TLS
import Time
import Transport

/// Joins sockets and protocols: it listens, reads requests, lets a handler answer them, and writes the answers.
///
/// Each socket belongs to an event loop, which is a thread. Handlers run on the threads of a ``RequestWorkExecutor``.
package final class HTTPServer: Sendable {
    /// The time between the two parts of a drain. Idle connections are kept that long, because a request may be on its
    /// way, and HTTP/2 clients learn meanwhile that they should open no further streams.
    static let drainNotice = Duration.milliseconds(250)

    /// Guard: the mutex.
    private struct State {
        var hasStarted = false
        var loops: [EventLoop<ConnectionTable>] = []
        var loopsRunning = 0
        var isDraining = false
        var result = DrainResult()
        /// The callers of `drain` that wait for the last loop to end.
        var waiters: [CheckedContinuation<DrainResult, Never>] = []
    }

    private let context: ServerContext
    private let state = Mutex(State())
    /// A serial queue, like all queues of the service; ``RequestWorkExecutor`` says why.
    private let timer = DispatchQueue(label: "swiftlet.drain")

    /// - Parameters:
    ///   - configuration: The addresses to listen on, and the limits.
    ///   - handler: Answers the requests.
    ///   - logger: Gets messages for operators, never a request's content.
    ///   - onRequestThread: Called on a thread when it begins to work for requests.
    package init(
        configuration: HTTPServerConfiguration,
        handler: any RequestHandler,
        logger: Logger,
        onRequestThread: @escaping @Sendable () -> Void = {}
    ) {
        let executor = RequestWorkExecutor(width: configuration.requestThreads, onWork: onRequestThread)
        context = ServerContext(configuration: configuration, handler: handler, executor: executor, logger: logger)
    }

    /// The memory that requests make the process hold.
    package var memory: MemoryBudget { context.memory }

    /// A snapshot of the server's counters.
    package var statistics: HTTPServerStatistics {
        var statistics = context.counters.snapshot()
        statistics.outboundBytes = context.memory.held(for: .answers)
        statistics.inboundBytes = context.memory.held(for: .received)
        statistics.certificateExpiry = context.configuration.certificates?.context.expiry ?? 0
        return statistics
    }

    /// Listens and begins to serve.
    ///
    /// - Returns: The addresses it listens on, with host names resolved and port 0 replaced.
    package func start() throws(HTTPServerError) -> [ListenAddress] {
        let configuration = context.configuration
        guard !configuration.addresses.isEmpty else { throw .noAddress }
        guard state.withLock({ !exchange(&$0.hasStarted, with: true) }) else { throw .alreadyStarted }
        let capacity = try connectionCapacity()
        var listeners: [Listener] = []
        for address in configuration.addresses { listeners += try listen(on: address) }
        var loops: [EventLoop<ConnectionTable>] = []
        for index in 0..<max(1, configuration.eventLoops) {
            do {
                loops.append(try EventLoop(name: "\(configuration.threadName)-\(index)"))
            } catch {
                throw .cannotStartLoop(reason: "\(error)")
            }
        }
        state.withLock { state in
            state.loops = loops
            state.loopsRunning = loops.count
        }
        context.counters.add(capacity.connections, to: .connectionLimit)
        for loop in loops { run(loop, among: loops, listeners, capacity) }
        return listeners.map(\.listenAddress)
    }

    private func run(
        _ loop: EventLoop<ConnectionTable>,
        among loops: [EventLoop<ConnectionTable>],
        _ listeners: [Listener],
        _ capacity: ConnectionCapacity
    ) {
        let context = context
        loop.start { reactor in
            ConnectionTable(reactor: reactor, loop: loop, loops: loops, context: context, capacity: capacity)
        } onExit: { failure in
            if let failure {
                context.logger.critical("an event loop failed", metadata: ["error": "\(failure)"])
            }
            self.loopEnded()
        }
        // The listeners are passed by a job, which is freed once it has run: a listener's port stays open as long as
        // anything holds the listener.
        loop.execute { $0.listen(on: listeners) }
    }

    private func listen(on address: ListenAddress) throws(HTTPServerError) -> [Listener] {
        let backlog = Int32(clamping: context.configuration.backlog)
        do {
            switch address {
            case .tcp(let host, let port): return try Listener.tcp(host: host, port: port, backlog: backlog)
            case .unix(let path): return [try Listener.unix(path: path, backlog: backlog)]
            }
        } catch {
            throw .cannotListen(address: address, reason: "\(error)")
        }
    }

    /// The number of connections for which the process has descriptors, at most as many as configured, or as the memory
    /// for connections allows. It raises the limit of descriptors as far as allowed: the usual soft limit of 1,024 is
    /// meant for programs that use select().
    ///
    /// Some descriptors are reserved, so that the server can always refuse connections, read a model's files and answer
    /// /metrics, whatever clients do.
    private func connectionCapacity() throws(HTTPServerError) -> ConnectionCapacity {
        let configuration = context.configuration
        let loops = max(1, configuration.eventLoops)
        let reserved = Self.descriptorsOpen() + configuration.otherDescriptors
        let isChosen = configuration.maxConnections > 0
        let all = ConnectionCapacity(
            connections: isChosen
                ? configuration.maxConnections
                : ConnectionCapacity.connections(memory: configuration.connectionMemory),
            reservedPerLoop: ConnectionCapacity.maxReserved
        )
        let wanted = reserved + all.connections + loops * all.reservedPerLoop
        guard let limit = try? DescriptorLimit.raise(toAtLeast: wanted), limit < wanted else { return all }
        let capacity = ConnectionCapacity(
            descriptors: limit - reserved,
            loops: loops,
            maxConnections: all.connections
        )
        guard let capacity else {
            throw .tooFewDescriptors(limit: limit, needed: reserved + 1 + loops)
        }
        context.logger.log(
            level: isChosen ? .warning : .info,
            "the limit of open files allows fewer connections than max_connections, or than memory does",
            metadata: ["limit": "\(limit)", "wanted": "\(wanted)", "connections": "\(capacity.connections)"]
        )
        return capacity
    }

    /// The number of descriptors that this process has open; 0 if that is unknown.
    private static func descriptorsOpen() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd").count) ?? 0
    }

    // MARK: Draining

    /// Stops the server: it accepts no new connections, answers the requests in work, and closes idle connections. When
    /// the time is up, all remaining connections are closed. Returns when the loops have ended. A second call waits for
    /// the same end.
    ///
    /// - Parameter limit: The time for the requests in work.
    package func drain(within limit: Duration) async -> DrainResult {
        let loops = beginDrain()
        for loop in loops { loop.execute { $0.beginDrain() } }
        after(min(Self.drainNotice, limit)) {
            for loop in loops { loop.execute { $0.finishIdle() } }
        }
        after(limit) { [self] in
            for loop in loops {
                loop.execute { table in
                    let cut = table.closeAll()
                    self.state.withLock { state in
                        state.result.connectionsCut += cut.connections
                        state.result.requestsCut += cut.requests
                    }
                }
            }
        }
        return await withCheckedContinuation { continuation in
            let result: DrainResult? = state.withLock { state in
                guard state.loopsRunning > 0 else { return state.result }
                state.waiters.append(continuation)
                return nil
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    /// The loops that must be told to drain: all at the first call, none later.
    private func beginDrain() -> [EventLoop<ConnectionTable>] {
        state.withLock { state in
            state.hasStarted = true
            return exchange(&state.isDraining, with: true) ? [] : state.loops
        }
    }

    private func loopEnded() {
        let (waiters, result) = state.withLock { state in
            state.loopsRunning -= 1
            guard state.loopsRunning == 0 else { return ([CheckedContinuation<DrainResult, Never>](), state.result) }
            return (exchange(&state.waiters, with: []), state.result)
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }

    private func after(_ delay: Duration, _ work: @escaping @Sendable () -> Void) {
        let (seconds, attoseconds) = delay.components
        let nanoseconds = Int(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let interval = nanoseconds.overflow ? Int.max : nanoseconds.partialValue
        let deadline = DispatchTime.now() + .nanoseconds(interval) + .nanoseconds(Int(attoseconds / 1_000_000_000))
        timer.asyncAfter(deadline: deadline, execute: work)
    }
}

/// Stores a value and returns the old one.
private func exchange<Value>(_ place: inout Value, with value: Value) -> Value {
    defer { place = value }
    return place
}

extension Listener {
    /// The address of the listener, as a configuration would name it.
    fileprivate var listenAddress: ListenAddress {
        guard let host, let port else { return .unix(path: address) }
        return .tcp(host: host, port: port)
    }
}

/// An address on which a server listens.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A numeric address, or a host name with all its addresses. Port 0 means any free port.
    case tcp(host: String, port: Int)
    /// A unix socket's path.
    case unix(path: String)

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }
}

/// The reason why a server did not start.
package enum HTTPServerError: Error, Equatable, CustomStringConvertible {
    /// The configuration names no address.
    case noAddress
    /// The server was started before. It can be started only once.
    case alreadyStarted
    /// The server cannot listen on an address. The reason names the operation that failed and what to do.
    case cannotListen(address: ListenAddress, reason: String)
    /// An event loop cannot be made.
    case cannotStartLoop(reason: String)
    /// The limit of open files is too low to serve even one connection.
    case tooFewDescriptors(limit: Int, needed: Int)

    package var description: String {
        switch self {
        case .noAddress: "no address to listen on; name a host and port, or a unix socket's path"
        case .alreadyStarted: "the server was started before; a server can be started only once"
        case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
        case .cannotStartLoop(let reason): "cannot start an event loop: \(reason)"
        case .tooFewDescriptors(let limit, let needed):
            "the limit of open files is \(limit), and serving needs at least \(needed); raise it (ulimit -n)"
        }
    }
}

/// The result of a drain.
package struct DrainResult: Sendable, Equatable {
    /// The connections that were closed because the time was up.
    package var connectionsCut: Int
    /// The requests that were in work on the closed connections.
    package var requestsCut: Int

    /// A result. By default nothing was cut.
    package init(connectionsCut: Int = 0, requestsCut: Int = 0) {
        self.connectionsCut = connectionsCut
        self.requestsCut = requestsCut
    }

    /// Whether every request was answered in time.
    package var isComplete: Bool { requestsCut == 0 }
}
