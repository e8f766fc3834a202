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
}
