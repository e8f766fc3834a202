import CLinux
import Dispatch
import Foundation
import Synchronization

/// Threads that compute one batch together, numbered from 0: the leader, which calls ``run(_:)``, and helpers, which
/// call ``serve(as:)``. A team of one is its leader alone.
///
/// In the service the helpers are workers that had nothing to do, borrowed for one batch; `swiftlet bench` starts
/// helpers of its own.
///
/// Each thread should run on its own CPU: an engine's threads wait for each other many times in a round, and two
/// threads that take turns on one CPU are slower than one thread alone. But the kernel wakes a thread near its waker,
/// so it may put two threads on one CPU, and it leaves them there even if another CPU is free or has less important
/// work.
///
/// The lock guards the current round; the round's number and the count of helpers still at work are atomics.
package final class ThreadTeam: Sendable {
    typealias Body = @Sendable (Int) -> Void

    private struct Round {
        var body: Body?
        /// The CPUs of the leader and of those helpers that have begun. Its memory is kept, so that no round allocates
        /// any.
        var cpus: [Int32] = []

        init(threads: Int) { cpus.reserveCapacity(threads) }
    }

    /// How long helpers spin while they wait for the next round, and the leader while it waits for the last helper. An
    /// engine's rounds follow each other within microseconds. If a helper has lost its CPU, the leader sleeps instead.
    private static let spinTime = Duration.microseconds(50)
    private static let dismissed = -1

    private let leader: Seat
    private let helpers: [Seat]
    private let current: Mutex<Round>
    private let round = Atomic<Int>(0)
    private let atWork = Atomic<Int>(0)

    /// A team of threads that others have started, or of the leader alone.
    /// - Parameters:
    ///   - leader: the seat in which the leader waits for the helpers.
    ///   - helpers: the seats in which helpers 1, 2… wait for the next round.
    package init(leader: Seat = Seat(), helpers: [Seat] = []) {
        self.leader = leader
        self.helpers = helpers
        current = Mutex(Round(threads: 1 + helpers.count))
    }

    /// A team of the caller and `count - 1` threads of its own, which end when the team is dismissed.
    /// - Parameter name: the threads' name, which their number follows.
    package convenience init(startingThreads count: Int, named name: String) {
        self.init(helpers: (1..<max(1, count)).map { _ in Seat() })
        for helper in 1..<self.count { startThread("\(name)-\(helper)") { self.serve(as: helper) } }
    }

    /// The number of threads, at least 1.
    package var count: Int { 1 + helpers.count }

    /// Runs `body` once on each thread at the same time, with the thread's number, and returns when all are done. May
    /// be called again and again, by the leader only.
    package func run(_ body: @Sendable (Int) -> Void) {
        guard !helpers.isEmpty else { return body(0) }
        withoutActuallyEscaping(body) { lead($0) }
    }

    /// As ``run(_:)``, for a body that outlives the round: nothing is allocated.
    package func runRound(keeping body: @escaping @Sendable (Int) -> Void) {
        if helpers.isEmpty { body(0) } else { lead(body) }
    }

    private func lead(_ body: @escaping Body) {
        current.withLock { current in
            current.body = body
            current.cpus.removeAll(keepingCapacity: true)
            current.cpus.append(clinux_current_cpu())
        }
        atWork.store(helpers.count, ordering: .relaxed)
        round.add(1, ordering: .releasing)
        for index in 0..<helpers.count { helpers[index].call() }
        body(0)
        while atWork.load(ordering: .acquiring) > 0 { leader.wait(spinning: Self.spinTime) }
        current.withLock { $0.body = nil }
    }

    /// Lets the helpers go. The leader begins no round after it.
    package func dismiss() {
        round.store(Self.dismissed, ordering: .releasing)
        for helper in helpers { helper.call() }
    }

    /// Takes part in every round until the team is dismissed. Called on the helper's thread.
    package func serve(as helper: Int) {
        var seen = 0
        while true {
            let round = round.load(ordering: .acquiring)
            if round == Self.dismissed { return }
            if round == seen {
                helpers[helper - 1].wait(spinning: Self.spinTime)
                continue
            }
            seen = round
            perform(helper)
            let left = atWork.subtract(1, ordering: .acquiringAndReleasing).newValue
            if left == 0 { leader.call() }
        }
    }

    /// This is a separate function, so that no reference to the body is left when the leader goes on: the body must not
    /// escape.
    @inline(never)
    private func perform(_ helper: Int) {
        takeOwnCPU()
        // Not as the lock's result: a closure that a generic function returns is wrapped, on the heap.
        var body: Body?
        current.withLock { body = $0.body }
        body?(helper)
    }

    /// If the leader or another helper runs on this thread's CPU, moves this thread to a CPU that the team does not
    /// use, if there is one.
    private func takeOwnCPU() {
        current.withLock { current in
            let cpu = clinux_current_cpu()
            guard current.cpus.contains(cpu) else { return current.cpus.append(cpu) }
            // This fails if the team has more threads than there are CPUs. The threads then take turns.
            _ = unsafe clinux_leave_cpus(current.cpus, Int32(current.cpus.count))
            current.cpus.append(clinux_current_cpu())
        }
    }
}

/// Starts a thread that can run an engine: a worker of the scheduler, or a helper of a team of its own.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        unsafe clinux_name_thread(name)
        body()
    }
    // Foundation's threads have 512 KiB. This is the common default: BLAS keeps its packing buffers on the heap.
    thread.stackSize = 8 << 20
    thread.start()
}

/// A place in which one thread waits until it is called. Only that thread waits here; any thread may call.
///
/// A call is never lost: if it comes before the wait, the wait ends at once. Calls do not add up. A call may also end a
/// wait after the thread has already handled the reason for the call. So after each wait the thread must check its
/// condition again.
package final class Seat: Sendable {
    private static let awake: UInt8 = 0
    private static let called: UInt8 = 1
    private static let parked: UInt8 = 2
    /// The number of looks at the state between two looks at the clock. One look at the clock takes as long as that
    /// many looks at the state.
    private static let looksPerTime = 64

    /// How long a roused thread spins for its call: longer than another thread takes to wake and to form a batch.
    private static let rousedSpin = Duration.microseconds(200)

    private let state = Atomic<UInt8>(Seat.awake)
    private let wake = DispatchSemaphore(value: 0)

    /// A seat that nobody waits in.
    package init() {}

    /// Ends the thread's wait, now or the next.
    package func call() {
        if state.exchange(Self.called, ordering: .acquiringAndReleasing) == Self.parked { wake.signal() }
    }

    /// Wakes the thread without ending its wait, because it will be called in a moment. The call then finds the thread
    /// spinning.
    package func rouse() {
        let (wasParked, _) = state.compareExchange(
            expected: Self.parked,
            desired: Self.awake,
            ordering: .acquiringAndReleasing
        )
        if wasParked { wake.signal() }
    }

    /// Waits for a call.
    /// - Parameter spinning: how long to keep the CPU before parking. During that time a call costs a fraction of a
    ///   microsecond. After it, a call costs a system call and the wake of a thread.
    package func wait(spinning: Duration) {
        var spinning = spinning
        while !takeCall(spinning: spinning) {
            defer { spinning = Self.rousedSpin }
            let (isParked, _) = state.compareExchange(
                expected: Self.awake,
                desired: Self.parked,
                ordering: .acquiringAndReleasing
            )
            // A call and a rouse each leave the state that they have set.
            if isParked { wake.wait() }
        }
    }

    private func takeCall(spinning: Duration) -> Bool {
        let end = ContinuousClock.now + spinning
        repeat {
            for _ in 0..<Self.looksPerTime {
                if state.load(ordering: .relaxed) == Self.called {
                    // Only the waiting thread itself resets a call, so no other thread can have changed the state in
                    // between. The exchange makes the caller's earlier writes visible to this thread's later reads.
                    _ = state.exchange(Self.awake, ordering: .acquiringAndReleasing)
                    return true
                }
            }
        } while ContinuousClock.now < end
        return false
    }
}
