internal import LinearAlgebra
internal import Synchronization

/// The barrier at which the threads of a team wait for each other, hundreds of times in a forward or
/// backward pass.
///
/// A thread that waits spins: the others are at most a product behind. Only after a far longer wait, when the machine
/// runs something else on the others' CPUs, does it offer its own.
package final class TeamBarrier: Sendable {
    /// Turns of the waiting loop before the CPU is offered to others: some tens of microseconds.
    private static let spins = 4_096

    private let arrived = Atomic<Int>(0)
    private let round = Atomic<Int>(0)

    /// A barrier at which nobody waits.
    package init() {}

    /// Returns when all `count` threads have called it.
    package func meet(count: Int) {
        let current = round.load(ordering: .relaxed)
        if arrived.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == count {
            arrived.store(0, ordering: .relaxed)
            round.store(current &+ 1, ordering: .releasing)
            return
        }
        var turns = 0
        while round.load(ordering: .acquiring) == current {
            turns += 1
            SpinWait.pause(offeringCPU: turns > Self.spins)
        }
    }
}
