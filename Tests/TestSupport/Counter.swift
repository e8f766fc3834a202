import Synchronization

/// A number that threads share.
package final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    package init() {}
    package func add(_ amount: Int = 1) { count.add(amount, ordering: .acquiringAndReleasing) }
    package var value: Int { count.load(ordering: .acquiring) }
}
