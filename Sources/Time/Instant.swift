import CLinux

/// A point in time of a clock that only goes forward, also while the machine sleeps.
///
/// It is a number, unlike `ContinuousClock.Instant`, whose layout the Swift runtime looks up again and again: this took
/// a tenth of the time of a busy event loop.
package struct Instant: Sendable, Hashable {
    /// The time since the clock's zero, which is the start of the machine.
    package let nanoseconds: Int64

    /// The point that is so many nanoseconds after the clock's zero.
    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The present.
    package static var now: Instant { Instant(nanoseconds: clinux_clock()) }

    /// The time from this point to another; negative if that one is earlier.
    package func duration(to other: Instant) -> Duration {
        Duration(attoseconds: Int128(other.nanoseconds - nanoseconds) * 1_000_000_000)
    }

    /// The point that is `duration` later.
    package func advanced(by duration: Duration) -> Instant {
        let (sum, overflows) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return Instant(nanoseconds: overflows ? duration < .zero ? .min : .max : sum)
    }

    /// The point that is `duration` later.
    package static func + (start: Instant, duration: Duration) -> Instant { start.advanced(by: duration) }

    /// The point that is `duration` earlier.
    package static func - (end: Instant, duration: Duration) -> Instant { end.advanced(by: .zero - duration) }

    /// The time from the second point to the first.
    package static func - (end: Instant, start: Instant) -> Duration { start.duration(to: end) }
}

extension Instant: Comparable {
    /// Whether the first is earlier.
    package static func < (one: Instant, other: Instant) -> Bool { one.nanoseconds < other.nanoseconds }
}

extension Duration {
    /// The whole nanoseconds, clamped.
    package var nanoseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000) }
}
