import Synchronization

/// The memory that requests make the process hold, counted by stage against one limit.
///
/// A request passes the stages in their order, and each stage may fill the budget further than the one before. So
/// requests that have begun find memory to end with, while new ones wait or are refused. All counts are atomic.
package final class MemoryBudget: Sendable {
    /// The stages of a request that hold memory.
    package enum Stage: Int, Sendable, CaseIterable {
        /// Bodies as they were received.
        case received
        /// Bodies as they were before they were compressed.
        case inflated
        /// The JSON values of bodies.
        case parsed
        /// Token ids, type ids and offsets.
        case tokens
        /// Vectors, logits and what is made of them.
        case results
        /// Answers that wait to be written, or to be read by their clients.
        case answers
    }

    private typealias Counts = InlineArray<6, Atomic<Int>>

    /// The most bytes of all stages together.
    package let limit: Int
    private let counts = Counts { _ in Atomic(0) }
    private let refusals = Counts { _ in Atomic(0) }
    private let total = Atomic(0)

    /// A budget of which nothing is held.
    package init(limit: Int) {
        self.limit = limit
    }

    /// The fraction of the budget, in percent, up to which new bodies are read.
    private static let firstPercent = 50

    /// The bytes of all stages together up to which a stage may take more: half of the budget for the first stage, all
    /// of it for the last.
    package func ceiling(of stage: Stage) -> Int {
        let steps = Stage.allCases.count - 1
        let percent = Self.firstPercent + (100 - Self.firstPercent) * stage.rawValue / steps
        return limit / 100 * percent + limit % 100 * percent / 100
    }

    /// The bytes that are held for a stage.
    package func held(for stage: Stage) -> Int { counts[stage.rawValue].load(ordering: .relaxed) }

    /// The bytes that are held for all stages.
    package var held: Int { total.load(ordering: .relaxed) }

    /// How often bytes for a stage were refused.
    package func refusals(of stage: Stage) -> Int { refusals[stage.rawValue].load(ordering: .relaxed) }

    /// Counts bytes that exist already; negative for bytes that have been freed.
    package func count(_ bytes: Int, for stage: Stage) {
        counts[stage.rawValue].wrappingAdd(bytes, ordering: .relaxed)
        total.wrappingAdd(bytes, ordering: .relaxed)
    }

    /// Whether a stage may take no more now.
    ///
    /// - Parameter own: Bytes that do not count, because they belong to the one who asks.
    package func isFull(for stage: Stage, beside own: Int = 0) -> Bool { held - own >= ceiling(of: stage) }

    /// Counts a refusal of somebody who found a stage full.
    package func refuse(_ stage: Stage) {
        refusals[stage.rawValue].wrappingAdd(1, ordering: .relaxed)
    }

    /// Takes bytes before they are allocated.
    package func take(_ bytes: Int, for stage: Stage) throws(MemoryShortage) {
        let ceiling = ceiling(of: stage)
        let (old, new) = total.wrappingAdd(bytes, ordering: .relaxed)
        guard new <= ceiling else {
            total.wrappingAdd(-bytes, ordering: .relaxed)
            refuse(stage)
            throw MemoryShortage(stage: stage, bytes: bytes, held: old, ceiling: ceiling)
        }
        counts[stage.rawValue].wrappingAdd(bytes, ordering: .relaxed)
    }
}

/// The error of a request for which there is no memory in the budget.
package struct MemoryShortage: Error, Equatable, CustomStringConvertible {
    /// The stage that needed the memory.
    package let stage: MemoryBudget.Stage
    /// The bytes that the request asked for.
    package let bytes: Int
    /// The bytes that were held when it asked, its own included.
    package let held: Int
    /// The bytes that it held itself.
    package var own = 0
    /// The bytes up to which the stage may fill the budget.
    package let ceiling: Int

    /// Whether the bytes are too many even if nobody else holds any.
    package var isPermanent: Bool { own + bytes > ceiling }

    package var description: String {
        isPermanent
            ? "the request needs \(own + bytes) bytes of memory (\(stage)), at most \(ceiling) may be held; send less"
            : "the server holds too many bytes of other requests; try again"
    }
}

/// The memory of one request: what it has taken from the budget, stage by stage. All of it is given back when the
/// request is released. The lock guards the amounts.
package final class RequestMemory: Sendable {
    private typealias Amounts = InlineArray<6, Int>

    private let budget: MemoryBudget
    private let taken = Mutex(Amounts(repeating: 0))

    /// The memory of the request that the current task answers; nil where nothing is counted, as on the command line.
    @TaskLocal package static var current: RequestMemory?

    /// The memory of a request that has taken nothing yet.
    package init(_ budget: MemoryBudget) {
        self.budget = budget
    }

    deinit {
        for stage in MemoryBudget.Stage.allCases { giveBack(stage) }
    }

    /// Takes bytes before they are allocated.
    package func take(_ bytes: Int, for stage: MemoryBudget.Stage) throws(MemoryShortage) {
        guard bytes > 0 else { return }
        do {
            try budget.take(bytes, for: stage)
        } catch {
            var shortage = error
            shortage.own = taken.withLock { taken in
                MemoryBudget.Stage.allCases.reduce(0) { $0 + taken[$1.rawValue] }
            }
            throw shortage
        }
        taken.withLock { $0[stage.rawValue] += bytes }
    }

    /// Takes bytes for the request that the current task answers.
    package static func take(_ bytes: Int, for stage: MemoryBudget.Stage) throws(MemoryShortage) {
        try current?.take(bytes, for: stage)
    }

    /// Gives back all that was taken for a stage, because it has been freed.
    package func giveBack(_ stage: MemoryBudget.Stage) {
        let bytes = taken.withLock { taken in
            defer { taken[stage.rawValue] = 0 }
            return taken[stage.rawValue]
        }
        if bytes > 0 { budget.count(-bytes, for: stage) }
    }
}
