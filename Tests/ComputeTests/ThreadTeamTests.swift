import Compute
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("A team of threads", .timeLimit(.minutes(10)))
struct ThreadTeamTests {
    @Test("runs each piece of work on every thread at once, also after it has slept", arguments: [1, 2, 4])
    func rounds(count: Int) {
        let team = ThreadTeam(startingThreads: count, named: "team")
        defer { team.dismiss() }
        #expect(team.count == count)
        let sums = Mutex([Int](repeating: 0, count: count))
        for round in 0..<200 {
            team.run { member in sums.withLock { $0[member] += round } }
            if round % 50 == 0 { usleep(30_000) }
        }
        #expect(sums.withLock { $0 } == Array(repeating: 199 * 100, count: count))
    }
}

@Suite("A seat", .timeLimit(.minutes(10)))
struct SeatTests {
    @Test("does not keep a thread that was called before")
    func callBefore() {
        let seat = Seat()
        seat.call()
        seat.call()
        seat.wait(spinning: .zero)
    }

    @Test("keeps a thread that is roused until it is called")
    func rouse() async throws {
        let seat = Seat()
        let calls = Counter()
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let thread = Thread {
                seat.wait(spinning: .zero)
                #expect(calls.value == 1)
                done.resume()
            }
            thread.start()
            for _ in 0..<20 {
                seat.rouse()
                Thread.sleep(forTimeInterval: 0.001)
            }
            calls.add(1)
            seat.call()
        }
    }

    @Test("loses no call, spinning or parked", arguments: [Duration.zero, .microseconds(20)])
    func pingPong(spinning: Duration) async {
        let (here, there) = (Seat(), Seat())
        let turns = Counter()
        let rounds = 5_000
        let thread = Thread {
            for turn in 0..<rounds {
                while turns.value != 2 * turn + 1 { there.wait(spinning: spinning) }
                turns.add(1)
                here.call()
            }
        }
        thread.start()
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let other = Thread {
                for turn in 0..<rounds {
                    turns.add(1)
                    there.call()
                    if turn % 3 == 0 { there.rouse() }
                    while turns.value != 2 * turn + 2 { here.wait(spinning: spinning) }
                }
                done.resume()
            }
            other.start()
        }
        #expect(turns.value == 2 * rounds)
    }
}
