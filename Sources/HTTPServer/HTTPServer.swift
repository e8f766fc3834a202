import Dispatch
import Foundation
package import Logging
import Synchronization
import TLS
import Transport

/// Joins sockets and protocols: listens, reads requests, has a handler answer them, writes the answers.
///
/// Sockets belong to event loops, each a thread; handlers run beside them on a ``RequestWorkExecutor``.
package final class HTTPServer: Sendable {
    /// Between the two halves of a drain: idle connections are kept that long, because a request may be on its way to
    /// them, and HTTP/2 clients learn that they should open no further streams.
    static let drainNotice = Duration.milliseconds(250)

    /// Descriptors that neither connections nor anything open at the start may have: loops, listeners, a model's files
    /// while it is loaded, what libraries open for a moment.
    static let otherDescriptors = 32

    /// Guard: the mutex.
    private struct State {
        var hasStarted = false
        var loops: [EventLoop<ConnectionTable>] = []
        var loopsRunning = 0
        var isDraining = false
        var result = DrainResult()
        /// Those who wait for the last loop to end.
        var waiters: [CheckedContinuation<DrainResult, Never>] = []
    }

    private let context: ServerContext
    private let state = Mutex(State())
    /// Serial, as all queues of the service: see ``RequestWorkExecutor``.
    private let timer = DispatchQueue(label: "swiftlet.drain")

    /// - Parameters:
    ///   - configuration: What to listen on, and the limits.
    ///   - handler: What answers requests.
    ///   - logger: Told what operators need to know; never a request's content.
    package init(configuration: HTTPServerConfiguration, handler: any RequestHandler, logger: Logger) {
        let executor = RequestWorkExecutor(width: configuration.requestThreads)
        context = ServerContext(configuration: configuration, handler: handler, executor: executor, logger: logger)
    }

    /// What has happened so far.
    package var statistics: HTTPServerStatistics {
        var statistics = context.counters.snapshot()
        statistics.certificateExpiry = context.configuration.certificates?.context.expiry ?? 0
        return statistics
    }

    /// Listens, and serves from now on.
    ///
    /// - Returns: Where it listens, host names resolved and port 0 replaced.
    package func start() throws(HTTPServerError) -> [ListenAddress] {
        let configuration = context.configuration
        guard !configuration.addresses.isEmpty else { throw .noAddress }
        guard state.withLock({ !exchange(&$0.hasStarted, with: true) }) else { throw .alreadyStarted }
        let room = try connectionRoom()
        var listeners: [Listener] = []
        for address in configuration.addresses { listeners += try listen(on: address) }
        var loops: [EventLoop<ConnectionTable>] = []
        for index in 0..<max(1, configuration.eventLoops) {
            do {
                loops.append(try EventLoop(name: "swiftlet-loop-\(index)"))
            } catch {
                throw .cannotStartLoop(reason: "\(error)")
            }
        }
        state.withLock { state in
            state.loops = loops
            state.loopsRunning = loops.count
        }
        for loop in loops { run(loop, listeners, room) }
        return listeners.map(\.listenAddress)
    }

    private func run(_ loop: EventLoop<ConnectionTable>, _ listeners: [Listener], _ room: ConnectionRoom) {
        let context = context
        loop.start { reactor in
            ConnectionTable(reactor: reactor, loop: loop, context: context, room: room)
        } onExit: { failure in
            if let failure {
                context.logger.critical("an event loop failed", metadata: ["error": "\(failure)"])
            }
            self.loopEnded()
        }
        // By a job, which is gone when it has run: whoever keeps a listener keeps its port open.
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

    /// How many connections the process has descriptors for, at most as many as configured. Raises the limit as far as
    /// it may: the usual soft limit of 1,024 is there for programs that use select().
    ///
    /// Some are held back, whatever clients do, so that refusing connections, reading a model's files and answering
    /// /metrics go on.
    private func connectionRoom() throws(HTTPServerError) -> ConnectionRoom {
        let configuration = context.configuration
        let loops = max(1, configuration.eventLoops)
        let reserved = Self.descriptorsOpen() + Self.otherDescriptors
        let all = ConnectionRoom(connections: configuration.maxConnections, refusedPerLoop: ConnectionRoom.maxRefused)
        let wanted = reserved + all.connections + loops * all.refusedPerLoop
        guard let limit = try? DescriptorLimit.raise(toAtLeast: wanted), limit < wanted else { return all }
        let room = ConnectionRoom(
            descriptors: limit - reserved,
            loops: loops,
            maxConnections: configuration.maxConnections
        )
        guard let room else {
            throw .tooFewDescriptors(limit: limit, needed: reserved + 1 + loops)
        }
        context.logger.warning(
            "the limit of open files is too low for max_connections; the rest is refused",
            metadata: ["limit": "\(limit)", "wanted": "\(wanted)", "connections": "\(room.connections)"]
        )
        return room
    }

    /// Descriptors of this process at present; 0 where the system does not tell.
    private static func descriptorsOpen() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd").count) ?? 0
    }

    // MARK: Draining

    /// Stops: takes no new connections, answers what is in work, closes what is idle; what is left when the time is up
    /// is closed. Returns when the loops have ended. Called again, it waits for the same end.
    ///
    /// - Parameter limit: The time for requests in work.
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

    /// The loops to be told, the first time; none afterwards.
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

/// Stores a value and returns the one before.
private func exchange<Value>(_ place: inout Value, with value: Value) -> Value {
    defer { place = value }
    return place
}

extension Listener {
    /// Where this listens, as a configuration would name it.
    fileprivate var listenAddress: ListenAddress {
        guard let host, let port else { return .unix(path: address) }
        return .tcp(host: host, port: port)
    }
}
