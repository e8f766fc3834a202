import TestSupport
import Testing
import Time

@testable import Transport

@Suite struct DeadlineQueueTests {
    private let start = Instant.now

    private func time(_ milliseconds: Int) -> Instant {
        start + .milliseconds(milliseconds)
    }

    @Test("deadlines pass in the order of their times, not of their setting")
    func order() {
        var queue = DeadlineQueue()
        for (key, milliseconds) in [30, 10, 20].enumerated() { queue.set(time(milliseconds), for: key) }
        #expect(queue.popPassed(at: time(5)) == nil)
        #expect(queue.popPassed(at: time(100)) == 1)
        #expect(queue.popPassed(at: time(100)) == 2)
        #expect(queue.popPassed(at: time(100)) == 0)
        #expect(queue.popPassed(at: time(100)) == nil)
    }

    @Test("a deadline that moves on, as a busy connection's does, keeps its one place")
    func lazyMove() {
        var queue = DeadlineQueue()
        for step in 0..<1_000 { queue.set(time(100 + step), for: 0) }
        #expect(queue.count == 1)
        #expect(queue.nextLook == time(100), "the place is put right only when it comes up")
        #expect(queue.popPassed(at: time(1_098)) == nil)
        #expect(queue.nextLook == time(1_099))
        #expect(queue.popPassed(at: time(1_099)) == 0)
    }

    @Test("cleared and removed deadlines do not pass")
    func cleared() {
        var queue = DeadlineQueue()
        queue.set(time(10), for: 0)
        queue.set(time(20), for: 1)
        queue.set(nil, for: 0)
        queue.remove(1)
        queue.remove(99)
        #expect(queue.popPassed(at: time(100)) == nil)
        #expect(queue.count == 0)
    }

    @Test("any sequence of settings and removals fires what a plain list would", arguments: 0..<20)
    func model(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = DeadlineQueue()
        var expected: [Int: Int] = [:]
        var now = 0
        for _ in 0..<2_000 {
            let key = Int.random(in: 0..<40, using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<6:
                let deadline = now + Int.random(in: 0..<200, using: &generator)
                queue.set(time(deadline), for: key)
                expected[key] = deadline
            case 6:
                queue.set(nil, for: key)
                expected[key] = nil
            case 7:
                queue.remove(key)
                expected[key] = nil
            default:
                now += Int.random(in: 0..<50, using: &generator)
                var fired: [Int] = []
                while let key = queue.popPassed(at: time(now)) { fired.append(key) }
                let due = expected.filter { $0.value <= now }
                #expect(Set(fired) == Set(due.keys))
                #expect(fired.count == due.count)
                #expect(fired.map { due[$0] ?? -1 } == due.values.sorted())
                for key in due.keys { expected[key] = nil }
            }
            #expect(queue.count <= 40)
            if let next = expected.values.min() { #expect((queue.nextLook ?? time(.max / 2)) <= time(next)) }
        }
    }
}
