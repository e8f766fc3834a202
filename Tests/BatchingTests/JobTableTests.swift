import Compute
import Testing
import Time

@testable import Batching

@Suite("The table of jobs")
struct JobTableTests {
    private func sequence(_ id: Int32, types: Int32 = 0, task: String = "") -> InputSequence<String> {
        InputSequence(inputIDs: [id], tokenTypeIDs: [types], task: task)
    }

    @Test("shares a sequence only with sequences of equal ids, type ids and task")
    func equality() {
        var table = JobTable<String>()
        let job = table.add(sequence(5), .init(request: 1, index: 0), at: .now)
        #expect(table.join(sequence(5), .init(request: 2, index: 3)) == job)
        for other in [sequence(6), sequence(5, types: 1), sequence(5, task: "else")] {
            #expect(table.join(other, .init(request: 3, index: 0)) == nil)
        }
        #expect(table[job]?.waiters == [.init(request: 1, index: 0), .init(request: 2, index: 3)])
    }

    @Test("keeps a job that one of its waiters leaves for the other, and drops it with the last")
    func leaving() {
        var table = JobTable<String>()
        let job = table.add(sequence(5), .init(request: 1, index: 0), at: .now)
        _ = table.join(sequence(5), .init(request: 2, index: 0))
        _ = table.join(sequence(5), .init(request: 1, index: 1))
        #expect(table.leave(job, request: 1) == nil)
        #expect(table[job]?.waiters == [.init(request: 2, index: 0)])
        #expect(table.leave(job, request: 2) != nil)
        #expect(table.isEmpty && table.join(sequence(5), .init(request: 3, index: 0)) == nil)
    }

    @Test("lets a running job end even if nobody waits for it, and lets others join it until then")
    func running() {
        var table = JobTable<String>()
        let job = table.add(sequence(5), .init(request: 1, index: 0), at: .now)
        #expect(table.begin(job)?.sequence == sequence(5))
        #expect(table.leave(job, request: 1) == nil)
        #expect(table.join(sequence(5), .init(request: 2, index: 0)) == job)
        #expect(table.finish(job)?.waiters == [.init(request: 2, index: 0)])
        #expect(table.finish(job) == nil && table.isEmpty)
    }
}
