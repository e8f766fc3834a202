import Foundation
import Testing
import Time

@testable import Batching

/// Two workers of 2,000 tokens a second each: about the full-size model in float32 on two CPUs.
@Suite("Under more load than it can bear, the schedule", .timeLimit(.minutes(10)))
struct OverloadTests {
    /// Texts have 32 tokens on average, so this is exactly the capacity.
    private static let textsPerSecond = 125.0

    private func goodput(load: Double, timeout: Double, _ change: (inout BatchPolicy) -> Void = { _ in }) -> Double {
        var simulation = Simulation(Simulation.Engine(), change)
        simulation.run(Simulation.texts(perSecond: load * Self.textsPerSecond, seconds: 20, timeout: timeout))
        return simulation.outcomes.goodput(from: 5, to: 20)
    }

    @Test("at five times capacity does as much as at its peak, in time, and says no at once", arguments: [0.5, 2, 10])
    func fiveTimes(timeout: Double) {
        let peak = [0.8, 1, 1.5].map { goodput(load: $0, timeout: timeout) }.max() ?? 0
        var simulation = Simulation()
        simulation.run(Simulation.texts(perSecond: 5 * Self.textsPerSecond, seconds: 20, timeout: timeout))
        let outcomes = simulation.outcomes
        #expect(peak > 0.9 * 4000)
        #expect(outcomes.goodput(from: 5, to: 20) > 0.9 * peak)
        let (answered, refused, expired) = (
            outcomes.ended(.answered), outcomes.ended(.refused), outcomes.ended(.expired)
        )
        #expect(answered.count + refused.count + expired.count == outcomes.count)
        #expect((answered + expired).percentile(0.99) <= timeout)
        // Nearly every admitted request was answered in time.
        #expect(Double(expired.count) < 0.02 * Double(answered.count), "\(expired.count) of \(answered.count)")
        #expect((refused.map(\.duration).max() ?? 0) <= 0.05)
        #expect(refused.count > 2 * answered.count)
    }

    @Test("with no deadlines is bounded by its queue, and refuses within the wait for admission")
    func withoutDeadlines() {
        var simulation = Simulation { $0.maxQueueTokens = 8192 }
        simulation.run(Simulation.texts(perSecond: 5 * Self.textsPerSecond, seconds: 20))
        let outcomes = simulation.outcomes
        #expect(outcomes.goodput(from: 5, to: 20) > 0.9 * 4000)
        #expect(outcomes.ended(.expired).isEmpty)
        #expect((outcomes.ended(.refused).map(\.duration).max() ?? 0) <= 0.0201)
        // A full queue is two seconds of work; the request's own batch comes after it.
        #expect(outcomes.ended(.answered).percentile(1) < 2.6)
    }

    @Test("tells refused requests correctly when there will be capacity")
    func retryAfter() {
        var simulation = Simulation { $0.maxQueueTokens = 4096 }
        // Requests fill the queue; all later ones are refused.
        var arrivals = (0..<40).map { _ in Simulation.Arrival(time: 1, lengths: Array(repeating: 32, count: 4)) }
        arrivals.insert(Simulation.Arrival(time: 0, lengths: [128]), at: 0)
        simulation.run(arrivals)
        let refused = simulation.outcomes.ended(.refused)
        #expect(!refused.isEmpty)
        for outcome in refused {
            let told = outcome.retryAfter ?? 0
            var again = Simulation { $0.maxQueueTokens = 4096 }
            let back = outcome.finished + told * 1.1
            again.run(arrivals + [Simulation.Arrival(time: back, lengths: outcome.arrival.lengths)])
            #expect(again.outcomes.last { $0.arrival.time == back }?.end == .answered, "told \(told)")
            // The time that a refusal tells is not much too late either: half of it would be too early.
            var early = Simulation { $0.maxQueueTokens = 4096 }
            let tooEarly = outcome.finished + max(0, told * 0.5 - 0.02)
            early.run(arrivals + [Simulation.Arrival(time: tooEarly, lengths: outcome.arrival.lengths)])
            guard told > 0.2 else { continue }
            #expect(early.outcomes.last { $0.arrival.time == tooEarly }?.end == .refused, "told \(told)")
        }
    }

    @Test("keeps batches under their target, whatever the engine's speed", arguments: [0.00002, 0.0002, 0.0008])
    func batchLatency(secondsPerToken: Double) {
        let engine = Simulation.Engine(secondsPerToken: secondsPerToken)
        var simulation = Simulation(engine) { $0.batchLatencyTarget = .milliseconds(250) }
        simulation.run(
            Simulation.texts(perSecond: 1.5 * 2 / (32 * secondsPerToken), seconds: 64 * secondsPerToken * 1000)
        )
        let late = simulation.batches.dropFirst(simulation.batches.count / 4)
        let longest = Double(late.max() ?? 0) * secondsPerToken + engine.secondsPerBatch
        #expect(longest <= 0.26)
        // Batches are not smaller than necessary: they reach the limit of sequences, of tokens or of time.
        #expect(Double(late.max() ?? 0) > min(0.8 * 0.25 / secondsPerToken, 1500))
    }

    @Test("gives high priority eight of nine parts of tokens and admission, and low priority the rest")
    func priorities() {
        let high = Simulation.texts(perSecond: 3 * Self.textsPerSecond, seconds: 30, timeout: 2)
        let low = Simulation.texts(
            perSecond: 3 * Self.textsPerSecond,
            seconds: 30,
            timeout: 20,
            priority: .low,
            seed: 2
        )
        var simulation = Simulation()
        simulation.run((high + low).sorted { $0.time < $1.time })
        let outcomes = simulation.outcomes
        let total = outcomes.goodput(from: 5, to: 30)
        let lowGoodput = outcomes.filter { $0.arrival.priority == .low }.goodput(from: 5, to: 30)
        #expect(total > 0.9 * 4000)
        #expect((0.08...0.15).contains(lowGoodput / total), "\(lowGoodput) of \(total)")
    }

    @Test("computes a huge request beside small ones: neither keeps the other waiting for all of it")
    func hugeRequest() {
        var arrivals = Simulation.texts(perSecond: 0.5 * Self.textsPerSecond, seconds: 30, timeout: 10)
        let alone = Simulation.Arrival(time: 0.5, lengths: Array(repeating: 32, count: 1500))
        arrivals.append(alone)
        var simulation = Simulation { $0.maxQueueTokens = 16_384 }
        simulation.run(arrivals.sorted { $0.time < $1.time })
        #expect(simulation.outcomes.allSatisfy { $0.end == .answered })
        let huge = simulation.outcomes.first { $0.arrival.lengths.count > 1 }
        // The huge request's 48,000 tokens get the half of the machine that small requests leave.
        #expect((12...30).contains(huge?.duration ?? 0), "\(huge?.duration ?? 0)")
        let small = simulation.outcomes.filter { $0.arrival.lengths.count == 1 }
        #expect(small.percentile(0.99) < 1, "\(small.percentile(0.99))")
    }
}
