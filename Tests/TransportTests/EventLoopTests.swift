import Foundation
import Synchronization
import Testing

@testable import Transport

/// A resident that is not Sendable, like real ones.
private final class Diary {
    let reactor: Reactor
    let thread = pthread_self()
    var entries: [Int] = []

    init(_ reactor: Reactor) {
        self.reactor = reactor
    }
}

@Suite(.timeLimit(.minutes(10))) struct EventLoopTests {
    /// Starts a loop, runs the body, and stops the loop. Returns the error that ended it.
    private func withLoop(_ body: (EventLoop<Diary>) async throws -> Void) async throws -> TransportError? {
        let loop = try EventLoop<Diary>(name: "test-loop")
        let (ends, end) = AsyncStream.makeStream(of: TransportError?.self)
        loop.start(makeResident: Diary.init) { end.yield($0) }
        try await body(loop)
        loop.execute { $0.reactor.stop() }
        for await failure in ends { return failure }
        return nil
    }

    @Test("jobs from many threads all run on the loop's thread, each thread's in its order")
    func jobs() async throws {
        let failure = try await withLoop { loop in
            await withTaskGroup(of: Void.self) { group in
                for sender in 0..<8 {
                    group.addTask {
                        for number in 0..<1_000 {
                            loop.execute { $0.entries.append(sender * 1_000 + number) }
                        }
                    }
                }
            }
            let entries = await withCheckedContinuation { continuation in
                loop.execute { diary in
                    #expect(pthread_equal(diary.thread, pthread_self()) != 0)
                    continuation.resume(returning: diary.entries)
                }
            }
            #expect(entries.count == 8_000)
            for sender in 0..<8 {
                let own = entries.filter { $0 / 1_000 == sender }
                #expect(own == Array(sender * 1_000..<(sender + 1) * 1_000))
            }
        }
        #expect(failure == nil)
    }

    @Test("a job wakes a loop that waits without an end")
    func wake() async throws {
        _ = try await withLoop { loop in
            for _ in 0..<200 {
                await withCheckedContinuation { continuation in
                    loop.execute { _ in continuation.resume() }
                }
            }
        }
    }

    @Test("jobs sent before the end run, later ones are refused")
    func end() async throws {
        let loop = try EventLoop<Diary>(name: "test-loop")
        let (ends, end) = AsyncStream.makeStream(of: TransportError?.self)
        let ran = Atomic(0)
        loop.start(makeResident: Diary.init) { end.yield($0) }
        loop.execute { diary in
            diary.reactor.stop()
            loop.execute { _ in ran.add(1, ordering: .relaxed) }
        }
        for await _ in ends { break }
        #expect(ran.load(ordering: .relaxed) == 1)
        #expect(!loop.execute { _ in ran.add(1, ordering: .relaxed) })
        #expect(ran.load(ordering: .relaxed) == 1)
    }

    @Test("a loop with nothing to do uses no processor time")
    func idle() async throws {
        _ = try await withLoop { loop in
            let before = await threadTime(of: loop)
            try await Task.sleep(for: .milliseconds(300))
            let used = await threadTime(of: loop) - before
            #expect(used < .milliseconds(20))
        }
    }

    /// Processor time that the loop's thread has used.
    private func threadTime(of loop: EventLoop<Diary>) async -> Duration {
        await withCheckedContinuation { continuation in
            loop.execute { _ in
                var time = timespec()
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
                continuation.resume(returning: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
            }
        }
    }
}
