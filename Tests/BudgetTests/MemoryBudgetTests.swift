import Testing

@testable import Budget

@Suite("The memory budget")
struct MemoryBudgetTests {
    @Test("a stage may fill the budget further than the stage before, and the last one to its limit")
    func ceilings() {
        let budget = MemoryBudget(limit: 1000)
        let ceilings = MemoryBudget.Stage.allCases.map(budget.ceiling)
        #expect(ceilings == [500, 600, 700, 800, 900, 1000])
        #expect(MemoryBudget(limit: .max).ceiling(of: .answers) == .max)
    }

    @Test("bytes above a stage's ceiling are refused, counted, and leave nothing behind")
    func refusal() throws {
        let budget = MemoryBudget(limit: 1000)
        try budget.take(600, for: .inflated)
        #expect(throws: MemoryShortage(stage: .inflated, bytes: 1, held: 600, ceiling: 600)) {
            try budget.take(1, for: .inflated)
        }
        try budget.take(100, for: .parsed)
        #expect(budget.held == 700)
        #expect(budget.refusals(of: .inflated) == 1)
        #expect(budget.isFull(for: .received))
        #expect(!budget.isFull(for: .received, beside: 201))
    }

    @Test("a shortage says whether trying again can help")
    func permanence() {
        #expect(MemoryShortage(stage: .parsed, bytes: 701, held: 0, ceiling: 700).isPermanent)
        #expect(!MemoryShortage(stage: .parsed, bytes: 700, held: 1, ceiling: 700).isPermanent)
        #expect(MemoryShortage(stage: .parsed, bytes: 700, held: 1, own: 1, ceiling: 700).isPermanent)
    }

    @Test("a request gives back all that it took, also when it is refused more")
    func release() throws {
        let budget = MemoryBudget(limit: 1000)
        var memory: RequestMemory? = RequestMemory(budget)
        try memory?.take(300, for: .inflated)
        try memory?.take(300, for: .parsed)
        #expect(throws: MemoryShortage.self) { try memory?.take(300, for: .tokens) }
        memory?.giveBack(.inflated)
        #expect((budget.held, budget.held(for: .parsed)) == (300, 300))
        memory = nil
        #expect((budget.held, budget.held(for: .parsed)) == (0, 0))
    }

    @Test("many threads never hold more than the limit")
    func threads() async {
        let budget = MemoryBudget(limit: 10_000)
        await withTaskGroup { group in
            for number in 0..<8 {
                group.addTask {
                    for step in 0..<2000 {
                        let memory = RequestMemory(budget)
                        try? memory.take(1 + (number * 7919 + step * 104_729) % 4000, for: .answers)
                        #expect(budget.held(for: .answers) <= 10_000)
                    }
                }
            }
        }
        #expect(budget.held == 0)
    }
}
