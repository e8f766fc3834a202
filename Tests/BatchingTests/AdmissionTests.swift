import Compute
import TestSupport
import Testing
import Time

@testable import Batching

@Suite("Before a request's text is read, admission")
struct AdmissionTests {
    private typealias Plan = Schedule<Int, Int>
    private let now = Instant.now

    /// A schedule that has seen one request of 100 tokens, which took 100 ms.
    private func plan() -> Plan {
        var plan = Plan(policy: BatchPolicy(), workers: 1) { _ in 100 }
        let start = now - .milliseconds(100)
        let sequence = InputSequence(
            inputIDs: Array(repeating: 1, count: 100),
            tokenTypeIDs: Array(repeating: 0, count: 100),
            task: 0
        )
        plan.submit([sequence], as: 1, priority: .high, deadline: nil, at: start)
        let assignment = plan.takeBatch(idleWorkers: 1, at: start)
        plan.finish(assignment?.batch ?? 0, [.success(0)], workers: 1, at: now)
        return plan
    }

    @Test("counts the requests on their way to the queue against the time that a new one has")
    func requestsBefore() {
        var plan = plan()
        #expect(plan.meanTokens > 0)
        #expect(!isRefused(&plan, before: 0) && !isRefused(&plan, before: 200))
        #expect(isRefused(&plan, before: 1_000))
        #expect(!isRefused(&plan, before: 0, delay: .milliseconds(499)))
        #expect(isRefused(&plan, before: 0, delay: .milliseconds(501)))
        // Work that has not come to the queue yet may be a short part of the time only.
        #expect(!isRefused(&plan, before: 0))
        #expect(!isRefused(&plan, before: 160, delay: .milliseconds(149)))
        #expect(isRefused(&plan, before: 160, delay: .milliseconds(151)))
    }

    @Test("shortens the queue once work has grown too long, until it is short again")
    func congestion() {
        var plan = plan()
        let medium = Duration.milliseconds(300)
        #expect(!isRefused(&plan, before: 200))
        #expect(isRefused(&plan, before: 200, delay: medium))
        // The queue has been too long for a second's limit, and not for a minute's.
        #expect(isRefused(&plan, before: 200))
        #expect(!isRefused(&plan, before: 200, delay: medium, limit: .seconds(60)))
        // With so little work before it, a worker might find no full batch.
        #expect(!isRefused(&plan, before: 0, delay: medium))
        // Nothing waits any more.
        #expect(!isRefused(&plan, before: 0))
        #expect(!isRefused(&plan, before: 200))
    }

    /// Whether a request is refused before its text is read.
    private func isRefused(
        _ plan: inout Plan,
        before: Int,
        delay: Duration = .zero,
        limit: Duration = .seconds(1)
    ) -> Bool {
        let verdict = plan.verdictAhead(.high, deadline: now + limit, requestsBefore: before, delay: delay, at: now)
        if case .refuse(.tooLate, _) = verdict { return true }
        return false
    }
}
