import Batching
import Logging
import Synchronization
import Testing

@testable import Service

@Suite("The engine's health")
struct EngineHealthTests {
    private var health = EngineHealth(limit: .seconds(30), probeInterval: .seconds(4))

    private func statistics(succeeded: Int = 0, waiting: Int = 0, busy: Int = 0, failures: Int = 0)
        -> SchedulerStatistics
    {
        var statistics = SchedulerStatistics()
        statistics.succeededBatches = succeeded
        statistics.waitingSequences = waiting
        statistics.busyWorkers = busy
        statistics.failuresInARow = failures
        statistics.liveWorkers = 2
        return statistics
    }

    @Test("is bad when work waits and nothing is finished for the limit, and good again with the first batch")
    mutating func silence() {
        for _ in 0..<29 { _ = health.look(statistics(waiting: 1), after: .seconds(1)) }
        #expect(health.isAnswering)
        _ = health.look(statistics(waiting: 1), after: .seconds(1))
        #expect(!health.isAnswering && !health.isRestartNeeded)
        #expect(health.complaint.contains("30.0 seconds"))
        _ = health.look(statistics(succeeded: 1, waiting: 1), after: .seconds(1))
        #expect(health.isAnswering)
    }

    @Test("is good as long as there is nothing to do, and a probe is due from time to time")
    mutating func idle() {
        var probes = 0
        for _ in 0..<100 where health.look(statistics(), after: .seconds(1)) { probes += 1 }
        #expect(health.isAnswering)
        #expect(probes == 97)
    }

    @Test("is good while batches are finished, however many fail or wait")
    mutating func busy() {
        for count in 1...100 {
            let isDue = health.look(statistics(succeeded: count, waiting: 1000, busy: 2), after: .seconds(1))
            #expect(!isDue)
        }
        #expect(health.isAnswering)
    }

    @Test("is put to the probe as soon as batches fail, and bad when the probe fails too")
    mutating func failing() {
        _ = health.look(statistics(succeeded: 1), after: .seconds(1))
        let isDue = health.look(statistics(succeeded: 1, failures: 1), after: .milliseconds(10))
        #expect(isDue)
        #expect(health.isAnswering)
        health.probeFailed("out of order")
        #expect(!health.isAnswering && health.complaint.contains("out of order"))
        _ = health.look(statistics(succeeded: 2), after: .seconds(1))
        #expect(health.isAnswering)
    }

    @Test("asks for a restart when it stays bad, or a worker is lost for good")
    mutating func restart() {
        for _ in 0..<150 { _ = health.look(statistics(busy: 1), after: .seconds(1)) }
        #expect(health.isRestartNeeded)
        _ = health.look(statistics(succeeded: 1), after: .seconds(1))
        #expect(!health.isRestartNeeded)
        var lost = statistics(succeeded: 2)
        lost.lostWorkers = 1
        _ = health.look(lost, after: .seconds(1))
        #expect(health.isRestartNeeded && health.isAnswering)
        lost.liveWorkers = 0
        _ = health.look(lost, after: .seconds(1))
        #expect(!health.isAnswering)
    }
}

/// An engine that a test controls.
private final class TestEngine: WatchedEngine {
    struct Failure: Error {}

    let current = Mutex((statistics: SchedulerStatistics(), fails: false, looks: 0))

    var statistics: SchedulerStatistics { current.withLock { $0.statistics } }

    func warmUp() async throws {
        let fails = current.withLock { current in
            if !current.fails { current.statistics.succeededBatches += 1 }
            return current.fails
        }
        if fails { throw Failure() }
    }

    func giveUpStuckWorkers(after limit: Duration, elapsed: Duration) -> Int {
        current.withLock { $0.looks += 1 }
        return 0
    }
}

@Suite("The engine's watch", .timeLimit(.minutes(10)))
struct EngineWatchTests {
    @Test("looks for stuck workers, probes a failing engine until it answers, and tells")
    func probing() async throws {
        let engine = TestEngine()
        engine.current.withLock { $0.statistics.liveWorkers = 1 }
        let watch = EngineWatch(engine, limit: .milliseconds(400), logger: Logger(label: "test"))
        func becomes(_ isAnswering: Bool) async throws -> Bool {
            for _ in 0..<1000 where watch.health.isAnswering != isAnswering {
                try await Task.sleep(for: .milliseconds(5))
            }
            return watch.health.isAnswering == isAnswering
        }
        engine.current.withLock { current in
            current.fails = true
            current.statistics.failuresInARow = 1
        }
        #expect(try await becomes(false))
        engine.current.withLock { $0.fails = false }
        #expect(try await becomes(true))
        #expect(engine.current.withLock { $0.looks } > 1)
    }
}
