import Synchronization

/// A number that threads share.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func add(_ amount: Int = 1) { count.add(amount, ordering: .acquiringAndReleasing) }
    var value: Int { count.load(ordering: .acquiring) }
}
