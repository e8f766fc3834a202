import TestSupport
import Testing

@testable import Batching

@Suite("The timeout queue")
struct TimeoutQueueTests {
    private let start = ContinuousClock.now

    @Test("gives what is due, in order, and nothing before its time")
    func order() {
        var generator = SeededGenerator(seed: 7)
        var queue = TimeoutQueue()
        let times = (0..<200).map { _ in Int.random(in: 0...1000, using: &generator) }
        for (number, time) in times.enumerated() { queue.add(UInt64(number), at: start + .milliseconds(time)) }
        #expect(queue.next == times.min().map { start + .milliseconds($0) })
        var taken: [Int] = []
        while let number = queue.takeDue(at: start + .milliseconds(500))?.request { taken.append(times[Int(number)]) }
        #expect(taken == times.filter { $0 <= 500 }.sorted())
    }

    @Test("does not grow with requests that are long answered")
    func sweeping() {
        var queue = TimeoutQueue()
        for number in 0..<100_000 as Range<UInt64> {
            queue.add(number, at: start + .seconds(60))
            queue.sweep(liveCount: 10) { $0 + 10 > number }
            #expect(queue.count <= 300)
        }
        #expect(queue.takeDue(at: start + .seconds(61)).map { $0.request >= 99_000 } == true)
    }
}
