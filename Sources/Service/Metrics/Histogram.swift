import Batching
import Synchronization

/// Counts of observations by size, as Prometheus keeps them: cumulative when read, lock-free when written. Each
/// number is read by itself, so a scrape during an observation may see it in the sum and not yet in the count.
final class Histogram: Sendable {
    /// Upper bounds, ascending, in the unit of the observations.
    let bounds: [Double]
    private let cells: Cells

    init(bounds: [Double]) {
        self.bounds = bounds
        self.cells = Cells(count: bounds.count + 1)
    }

    func observe(_ value: Double, times: Int = 1) {
        cells.increment(bounds.firstIndex { value <= $0 } ?? bounds.count, by: times)
        cells.addToSum(value * Double(times))
    }

    func observe(_ duration: Duration, times: Int = 1) {
        observe(duration.seconds, times: times)
    }

    var isEmpty: Bool { cells.isZero }

    /// How many observations are at most as large as each bound, and how many there are in all.
    func snapshot() -> (cumulative: [Int], sum: Double) {
        var total = 0
        let cumulative = (0...bounds.count).map { index in
            total += cells[index]
            return total
        }
        return (cumulative, cells.sum)
    }
}

/// Counters that any thread may raise, and a sum of doubles.
final class Cells: Sendable {
    /// Atomics have no copies, so each lives in an object.
    private final class Cell: Sendable {
        let value = Atomic<Int>(0)
    }

    private let cells: [Cell]
    private let sumBits = Atomic<UInt64>(0)

    init(count: Int) {
        cells = (0..<count).map { _ in Cell() }
    }

    subscript(index: Int) -> Int { cells[index].value.load(ordering: .relaxed) }

    var isZero: Bool { cells.allSatisfy { $0.value.load(ordering: .relaxed) == 0 } }

    var sum: Double { Double(bitPattern: sumBits.load(ordering: .relaxed)) }

    func increment(_ index: Int, by amount: Int = 1) {
        cells[index].value.add(amount, ordering: .relaxed)
    }

    func addToSum(_ value: Double) {
        var current = sumBits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: current) + value).bitPattern
            let (done, found) = sumBits.weakCompareExchange(expected: current, desired: next, ordering: .relaxed)
            if done { return }
            current = found
        }
    }
}
