import Synchronization
import Time

/// Decides whether a loop reads requests too late, by how long they have waited when it reads them.
///
/// A pause alone says little: a process whose CPU quota is used up stands still for a tenth of a second, and then
/// catches up. So the loop counts as behind only when for a while nothing that it read had come just now. It is behind
/// until it reads something that has. While it is behind, requests that have waited too long are refused, which costs
/// little, and newer ones are served: so those who are served are those who have waited least.
///
/// Owner: the loop's thread. The time is an argument.
struct LagWatch {
    /// How long all that is read must have waited too long for the loop to count as behind: longer than it takes to
    /// read some hundred requests that came at once, or what has come in a pause of a CPU quota. At a load that the
    /// loop cannot bear, it falls behind by as much again meanwhile, and all that waits then is refused late.
    static let patience = Duration.milliseconds(100)

    /// The longest wait of a request that is served while the loop is behind; nil for no limit.
    let limit: Duration?
    /// Since when all that was read had waited longer than the limit.
    private var since: Instant?
    /// When the loop last read something.
    private var lastRead: Instant?
    private(set) var isBehind = false

    init(limit: Duration?) {
        self.limit = limit
    }

    /// Notes that the loop has read bytes that had waited this long.
    mutating func note(_ age: Duration, at now: Instant) {
        // Bytes that came after the last read did not wait behind it: the loop had caught up, and two pauses are two.
        let waitedThen = lastRead.map { now - age <= $0 } ?? true
        lastRead = now
        if !waitedThen { since = nil }
        guard let limit, age > limit else {
            since = nil
            isBehind = false
            return
        }
        let began = since ?? now
        since = began
        isBehind = began.duration(to: now) >= Self.patience
    }

    /// Whether a request that has waited this long is refused.
    func refuses(_ age: Duration) -> Bool {
        guard let limit else { return false }
        return isBehind && age > limit
    }
}

/// The longest wait of the last seconds, over all loops, for metrics. Guard: the mutex.
final class LagGauge: Sendable {
    /// Half of the time that the gauge looks back at most. Scrapes are usually further apart than a pause lasts.
    static let window = Duration.seconds(10)
    /// Shorter waits are usual, and not worth a lock.
    static let shortest = Duration.milliseconds(1)

    private struct State {
        var began = Instant.now
        var longest = Duration.zero
        /// Of the window before.
        var longestBefore = Duration.zero

        mutating func advance(to now: Instant) {
            let passed = began.duration(to: now)
            guard passed >= LagGauge.window else { return }
            longestBefore = passed < LagGauge.window * 2 ? longest : .zero
            longest = .zero
            began = now
        }
    }

    private let state = Mutex(State())

    /// Notes a wait.
    func note(_ wait: Duration, at now: Instant) {
        guard wait >= Self.shortest else { return }
        state.withLock { state in
            state.advance(to: now)
            state.longest = max(state.longest, wait)
        }
    }

    /// The longest wait of the last one or two windows.
    func longest(at now: Instant) -> Duration {
        state.withLock { state in
            state.advance(to: now)
            return max(state.longest, state.longestBefore)
        }
    }
}
