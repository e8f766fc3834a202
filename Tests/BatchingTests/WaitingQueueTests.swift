import TestSupport
import Testing

@testable import Batching

@Suite("The waiting queue")
struct WaitingQueueTests {
    private func queue(_ change: (inout BatchPolicy) -> Void = { _ in }) -> WaitingQueue {
        var policy = BatchPolicy()
        change(&policy)
        return WaitingQueue(policy: policy)
    }

    private func share(_ queue: inout WaitingQueue, idleWorkers: Int = 1) -> WaitingQueue.Part {
        queue.takeBatch(idleWorkers: idleWorkers, maxTokens: queue.policy.maxBatchTokens)
    }

    private func take(_ queue: inout WaitingQueue, idleWorkers: Int = 1) -> [UInt64] {
        share(&queue, idleWorkers: idleWorkers).entries.map(\.job)
    }

    /// Adds sequences of one request, numbered from `first`.
    private func add(_ lengths: [Int], from first: UInt64 = 0, to queue: inout WaitingQueue) {
        var before = 0
        for (sequence, length) in zip(first..., lengths) {
            queue.append(sequence, tokenCount: length, behind: before, priority: .high)
            before += length
        }
    }

    @Test("gives sequences of one length back in arrival order")
    func arrivalOrder() {
        var queue = queue { $0.maxBatchSequences = 4 }
        for i in 0..<10 as Range<UInt64> { add([16], from: i, to: &queue) }
        var taken: [UInt64] = []
        while !queue.isEmpty { taken += take(&queue) }
        #expect(taken == Array(0..<10))
    }

    @Test("keeps a batch within the token budget and the sequence count")
    func budget() {
        var queue = queue {
            $0.maxBatchTokens = 300
            $0.maxBatchSequences = 3
        }
        for i in 0..<40 { add([90 + i % 30], from: UInt64(i), to: &queue) }
        while !queue.isEmpty {
            let batch = share(&queue)
            #expect(batch.entries.count <= 3 && batch.tokenCount <= 300)
        }
    }

    @Test("runs a sequence longer than the budget, alone")
    func oversizedRow() {
        var queue = queue { $0.maxBatchTokens = 100 }
        add([500, 500], to: &queue)
        #expect(take(&queue) == [0])
        #expect(take(&queue) == [1])
    }

    @Test("does not put short sequences into a large batch of long ones")
    func lengthAware() {
        var queue = queue()
        for i in 0..<6 as Range<UInt64> { add([i % 2 == 0 ? 400 : 12], from: i, to: &queue) }
        var batches: [[Int]] = []
        while !queue.isEmpty { batches.append(share(&queue).entries.map(\.tokenCount)) }
        #expect(batches == [[12, 12, 12], [400, 400, 400]])
    }

    @Test("lets a small batch take sequences of any length and priority while that costs nothing")
    func freeCompany() {
        var queue = queue()
        add([20], from: 0, to: &queue)
        add([60], from: 1, to: &queue)
        queue.append(2, tokenCount: 40, priority: .low)
        queue.append(3, tokenCount: 40, priority: .low)
        #expect(take(&queue) == [0, 1, 2])
    }

    @Test("starves no long sequence, however many short ones keep coming")
    func noStarvation() {
        var queue = queue { $0.maxBatchTokens = 512 }
        add([500], from: 0, to: &queue)
        var shortTokensBefore = 0
        var arrived: UInt64 = 1
        for _ in 0..<1000 {
            for _ in 0..<32 {
                add([16], from: arrived, to: &queue)
                arrived += 1
            }
            let batch = share(&queue)
            if batch.entries.contains(where: { $0.job == 0 }) { break }
            shortTokensBefore += batch.tokenCount
        }
        #expect(shortTokensBefore > 0)
        #expect(shortTokensBefore <= 500 * BatchPolicy().overtakingFactor + 512)
    }

    @Test("lets a single sequence pass most of a huge request that came first")
    func hugeRequest() {
        var queue = queue { $0.maxBatchTokens = 512 }
        add(Array(repeating: 30, count: 1000), to: &queue)
        add([30], from: 5000, to: &queue)
        var batches = 1
        while !take(&queue).contains(5000) { batches += 1 }
        #expect(batches <= 2)
    }

    @Test("shares waiting sequences among idle workers")
    func sharing() {
        var queue = queue()
        add(Array(repeating: 100, count: 8), to: &queue)
        #expect(take(&queue, idleWorkers: 2).count == 4)
        #expect(take(&queue).count == 4)
    }

    @Test("gives idle workers the same number of tokens, all sequences and none twice", arguments: 2...5)
    func evenShares(workers: Int) {
        var generator = SeededGenerator(seed: UInt64(workers))
        for _ in 0..<50 {
            var queue = queue()
            let lengths = (0..<32).map { _ in Int.random(in: 3...60, using: &generator) }
            add(lengths, to: &queue)
            let shares = min(workers, lengths.reduce(0, +) / BatchPolicy().minPartTokens)
            var parts: [[UInt64]] = []
            while !queue.isEmpty { parts.append(take(&queue, idleWorkers: workers - parts.count)) }
            #expect(parts.count == shares)
            #expect(parts.joined().sorted() == Array(0..<32))
            let tokens = parts.map { $0.reduce(0) { $0 + lengths[Int($1)] } }
            // The last sequence is among the shortest, so the parts differ by a few tokens only, which is no real wait.
            #expect((tokens.max() ?? 0) - (tokens.min() ?? 0) <= 16, "\(tokens)")
        }
    }

    @Test("has all idle workers compute one batch together if there is too little for a batch each")
    func togetherOnLittle() {
        var queue = queue()
        add([20, 60, 50], to: &queue)
        let share = share(&queue, idleWorkers: 4)
        #expect(share.entries.map(\.job).sorted() == [0, 1, 2])
        #expect(share.workers == 4)
    }

    @Test("divides the workers that are left over between the batches")
    func leftOverWorkers() {
        var queue = queue()
        add(Array(repeating: 10, count: 32), to: &queue)
        #expect(share(&queue, idleWorkers: 5).workers == 2)
        let second = share(&queue, idleWorkers: 3)
        #expect(second.workers == 3)
        #expect(second.entries.count == 16)
    }

    @Test("lends no worker while sequences wait that cannot begin")
    func backlog() {
        var queue = queue { $0.maxBatchSequences = 4 }
        add(Array(repeating: 100, count: 40), to: &queue)
        let share = share(&queue, idleWorkers: 2)
        #expect(share.entries.map(\.job) == [0, 1, 2, 3])
        #expect(share.workers == 1)
    }

    @Test("gives low priority a ninth of the tokens while both wait, and all when it is alone")
    func priorities() {
        var generator = SeededGenerator(seed: 4)
        var queue = queue {
            $0.maxBatchTokens = 512; $0.freeCompanyTokens = 0
        }
        var (sequence, tokens, sinceLow, longest) = (UInt64(0), [Priority.high: 0, .low: 0], 0, 0)
        for _ in 0..<3000 {
            for priority in Priority.allCases {
                while queue[priority].tokenCount < 2000 {
                    queue.append(sequence, tokenCount: Int.random(in: 5...200, using: &generator), priority: priority)
                    sequence += 1
                }
            }
            for entry in share(&queue).entries {
                tokens[entry.priority, default: 0] += entry.tokenCount
                sinceLow = entry.priority == .low ? 0 : sinceLow + entry.tokenCount
                longest = max(longest, sinceLow)
            }
        }
        let part = Double(tokens[.low] ?? 0) / Double(tokens.values.reduce(0, +))
        #expect((0.09...0.115).contains(part), "\(part)")
        // The delay of the longest sequence, plus the batch that was being filled.
        #expect(longest <= 8 * 200 + 2 * 512, "\(longest)")
        var alone = self.queue()
        alone.append(0, tokenCount: 100, priority: .low)
        #expect(take(&alone) == [0])
    }

    @Test("starves no sequence of low priority, however much of high priority comes")
    func lowPriorityIsServed() {
        var queue = queue { $0.maxBatchTokens = 512 }
        queue.append(0, tokenCount: 400, priority: .low)
        var (sequence, before) = (UInt64(1), 0)
        while true {
            while queue[.high].tokenCount < 4000 {
                queue.append(sequence, tokenCount: 16, priority: .high)
                sequence += 1
            }
            let batch = share(&queue)
            if batch.entries.contains(where: { $0.job == 0 }) { break }
            before += batch.tokenCount
        }
        #expect((8 * 400...8 * 400 + 512).contains(before), "\(before)")
    }

    @Test("knows the tokens that are due before a new request: all of the same length, few of a huge request")
    func tokensAhead() {
        var queue = queue()
        #expect(queue.tokensAhead(of: 30, priority: .high) == 0)
        for sequence in 0..<10 as Range<UInt64> { queue.append(sequence, tokenCount: 30, priority: .high) }
        #expect((270...300).contains(queue.tokensAhead(of: 30, priority: .high)))
        add(Array(repeating: 30, count: 100), from: 100, to: &queue)
        #expect((300...480).contains(queue.tokensAhead(of: 30, priority: .high)))
        #expect(queue.tokensAhead(of: 5000, priority: .high) == 3300)
        #expect(queue.tokensAhead(of: 30, priority: .low) == 240)
        for _ in 0..<100 where !queue.isEmpty { _ = share(&queue) }
        #expect(queue.tokensAhead(of: 5000, priority: .high) == 0)
    }

    @Test("makes a sequence due sooner for a second request, never later")
    func hastening() {
        var queue = queue { $0.maxBatchSequences = 1 }
        add([30, 30, 30], to: &queue)
        add([30], from: 10, to: &queue)
        queue.hasten(2, behind: 0, priority: .high)
        queue.hasten(0, behind: 5000, priority: .high)
        queue.hasten(10, behind: 0, priority: .low)
        #expect(queue.sequenceCount == 4 && queue.tokenCount == 120)
        var order: [UInt64] = []
        while !queue.isEmpty { order += take(&queue) }
        #expect(order == [0, 10, 2, 1])
    }

    @Test("counts sequences and tokens correctly through additions, cancellations and batches")
    func accounting() {
        var generator = SeededGenerator(seed: 11)
        var queue = queue { $0.maxBatchTokens = 700 }
        var waiting: [UInt64: Int] = [:]
        var next: UInt64 = 0
        for _ in 0..<2000 {
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let length = Int.random(in: 1...600, using: &generator)
                let priority = Priority.allCases.randomElement(using: &generator) ?? .high
                queue.append(next, tokenCount: length, behind: length, priority: priority)
                waiting[next] = length
                next += 1
            }
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                guard let victim = waiting.keys.sorted().randomElement(using: &generator) else { break }
                if Bool.random(using: &generator) {
                    queue.drop(victim)
                    waiting[victim] = nil
                } else {
                    queue.hasten(victim, behind: 0, priority: .high)
                }
            }
            if Bool.random(using: &generator) {
                for entry in share(&queue, idleWorkers: Int.random(in: 1...3, using: &generator)).entries {
                    #expect(waiting.removeValue(forKey: entry.job) == entry.tokenCount)
                }
            }
            #expect(queue.sequenceCount == waiting.count && queue.tokenCount == waiting.values.reduce(0, +))
        }
        while !queue.isEmpty { for sequence in take(&queue) { #expect(waiting.removeValue(forKey: sequence) != nil) } }
        #expect(waiting.isEmpty && queue.tokensAhead(of: 100_000, priority: .low) == 0)
    }
}
