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
        while !queue.isEmpty { taken += queue.takeBatch(idleWorkers: 1).entries.map(\.payload) }
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
            let batch = queue.takeBatch(idleWorkers: 1).entries
            #expect(batch.count <= 3)
            #expect(batch.reduce(0) { $0 + $1.tokenCount } <= 300)
        }
    }

    @Test("runs a row longer than the budget, alone")
    func oversizedRow() {
        var queue = queue { $0.maxBatchTokens = 100 }
        queue.append([(1, 500), (2, 500)], submission: 0)
        #expect(queue.takeBatch(idleWorkers: 1).entries.map(\.payload) == [1])
        #expect(queue.takeBatch(idleWorkers: 1).entries.map(\.payload) == [2])
    }

    @Test("does not put short rows into a large batch of long ones")
    func lengthAware() {
        var queue = queue()
        for i in 0..<6 { queue.append([(i, i % 2 == 0 ? 400 : 12)], submission: UInt64(i)) }
        var batches: [[Int]] = []
        while !queue.isEmpty { batches.append(queue.takeBatch(idleWorkers: 1).entries.map(\.tokenCount)) }
        #expect(batches == [[12, 12, 12], [400, 400, 400]])
    }

    @Test("lets a small batch take company of any length while that is free")
    func freeCompany() {
        var queue = queue()
        queue.append([(0, 20)], submission: 0)
        queue.append([(1, 60)], submission: 1)
        #expect(queue.takeBatch(idleWorkers: 1).entries.map(\.payload) == [0, 1])
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
            let batch = queue.takeBatch(idleWorkers: 1).entries
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
        while !queue.takeBatch(idleWorkers: 1).entries.contains(where: { $0.payload == -1 }) { batches += 1 }
        #expect(batches <= 2)
    }

    @Test("shares what waits between idle workers")
    func sharing() {
        var queue = queue()
        queue.append((0..<8).map { ($0, 100) }, submission: 0)
        #expect(queue.takeBatch(idleWorkers: 2).entries.count == 4)
        #expect(queue.takeBatch(idleWorkers: 1).entries.count == 4)
    }

    @Test("gives idle workers the same number of tokens, all rows and none twice", arguments: 2...5)
    func evenShares(workers: Int) {
        var generator = SeededGenerator(seed: UInt64(workers))
        for _ in 0..<50 {
            var queue = queue()
            let lengths = (0..<32).map { _ in Int.random(in: 3...60, using: &generator) }
            queue.append(lengths.enumerated().map { ($0, $1) }, submission: 0)
            let shares = min(workers, lengths.reduce(0, +) / BatchPolicy().minShareTokens)
            var parts: [[Int]] = []
            while !queue.isEmpty {
                parts.append(queue.takeBatch(idleWorkers: workers - parts.count).entries.map(\.payload))
            }
            #expect(parts.count == shares)
            #expect(parts.joined().sorted() == Array(0..<32))
            let tokens = parts.map { $0.reduce(0) { $0 + lengths[$1] } }
            // The last row given is among the shortest; a few tokens in hundreds are no wait.
            #expect((tokens.max() ?? 0) - (tokens.min() ?? 0) <= 16, "\(tokens)")
        }
    }

    @Test("has all idle workers take one batch together where there is too little for a batch each")
    func togetherOnLittle() {
        var queue = queue()
        queue.append([(0, 20), (1, 60), (2, 50)], submission: 0)
        let share = queue.takeBatch(idleWorkers: 4)
        #expect(share.entries.map(\.payload).sorted() == [0, 1, 2])
        #expect(share.workers == 4)
    }

    @Test("divides the workers that are left over between the batches")
    func leftOverWorkers() {
        var queue = queue()
        queue.append((0..<32).map { ($0, 10) }, submission: 0)
        #expect(queue.takeBatch(idleWorkers: 5).workers == 2)
        let second = queue.takeBatch(idleWorkers: 3)
        #expect(second.workers == 3)
        #expect(second.entries.count == 16)
    }

    @Test("lends nobody while rows wait that cannot begin")
    func backlog() {
        var queue = queue { $0.maxBatchRows = 4 }
        queue.append((0..<40).map { ($0, 100) }, submission: 0)
        let share = queue.takeBatch(idleWorkers: 2)
        #expect(share.entries.map(\.payload) == [0, 1, 2, 3])
        #expect(share.workers == 1)
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
                for entry in queue.takeBatch(idleWorkers: Int.random(in: 1...3, using: &generator)).entries {
                    let at = waiting[entry.submission]?.firstIndex(of: entry.tokenCount)
                    if let at { waiting[entry.submission]?.remove(at: at) } else { Issue.record("a row came twice") }
                }
            }
            #expect(queue.rowCount == waiting.values.reduce(0) { $0 + $1.count })
            #expect(queue.tokenCount == waiting.values.joined().reduce(0, +))
        }
    }
}
