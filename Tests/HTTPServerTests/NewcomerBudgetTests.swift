import Testing

@testable import HTTPServer

@Suite struct NewcomerBudgetTests {
    @Test("new connections get a bounded time of each turn, and get it again in the next")
    func perTurn() {
        var budget = NewcomerBudget()
        var turn = ContinuousClock.now
        for _ in 0..<3 {
            var steps = 0
            while budget.hasTime(in: turn) {
                budget.spend(.milliseconds(1))
                steps += 1
            }
            #expect(steps == 4)
            let hasTime = budget.hasTime(in: turn)
            #expect(!hasTime)
            turn += .milliseconds(1)
        }
    }

    @Test("what begins gets half of a turn's time, and what has begun gets the rest, however many want to begin")
    func begunComesFirst() {
        var budget = NewcomerBudget()
        var turn = ContinuousClock.now
        for _ in 0..<3 {
            var (begun, ended) = (0, 0)
            while budget.hasTimeToBegin(in: turn) {
                budget.spend(.milliseconds(1))
                begun += 1
            }
            while budget.hasTime(in: turn) {
                budget.spend(.milliseconds(1))
                ended += 1
                let mayBegin = budget.hasTimeToBegin(in: turn)
                #expect(!mayBegin)
            }
            #expect(begun == 2)
            #expect(ended == 2)
            turn += .milliseconds(1)
        }
    }

    @Test("accepting spends nothing of the handshakes' time: their steps are done while new clients queue")
    func twoBudgets() {
        var accepting = NewcomerBudget()
        var handshakes = NewcomerBudget()
        var turn = ContinuousClock.now
        var (fresh, begun, done) = (0, 0, 0)
        for _ in 0..<10 {
            // The listener is first in each turn, and its backlog is never empty.
            while accepting.hasTime(in: turn) {
                accepting.spend(.milliseconds(1))
                fresh += 1
            }
            // The fresh ones are reported first, and the second flights after them.
            let waiting = begun
            while fresh > 0, handshakes.hasTimeToBegin(in: turn) {
                handshakes.spend(.milliseconds(1))
                fresh -= 1
                begun += 1
            }
            for _ in 0..<waiting where handshakes.hasTime(in: turn) {
                handshakes.spend(.milliseconds(1))
                begun -= 1
                done += 1
            }
            turn += .milliseconds(1)
        }
        #expect(fresh == 20)
        #expect(done == 18)
    }
}
