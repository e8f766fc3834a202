import HTTPProtocol
import Time

/// The start times of a connection's time limits: when its phase began, when it last made progress, and so on.
///
/// Owner: the connection. This type is plain data; `Connection+TimeLimits.swift` applies the limits.
struct PhaseClock {
    /// The last phase, its number, and the time at which it began.
    private(set) var phase = ConnectionPhase.idle
    private(set) var phaseBegan: Instant
    private var epoch: UInt64 = 0

    /// The time at which the client last took enough of the waiting bytes.
    private(set) var writeProgressed: Instant
    private var writtenSinceProgress = 0

    /// While memory is scarce, a client must take 1/`quotaDivisor` of its waiting bytes within `writeTimeout`: 9 KB a
    /// second of an answer of a megabyte, at that limit's default.
    static let quotaDivisor = 4
    /// The bytes that waited for the client when its quota was set, the bytes that it has taken since, and the time of
    /// the quota's beginning.
    private var quota: (held: Int, taken: Int, began: Instant)?
    /// The time at which the client's quota began; nil while no bytes wait.
    var quotaBegan: Instant? { quota?.began }

    /// The time at which the client finished sending, or the time at which a request was begun after that, if later;
    /// nil while the client may still send.
    private(set) var halfClosed: Instant?
    /// The time at which streams were last checked against their time limits.
    var streamsChecked: Instant
    /// The time at which a finished connection is closed even if the client does not close it.
    var lingerDeadline: Instant?

    init(now: Instant) {
        phaseBegan = now
        writeProgressed = now
        streamsChecked = now
    }

    /// Notes the protocol's phase. A new phase (by name or number) restarts the time.
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
        quota?.taken += count
        writtenSinceProgress += count
        if writtenSinceProgress >= minimum { beginWrite(at: now) }
    }

    /// Notes the number of bytes that wait for the client. A new quota begins once it has taken the old one.
    mutating func holds(_ bytes: Int, at now: Instant) {
        guard bytes > 0 else {
            quota = nil
            return
        }
        if let quota, quota.taken < quota.held / Self.quotaDivisor { return }
        beginQuota(of: bytes, at: now)
    }

    /// Begins a quota for `bytes` that wait.
    mutating func beginQuota(of bytes: Int, at now: Instant) {
        quota = (bytes, 0, now)
    }

    mutating func peerFinished(at now: Instant) {
        if halfClosed == nil { halfClosed = now }
    }

    /// Notes that a request was begun. If the client sent it before it finished sending, the grace period starts now.
    mutating func requestReceived(at now: Instant) {
        if halfClosed != nil { halfClosed = now }
    }
}
