import Compute
import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Batching

/// An engine that sums each sequence's ids on all threads of the team. The threads meet at a barrier in every round.
private struct TeamEngine: BatchEngine {
    struct Failure: Error {}

    final class Worker: BatchWorker {
        let engine: TeamEngine
        init(_ engine: TeamEngine) { self.engine = engine }

        func run(_ batch: Batch<TeamTask>, team: ThreadTeam) throws -> [Result<Int, any Error>] {
            engine.log.record(team.count)
            if batch.tasks.contains(.fail) { throw Failure() }
            let sums = (0..<batch.batchSize).map { _ in Counter() }
            for round in 1...engine.rounds {
                let arrived = Counter()
                let threads = Mutex<Set<ObjectIdentifier>>([])
                team.run { member in
                    // The round ends only if all threads are in it at the same time.
                    arrived.add(1)
                    while arrived.value < team.count { sched_yield() }
                    threads.withLock { _ = $0.insert(ObjectIdentifier(Thread.current)) }
                    for sequence in 0..<batch.batchSize where sequence % team.count == member {
                        let ids = batch.inputIDs[batch.positions(ofSequence: sequence)]
                        sums[sequence].add(ids.reduce(0) { $0 + Int($1) })
                    }
                }
                #expect(arrived.value == team.count)
                #expect(threads.withLock(\.count) == team.count)
                if round == 1, batch.tasks.contains(.wait) {
                    engine.started.add(1)
                    engine.gate.wait()
                }
                if round == 1, batch.tasks.contains(.failLate) { throw Failure() }
            }
            return sums.map { .success($0.value / engine.rounds) }
        }
    }

    var rounds = 3
    var maxTeam = 64
    let gate = DispatchSemaphore(value: 0)
    let started = Counter()
    let log = Log()
    func makeWorker() -> Worker { Worker(self) }
    func teamSize(tokens: Int) -> Int { min(tokens, maxTeam) }
    func bytes(of output: Int) -> Int { 8 }

    final class Log: Sendable {
        private let counts = Mutex<[Int]>([])
        func record(_ count: Int) { counts.withLock { $0.append(count) } }
        var teams: [Int] { counts.withLock { $0 } }
    }
}

private enum TeamTask { case sum, wait, fail, failLate }

private func sequence(_ ids: [Int32], _ task: TeamTask = .sum) -> InputSequence<TeamTask> {
    InputSequence(inputIDs: ids, tokenTypeIDs: ids.map { _ in 0 }, task: task)
}

@Suite("A team of workers", .timeLimit(.minutes(10)))
struct WorkerTeamTests {
    /// A scheduler after all its workers have started.
    private func scheduler(_ engine: TeamEngine, workers: Int) async -> BatchScheduler<TeamEngine> {
        let scheduler = BatchScheduler(engine: engine, workers: workers, padTokenID: 0)
        await waitFor { scheduler.idleWorkers == workers }
        return scheduler
    }

    @Test("of all idle workers computes a single sequence", arguments: 1...4)
    func wholeMachine(workers: Int) async throws {
        let engine = TeamEngine()
        let scheduler = await scheduler(engine, workers: workers)
        #expect(try await scheduler.run([sequence(Array(1...50))]).results[0].get() == 1275)
        #expect(engine.log.teams == [workers])
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("is as large as the engine asks for")
    func engineDecides() async throws {
        let engine = TeamEngine(maxTeam: 2)
        let scheduler = await scheduler(engine, workers: 3)
        _ = try await scheduler.run([sequence([1])])
        await waitFor { scheduler.idleWorkers == 3 }
        _ = try await scheduler.run([sequence([1, 2, 3])])
        #expect(engine.log.teams == [1, 2])
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("meets in as many rounds as the engine likes")
    func rounds() async throws {
        let scheduler = await scheduler(TeamEngine(rounds: 200), workers: 2)
        #expect(try await scheduler.run([sequence([7, 8]), sequence([9])]).results.map { try $0.get() } == [15, 9])
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("counts its members as busy, and computes requests that arrived meanwhile when it is done")
    func workArriving() async throws {
        let engine = TeamEngine()
        let scheduler = await scheduler(engine, workers: 3)
        async let first = scheduler.run([sequence([1, 2, 3], .wait)])
        await waitFor { engine.started.value == 1 }
        #expect(scheduler.statistics.busyWorkers == 3)
        let others = (0..<6).map { i in Task { try await scheduler.run([sequence([Int32(i)])]) } }
        await waitFor { scheduler.statistics.waitingSequences == 6 }
        engine.gate.signal()
        #expect(try await first.results[0].get() == 6)
        for (i, other) in others.enumerated() { #expect(try await other.value.results[0].get() == i) }
        await waitFor { scheduler.idleWorkers == 3 }
        #expect(scheduler.statistics.busyWorkers == 0)
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("goes back to work when the engine fails, before its first round or after it", arguments: [true, false])
    func failure(late: Bool) async throws {
        let engine = TeamEngine()
        let scheduler = await scheduler(engine, workers: 3)
        let failed = try await scheduler.run([sequence([1, 2, 3], late ? .failLate : .fail)])
        #expect(throws: TeamEngine.Failure.self) { try failed.results[0].get() }
        await waitFor { scheduler.idleWorkers == 3 }
        #expect(try await scheduler.run([sequence([4, 5, 6])]).results[0].get() == 15)
        #expect(engine.log.teams == [3, 3])
        await scheduler.shutDown(finishingQueue: true)
    }

    @Test("finishes its batch when the scheduler is shut down")
    func shutDown() async throws {
        let engine = TeamEngine()
        let scheduler = await scheduler(engine, workers: 3)
        let held = Task { try await scheduler.run([sequence([1, 2, 3], .wait)]) }
        await waitFor { engine.started.value == 1 }
        let ended = Task { await scheduler.shutDown(finishingQueue: false) }
        engine.gate.signal()
        await ended.value
        #expect(try await held.value.results[0].get() == 6)
    }

    @Test("shares one request's sequences with the other workers evenly")
    func shares() async throws {
        let engine = TeamEngine(maxTeam: 1)
        let reports = Mutex<[Int]>([])
        let scheduler = BatchScheduler(engine: engine, workers: 2, padTokenID: 0) { report in
            reports.withLock { $0.append(report.tokens) }
        }
        await waitFor { scheduler.idleWorkers == 2 }
        let sequences = (0..<32).map { sequence(Array(repeating: 1, count: 10 + $0)) }
        #expect(try await scheduler.run(sequences).results.map { try $0.get() } == (0..<32).map { 10 + $0 })
        await scheduler.shutDown(finishingQueue: true)
        #expect(reports.withLock { $0 } == [408, 408])
    }

    @Test("loses no sequence and no worker when tasks submit, fail and cancel at random", arguments: [2, 4])
    func storm(workers: Int) async throws {
        let scheduler = await scheduler(TeamEngine(rounds: 2), workers: workers)
        let right = await withTaskGroup(of: Bool.self) { group in
            for client in 0..<8 as Range<UInt64> {
                group.addTask { await Self.client(of: scheduler, seed: client) }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(right)
        await scheduler.shutDown(finishingQueue: true)
        #expect(scheduler.statistics.busyWorkers == 0)
        #expect(scheduler.statistics.waitingSequences == 0)
    }

    private func waitFor(_ condition: @Sendable () -> Bool) async {
        while !condition() { try? await Task.sleep(for: .milliseconds(1)) }
    }

    /// Submits one request after another, some with pauses. Some are cancelled, and some fail. Returns whether each was
    /// answered correctly.
    private static func client(of scheduler: BatchScheduler<TeamEngine>, seed: UInt64) async -> Bool {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let lengths = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                Int.random(in: 1...60, using: &generator)
            }
            let fails = Int.random(in: 0..<10, using: &generator) == 0
            let task = Task {
                try await scheduler.run(
                    lengths.map { sequence(Array(repeating: 2, count: $0), fails ? .failLate : .sum) }
                )
            }
            let isCancelled = Int.random(in: 0..<10, using: &generator) == 0
            if isCancelled { task.cancel() }
            if Bool.random(using: &generator) { try? await Task.sleep(for: .microseconds(300)) }
            do {
                for (sequence, length) in zip(try await task.value.results, lengths) {
                    // If another client's sequence fails, the whole batch fails.
                    guard let sum = try? sequence.get() else { continue }
                    guard sum == 2 * length, !fails else { return false }
                }
            } catch {
                guard isCancelled, error is CancellationError else { return false }
            }
        }
        return true
    }
}
