import CLinux
import Dispatch
import Encoder
import Foundation
import Synchronization

/// Threads that wait, warm, for the next piece of work of a measurement: the caller and `count - 1` others.
///
/// Shared between them: `round` says that there is a piece of work, `job` what it is, `working` who still is at it.
/// One caller at a time. Each member keeps to a CPU of its own while there are enough: two that take turns on one would
/// be measured, and not what the machine can do.
final class ThreadTeam: Team, Sendable {
    /// Looks at a value before sleeping: some tens of microseconds, which is what a sleep and a wake-up cost.
    private static let spins = 20_000

    private typealias Job = @Sendable (Int) -> Void

    /// The caller included, which is member 0.
    let count: Int
    private let shared: Shared

    private final class Shared: Sendable {
        let round = Atomic(0)
        let working = Atomic(0)
        let sleepers: [Sleeper]
        let job = Mutex<Job?>(nil)
        let isOver = Atomic(false)
        /// Where the caller runs, and those members that have begun their part of the round.
        let cpus = Mutex<[Int32]>([])

        init(sleepers: [Sleeper]) { self.sleepers = sleepers }
    }

    /// Where a member sleeps.
    private final class Sleeper: Sendable {
        let isAsleep = Atomic(false)
        let alarm = DispatchSemaphore(value: 0)
    }

    init(count: Int) {
        self.count = max(1, count)
        shared = Shared(sleepers: (0..<max(1, count)).map { _ in Sleeper() })
        for member in 1..<max(1, count) {
            let thread = Thread { [shared] in Self.work(shared, member: member) }
            thread.name = "bench-\(member)"
            // The deepest forward pass needs far less; a thread of Foundation has 512 KiB otherwise.
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    deinit {
        shared.isOver.store(true, ordering: .releasing)
        Self.begin(shared)
    }

    func run(_ body: @Sendable (Int) -> Void) {
        guard count > 1 else { return body(0) }
        withoutActuallyEscaping(body) { body in
            shared.job.withLock { $0 = body }
            shared.cpus.withLock { $0 = [clinux_current_cpu()] }
            shared.working.store(count - 1, ordering: .relaxed)
            Self.begin(shared)
            body(0)
            Self.wait(shared.sleepers[0]) { shared.working.load(ordering: .acquiring) == 0 }
            shared.job.withLock { $0 = nil }
        }
    }

    private static func begin(_ shared: Shared) {
        shared.round.wrappingAdd(1, ordering: .sequentiallyConsistent)
        for sleeper in shared.sleepers.dropFirst() { wake(sleeper) }
    }

    private static func work(_ shared: Shared, member: Int) {
        var round = 0
        while true {
            wait(shared.sleepers[member]) { shared.round.load(ordering: .sequentiallyConsistent) != round }
            round += 1
            guard !shared.isOver.load(ordering: .acquiring) else { return }
            perform(shared, member: member)
            if shared.working.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue == 0 {
                wake(shared.sleepers[0])
            }
        }
    }

    /// A function of its own, so that its reference to the job is gone before the caller is told that all is done.
    @inline(never)
    private static func perform(_ shared: Shared, member: Int) {
        takeOwnCPU(shared)
        shared.job.withLock { $0 }?(member)
    }

    /// Leaves the CPU of the caller or of another member for one that the team does not use, if there is one.
    private static func takeOwnCPU(_ shared: Shared) {
        shared.cpus.withLock { cpus in
            let cpu = clinux_current_cpu()
            guard cpus.contains(cpu) else { return cpus.append(cpu) }
            // Where it fails there are more members than CPUs, and they take turns.
            _ = unsafe clinux_leave_cpus(cpus, Int32(cpus.count))
            cpus.append(clinux_current_cpu())
        }
    }

    /// Returns once `isDone`, having slept only where it took long.
    private static func wait(_ sleeper: Sleeper, until isDone: () -> Bool) {
        while true {
            for _ in 0..<spins where isDone() { return }
            sleeper.isAsleep.store(true, ordering: .sequentiallyConsistent)
            // Looked at once more: whoever ended the wait before we said that we sleep has woken nobody.
            if isDone() {
                // Who took the mark away has signalled, or is about to: the signal is taken, not left for the next
                // sleep.
                if !sleeper.isAsleep.exchange(false, ordering: .sequentiallyConsistent) { sleeper.alarm.wait() }
                return
            }
            sleeper.alarm.wait()
        }
    }

    private static func wake(_ sleeper: Sleeper) {
        if sleeper.isAsleep.exchange(false, ordering: .sequentiallyConsistent) { sleeper.alarm.signal() }
    }
}
