import Synchronization
import TestSupport
import Testing
import Time

@testable import Batching

@Suite("The timeout queue")
struct TimeoutQueueTests {
    private let start = Instant.now

    @Test("returns due entries in order, and no entry before its time")
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

    @Test("does not grow with requests that were answered long ago")
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

@Suite("An alarm", .timeLimit(.minutes(10)))
struct AlarmTests {
    @Test("fires at the earliest time that was set, then at the time that its function returns, and never once stopped")
    func ringing() async throws {
        let start = Instant.now
        let rings = Mutex<[Duration]>([])
        let alarm = Alarm(name: "test") {
            rings.withLock { rings in
                rings.append(start.duration(to: .now))
                return rings.count == 1 ? Instant.now + .milliseconds(30) : nil
            }
        }
        alarm.set(start + .seconds(3600))
        alarm.set(start + .milliseconds(20))
        alarm.set(start + .seconds(60))
        alarm.set(nil)
        while rings.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(1)) }
        let times = rings.withLock { $0 }
        #expect(times[0] >= .milliseconds(20) && times[1] >= times[0] + .milliseconds(30))
        alarm.stop()
        alarm.set(.now + .milliseconds(1))
        try await Task.sleep(for: .milliseconds(30))
        #expect(rings.withLock { $0.count } == 2)
    }
}
