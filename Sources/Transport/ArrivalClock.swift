import Time

/// When the kernel received bytes, in nanoseconds since 1970; 0 if it did not note it, as on unix sockets.
package struct ArrivalStamp: Sendable, Equatable {
    /// The time.
    package var nanoseconds: Int64

    /// A stamp; by default an unknown one.
    package init(nanoseconds: Int64 = 0) {
        self.nanoseconds = nanoseconds
    }
}

/// Tells when bytes arrived that the loop reads only now, because it was busy or had no CPU.
///
/// The kernel's stamps are true, but of the wall clock, which can be set. So each turn compares the two clocks, and a
/// stamp from before the wall clock was set counts as unknown. Without a stamp, the time is estimated from the turns.
/// If the loop has slept until this turn's reports came, they are new. Otherwise they came while the loop worked, at
/// the earliest when it last had taken all reports that there were then. The kernel gives reports in their order, so
/// after as many as there are descriptors, all that waited at the count's beginning have been taken.
struct ArrivalClock {
    /// A wait for reports that took longer than this has slept. Without a sleep, epoll_wait takes some microseconds.
    static let shortestSleep = Duration.microseconds(100)
    /// The difference between the two clocks' advances since a turn's beginning that only setting the wall clock can
    /// make. The correction of a clock that runs is slower.
    static let largestDrift = Int64(5_000_000)

    /// The time of the turn's beginning, by both clocks.
    private(set) var now: Instant
    private var wall: Int64
    /// The earliest time at which something that this turn reports can have come.
    private(set) var earliest: Instant
    /// Whether the turn before took all reports that there were.
    private var tookAll = true
    /// The time from which on reports are counted, and their number.
    private var counted: (since: Instant, reports: Int)
    /// Stamps before this time are unknown: they are older than the loop, or the wall clock was set.
    private var trustedSince: Int64

    /// - Parameter wall: The wall clock, in nanoseconds since 1970.
    init(now: Instant, wall: Int64) {
        self.now = now
        self.wall = wall
        earliest = now
        counted = (now, 0)
        trustedSince = wall
    }

    /// Begins a turn.
    ///
    /// - Parameters:
    ///   - waited: How long the wait for reports took.
    ///   - reports: The number of this turn's reports.
    ///   - takesAll: Whether these are all that there are.
    ///   - descriptors: The number of descriptors that can be reported.
    mutating func beginTurn(
        at now: Instant,
        wall: Int64,
        waited: Duration,
        reports: Int,
        takesAll: Bool,
        descriptors: Int
    ) {
        if isSet(at: now, wall: wall) { trustedSince = wall }
        if waited >= Self.shortestSleep {
            earliest = now
            counted = (now, 0)
        } else if tookAll {
            earliest = self.now
            counted = (now, 0)
        } else if counted.reports >= descriptors {
            earliest = counted.since
            counted = (now, 0)
        }
        counted.reports += reports
        tookAll = takesAll
        self.now = now
        self.wall = wall
    }

    /// The time at which bytes with this stamp arrived, as it is known at a time by both clocks.
    func arrival(of stamp: ArrivalStamp, at now: Instant, wall: Int64) -> Instant {
        guard stamp.nanoseconds >= trustedSince, !isSet(at: now, wall: wall) else { return earliest }
        return min(now, Instant(nanoseconds: now.nanoseconds - (wall - stamp.nanoseconds)))
    }

    /// Whether the wall clock was set since this turn began.
    private func isSet(at now: Instant, wall: Int64) -> Bool {
        abs((wall - self.wall) - (now.nanoseconds - self.now.nanoseconds)) > Self.largestDrift
    }

    /// How late the loop is at most with what this turn reports.
    var lag: Duration { earliest.duration(to: now) }
}
