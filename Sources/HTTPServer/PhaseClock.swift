import HTTPProtocol

/// Since when a connection has been doing what it does.
///
/// Owner: the connection. It is plain data: the limits are applied in `Connection+TimeLimits.swift`.
struct PhaseClock {
    typealias Instant = ContinuousClock.Instant

    /// The phase last seen, its number, and when it began.
    private(set) var phase = ConnectionPhase.idle
    private(set) var phaseBegan: Instant
    private var epoch: UInt64 = 0

    /// When the client last took enough of what waits to be written.
    private(set) var writeProgressed: Instant
    private var writtenSinceProgress = 0

    /// When the client finished sending, or had a request begun after that; nil while it may send.
    private(set) var halfClosed: Instant?
    /// When streams were last held to their limits.
    var streamsChecked: Instant
    /// When a finished connection is closed without the client's close.
    var lingerDeadline: Instant?

    init(now: Instant) {
        phaseBegan = now
        writeProgressed = now
        streamsChecked = now
    }

    /// Notes what the protocol is doing; a new phase (by name or number) starts its time anew.
    mutating func observe(_ phase: ConnectionPhase, epoch: UInt64, at now: Instant) {
        guard phase != self.phase || epoch != self.epoch else { return }
        self.phase = phase
        self.epoch = epoch
        phaseBegan = now
        if phase == .writing { beginWrite(at: now) }
    }

    mutating func beginWrite(at now: Instant) {
        writeProgressed = now
        writtenSinceProgress = 0
    }

    /// Counts written bytes as progress once there are enough of them.
    mutating func wrote(_ count: Int, at now: Instant, minimum: Int) {
        writtenSinceProgress += count
        if writtenSinceProgress >= minimum { beginWrite(at: now) }
    }

    mutating func peerFinished(at now: Instant) {
        if halfClosed == nil { halfClosed = now }
    }

    /// A request that was pipelined before the client finished gets the grace from its own beginning.
    mutating func requestReceived(at now: Instant) {
        if halfClosed != nil { halfClosed = now }
    }
}
