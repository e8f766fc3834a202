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

    /// A quarter of what waits is what a client must take in `writeTimeout` while memory is scarce: 9 KB a second of an
    /// answer of a megabyte, at that limit's default.
    static let shareDivisor = 4
    /// What waited for the client when its share was last measured, what it has taken since, and since when.
    private var share: (held: Int, taken: Int, began: Instant)?
    /// Since when the client's share is measured; nil while nothing waits.
    var shareBegan: Instant? { share?.began }

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
        share?.taken += count
        writtenSinceProgress += count
        if writtenSinceProgress >= minimum { beginWrite(at: now) }
    }

    /// Notes how many bytes wait for the client. Its share is measured anew once it has taken it.
    mutating func holds(_ bytes: Int, at now: Instant) {
        guard bytes > 0 else {
            share = nil
            return
        }
        if let share, share.taken < share.held / Self.shareDivisor { return }
        beginShare(of: bytes, at: now)
    }

    /// Measures anew how much of `bytes` the client takes.
    mutating func beginShare(of bytes: Int, at now: Instant) {
        share = (bytes, 0, now)
    }

    mutating func peerFinished(at now: Instant) {
        if halfClosed == nil { halfClosed = now }
    }

    /// A request that was pipelined before the client finished gets the grace from its own beginning.
    mutating func requestReceived(at now: Instant) {
        if halfClosed != nil { halfClosed = now }
    }
}
