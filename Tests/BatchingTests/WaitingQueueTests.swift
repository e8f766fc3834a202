import TestSupport
import Testing

@testable import Batching

@Suite("The waiting queue")
struct WaitingQueueTests {
    private func queue(_ change: (inout BatchPolicy) -> Void = { _ in }) -> WaitingQueue<Int> {
        var policy = BatchPolicy()
        change(&policy)
        return WaitingQueue(policy: policy)
    }

    @Test("gives rows of one length back in arrival order")
    func arrivalOrder() {
        var queue = queue { $0.maxBatchRows = 4 }
        for i in 0..<10 { queue.append([(i, 16)], submission: UInt64(i)) }
        var taken: [Int] = []
        while !queue.isEmpty { taken += queue.takeBatch(idleWorkers: 1).map(\.payload) }
        #expect(taken == Array(0..<10))
    }

    @Test("keeps a batch within the token budget and the row count")
    func budget() {
        var queue = queue {
            $0.maxBatchTokens = 300
            $0.maxBatchRows = 3
        }
        for i in 0..<40 { queue.append([(i, 90 + i % 30)], submission: UInt64(i)) }
        while !queue.isEmpty {
            let batch = queue.takeBatch(idleWorkers: 1)
            #expect(batch.count <= 3)
            #expect(batch.reduce(0) { $0 + $1.tokenCount } <= 300)
        }
    }

    @Test("runs a row longer than the budget, alone")
    func oversizedRow() {
        var queue = queue { $0.maxBatchTokens = 100 }
        queue.append([(1, 500), (2, 500)], submission: 0)
        #expect(queue.takeBatch(idleWorkers: 1).map(\.payload) == [1])
        #expect(queue.takeBatch(idleWorkers: 1).map(\.payload) == [2])
    }

    @Test("does not put short rows into a large batch of long ones")
    func lengthAware() {
        var queue = queue()
        for i in 0..<6 { queue.append([(i, i % 2 == 0 ? 400 : 12)], submission: UInt64(i)) }
        var batches: [[Int]] = []
        while !queue.isEmpty { batches.append(queue.takeBatch(idleWorkers: 1).map(\.tokenCount)) }
        #expect(batches == [[12, 12, 12], [400, 400, 400]])
    }

    @Test("lets a small batch take company of any length while that is free")
    func freeCompany() {
        var queue = queue()
        queue.append([(0, 20)], submission: 0)
        queue.append([(1, 60)], submission: 1)
        #expect(queue.takeBatch(idleWorkers: 1).map(\.payload) == [0, 1])
    }

    @Test("starves no long row, however many short ones keep coming")
    func noStarvation() {
        var queue = queue { $0.maxBatchTokens = 512 }
        queue.append([(-1, 500)], submission: 0)
        var shortTokensBefore = 0
        var arrived: UInt64 = 1
        for _ in 0..<1000 {
            for _ in 0..<32 {
                queue.append([(1, 16)], submission: arrived)
                arrived += 1
            }
            let batch = queue.takeBatch(idleWorkers: 1)
            if batch.contains(where: { $0.payload == -1 }) { break }
            shortTokensBefore += batch.reduce(0) { $0 + $1.tokenCount }
        }
        #expect(shortTokensBefore > 0)
        #expect(shortTokensBefore <= 500 * BatchPolicy().overtakingFactor + 512)
    }

    @Test("lets a single row pass most of a huge submission that came first")
    func hugeSubmission() {
        var queue = queue { $0.maxBatchTokens = 512 }
        queue.append((0..<1000).map { ($0, 30) }, submission: 0)
        queue.append([(-1, 30)], submission: 1)
        var batches = 1
        while !queue.takeBatch(idleWorkers: 1).contains(where: { $0.payload == -1 }) { batches += 1 }
        #expect(batches <= 2)
    }

    @Test("shares what waits between idle workers")
    func sharing() {
        var queue = queue()
        queue.append((0..<8).map { ($0, 100) }, submission: 0)
        #expect(queue.takeBatch(idleWorkers: 2).count == 4)
        #expect(queue.takeBatch(idleWorkers: 1).count == 4)
    }

    @Test("refuses what does not fit now and what never will, with different errors")
    func admission() throws {
        var queue = queue {
            $0.maxQueueTokens = 100
            $0.maxQueueRows = 3
        }
        try queue.admit(rows: 3, tokens: 100)
        #expect(throws: SchedulerError.tooLarge(rows: 1, tokens: 101, maxRows: 3, maxTokens: 100)) {
            try queue.admit(rows: 1, tokens: 101)
        }
        queue.append([(0, 60)], submission: 0)
        #expect(throws: SchedulerError.overloaded(waitingRows: 1, waitingTokens: 60)) {
            try queue.admit(rows: 1, tokens: 41)
        }
        try queue.admit(rows: 1, tokens: 40)
    }

    @Test("counts rows and tokens truly through additions, cancellations and batches")
    func accounting() {
        var generator = SeededGenerator(seed: 11)
        var queue = queue { $0.maxBatchTokens = 700 }
        var waiting: [UInt64: [Int]] = [:]
        for submission in 0..<400 as Range<UInt64> {
            let lengths = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                Int.random(in: 1...600, using: &generator)
            }
            waiting[submission] = lengths
            queue.append(lengths.map { (0, $0) }, submission: submission)
            if Bool.random(using: &generator), let victim = waiting.keys.randomElement(using: &generator) {
                #expect(queue.remove(submission: victim) == waiting[victim]?.count)
                waiting[victim] = nil
            }
            if Bool.random(using: &generator) {
                for entry in queue.takeBatch(idleWorkers: Int.random(in: 1...3, using: &generator)) {
                    let at = waiting[entry.submission]?.firstIndex(of: entry.tokenCount)
                    if let at { waiting[entry.submission]?.remove(at: at) } else { Issue.record("a row came twice") }
                }
            }
            #expect(queue.rowCount == waiting.values.reduce(0) { $0 + $1.count })
            #expect(queue.tokenCount == waiting.values.joined().reduce(0, +))
        }
    }
}
