import HTTPProtocol
import HTTPTypes
import Transport

extension Connection {
    /// How often an HTTP/2 connection's streams are held to their own limits: often enough that a limit of seconds is
    /// kept, and a connection with nothing open costs nothing.
    static let streamCheckInterval = Duration.seconds(1)
    /// When input or a streamed answer that waits for other connections' bytes to go is tried again.
    static let retryInterval = Duration.milliseconds(50)

    typealias Instant = ContinuousClock.Instant

    /// Notes the protocol's phase, whose time limit runs from its beginning.
    func observePhase() {
        clock.observe(http.phase, epoch: http.phaseEpoch, at: table.reactor.now)
    }

    /// The earliest time at which some limit may have passed.
    func nextDeadline() -> Instant? {
        if stage == .lingering { return clock.lingerDeadline }
        if stage == .handshaking { return clock.phaseBegan + context.configuration.handshakeTimeout }
        return [phaseDeadline, writeDeadline, shareDeadline, halfCloseDeadline, streamCheck, retry].compactMap { $0 }
            .min()
    }

    /// Cuts what has taken too long. The step that follows writes what the protocol has to say about it.
    func enforceTimeLimits() {
        let now = table.reactor.now
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
        if let deadline = shareDeadline, deadline <= now {
            guard !context.isOutboundScarce else {
                context.counters.count(.write)
                return abandon()
            }
            clock.beginShare(of: heldOutbound, at: now)
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

    /// While bytes wait for the client, whatever the protocol's phase. An HTTP/2 stream whose window is shut has its
    /// own limit, and does not take the connection's other streams with it.
    private var writeDeadline: Instant? {
        guard !unsent.isEmpty || clock.phase == .writing && http.protocolName != "h2" else { return nil }
        return clock.writeProgressed + context.configuration.writeTimeout
    }

    /// While answers wait for the client, of which it must take its share if they fill the memory.
    private var shareDeadline: Instant? {
        clock.shareBegan.map { $0 + context.configuration.writeTimeout }
    }

    /// While a client that has finished sending waits for an answer that has not begun.
    private var halfCloseDeadline: Instant? {
        guard let halfClosed = clock.halfClosed, exchanges.values.contains(where: { $0.pull == nil }) else {
            return nil
        }
        return halfClosed + context.configuration.halfCloseGrace
    }

    private var streamCheck: Instant? {
        guard http.protocolName == "h2", clock.phase != .idle else { return nil }
        return clock.streamsChecked + Self.streamCheckInterval
    }

    private var retry: Instant? {
        pausedPulls.isEmpty && !isInputPaused ? nil : table.reactor.now + Self.retryInterval
    }
}
