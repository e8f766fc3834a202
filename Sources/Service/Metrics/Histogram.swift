import Batching
import Synchronization

/// Counts observations by size, as Prometheus does. It is written without locks, and its counts are cumulative when
/// read. Each number is read separately, so a scrape during an observation may see the observation in the sum but not
/// yet in the count.
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

    /// For each bound, the number of observations that are not larger than it; then the number of all observations. And
    /// the sum of all observations.
    func snapshot() -> (cumulative: [Int], sum: Double) {
        var total = 0
        let cumulative = (0...bounds.count).map { index in
            total += cells[index]
            return total
        }
        return (cumulative, cells.sum)
    }
}

/// Counters that any thread may increment, and a sum of doubles.
final class Cells: Sendable {
    /// Atomics cannot be copied, so each has an object of its own.
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
