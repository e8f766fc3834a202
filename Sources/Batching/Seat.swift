import Dispatch
import Synchronization

/// Where one thread waits until it is called. Only that thread waits here; any thread may call.
///
/// A call is never lost: one that comes before the wait ends the wait at once. Calls do not add up, and a wait may
/// end by a call whose reason the thread has found out already, so whoever waits looks at what it waits for again.
final class Seat: Sendable {
    private static let awake: UInt8 = 0
    private static let called: UInt8 = 1
    private static let parked: UInt8 = 2
    /// Looks at the state between two looks at the clock, which takes as long as they do.
    private static let looksPerTime = 64

    /// How long a roused thread expects its call: longer than another thread takes to wake and to form a batch.
    private static let rousedSpin = Duration.microseconds(200)

    private let state = Atomic<UInt8>(Seat.awake)
    private let wake = DispatchSemaphore(value: 0)

    /// Ends the thread's wait, now or the next.
    func call() {
        if state.exchange(Self.called, ordering: .acquiringAndReleasing) == Self.parked { wake.signal() }
    }

    /// Wakes the thread without ending its wait: it is to be called in a moment, and a call then finds it spinning.
    func rouse() {
        let (wasParked, _) = state.compareExchange(
            expected: Self.parked,
            desired: Self.awake,
            ordering: .acquiringAndReleasing
        )
        if wasParked { wake.signal() }
    }

    /// Waits for a call.
    /// - Parameter spinning: how long to keep the CPU before parking. A call then costs a fraction of a microsecond
    ///   instead of a system call here and the wake of a thread there.
    func wait(spinning: Duration) {
        var spinning = spinning
        while !takeCall(spinning: spinning) {
            defer { spinning = Self.rousedSpin }
            let (isParked, _) = state.compareExchange(
                expected: Self.awake,
                desired: Self.parked,
                ordering: .acquiringAndReleasing
            )
            // Either way of being woken leaves the state that was set by it.
            if isParked { wake.wait() }
        }
    }

    private func takeCall(spinning: Duration) -> Bool {
        let end = ContinuousClock.now + spinning
        repeat {
            for _ in 0..<Self.looksPerTime {
                if state.load(ordering: .relaxed) == Self.called {
                    // Only the thread itself takes calls back, so nobody can have come between; the exchange orders
                    // what the caller wrote before what is read from here on.
                    _ = state.exchange(Self.awake, ordering: .acquiringAndReleasing)
                    return true
                }
            }
        } while ContinuousClock.now < end
        return false
    }
}
