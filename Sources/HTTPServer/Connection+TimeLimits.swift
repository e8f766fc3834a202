import HTTPProtocol
import HTTPTypes
import Time
import Transport

extension Connection {
    /// The interval at which the streams of an HTTP/2 connection are checked against their own time limits. It is short
    /// enough for limits of seconds. A connection without open streams is not checked.
    static let streamCheckInterval = Duration.seconds(1)
    /// The interval between two attempts to continue input or a streamed answer that waits until other connections hold
    /// fewer bytes.
    static let retryInterval = Duration.milliseconds(50)

    /// Notes the protocol's phase. Its time limit runs from the phase's beginning.
    func observePhase() {
        clock.observe(http.phase, epoch: http.phaseEpoch, at: table.reactor.now)
    }

    /// The earliest time at which some limit may have passed.
    func nextDeadline() -> Instant? {
        if stage == .lingering { return clock.lingerDeadline }
        if stage == .handshaking {
            let deadline = clock.phaseBegan + context.configuration.handshakeTimeout
            return placeDeadline.map { min($0, deadline) } ?? deadline
        }
        // Not an array's minimum: this runs after every step, and an array is allocated.
        var next = Self.earlier(phaseDeadline, placeDeadline)
        next = Self.earlier(next, writeDeadline)
        next = Self.earlier(next, quotaDeadline)
        next = Self.earlier(next, halfCloseDeadline)
        return Self.earlier(Self.earlier(next, streamCheck), retry)
    }

    private static func earlier(_ one: Instant?, _ other: Instant?) -> Instant? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    /// Ends requests and connections whose time limit has passed. The next step writes the protocol's answer to them.
    func enforceTimeLimits() {
        let now = table.reactor.now
        if let deadline = placeDeadline, deadline <= now, stage != .lingering { return giveWay(lingers: true) }
        if stage == .handshaking {
            context.counters.count(.handshake)
            context.counters.add(1, to: .tlsFailures)
            return abandon()
        }
        guard stage == .serving else { return close() }
        observePhase()
        if let deadline = writeDeadline, deadline <= now {
            context.counters.count(.write)
            return abandon()
        }
        if let deadline = quotaDeadline, deadline <= now {
            guard !context.isOutboundScarce else {
                context.counters.count(.write)
                return abandon()
            }
            clock.beginQuota(of: heldOutbound, at: now)
        }
        if let deadline = halfCloseDeadline, deadline <= now {
            context.counters.count(.halfClose)
            return abandon()
        }
        if let check = streamCheck, check <= now { enforceStreamLimits(now) }
        if let deadline = phaseDeadline, deadline <= now { phaseTimedOut() }
    }

    private func phaseTimedOut() {
        switch clock.phase {
        case .readingHead: context.counters.count(.head)
        case .readingBody: context.counters.count(.body)
        case .idle:
            context.counters.count(.idle)
            endsSilently = true
        case .closing: return abandon()
        case .awaitingResponse, .writing: return
        }
        dateOwnAnswers()
        http.phaseTimedOut()
    }

    private func enforceStreamLimits(_ now: Instant) {
        clock.streamsChecked = now
        let cut = http.enforceStreamTimeLimits(
            now: table.epoch.duration(to: now),
            body: context.configuration.bodyTimeout,
            write: context.configuration.writeTimeout
        )
        context.counters.count(.stream, times: cut)
    }

    // MARK: Deadlines

    private var phaseDeadline: Instant? {
        let configuration = context.configuration
        switch clock.phase {
        case .idle: return clock.phaseBegan + configuration.idleTimeout
        case .readingHead: return clock.phaseBegan + configuration.headTimeout
        case .readingBody: return clock.phaseBegan + configuration.bodyTimeout
        case .closing: return clock.phaseBegan + configuration.lingerTimeout
        case .awaitingResponse, .writing: return nil
        }
    }

    /// The end of the write timeout, which runs while bytes wait for the client, in any phase of the protocol. An
    /// HTTP/2 stream whose window is closed has its own limit, so that it does not end the connection's other streams.
    private var writeDeadline: Instant? {
        guard !unsent.isEmpty || clock.phase == .writing && !http.isHTTP2 else { return nil }
        return clock.writeProgressed + context.configuration.writeTimeout
    }

    /// The time by which the client must have taken its quota of the waiting answers, if the answers of all clients
    /// fill the memory.
    private var quotaDeadline: Instant? {
        clock.quotaBegan.map { $0 + context.configuration.writeTimeout }
    }

    /// The end of the grace period for a client that has finished sending, while its answer has not begun.
    private var halfCloseDeadline: Instant? {
        guard let halfClosed = clock.halfClosed, exchanges.values.contains(where: { $0.pull == nil }) else {
            return nil
        }
        return halfClosed + context.configuration.halfCloseGrace
    }

    private var streamCheck: Instant? {
        guard http.isHTTP2, clock.phase != .idle else { return nil }
        return clock.streamsChecked + Self.streamCheckInterval
    }

    private var retry: Instant? {
        pausedPulls.isEmpty && !isInputPaused ? nil : table.reactor.now + Self.retryInterval
    }
}
