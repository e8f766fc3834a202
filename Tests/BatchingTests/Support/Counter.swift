import Synchronization

/// A number that threads share.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func add(_ amount: Int) { count.add(amount, ordering: .acquiringAndReleasing) }
    var value: Int { count.load(ordering: .acquiring) }
}
