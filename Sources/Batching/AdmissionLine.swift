/// What a request needs of the queue's room.
struct Demand: Equatable {
    var priority = Priority.high
    var deadline: ContinuousClock.Instant?
    /// What it takes of the queue at once.
    var rows = 1
    var tokens = 1
    /// What it holds until it is answered.
    var heldRows = 1

    /// The least that a request can need.
    init(priority: Priority, deadline: ContinuousClock.Instant?) {
        self.priority = priority
        self.deadline = deadline
    }

    init<Task: Sendable & Hashable, Output: Sendable>(
        _ request: Schedule<Task, Output>.Request,
        _ policy: BatchPolicy
    ) {
        priority = request.priority
        deadline = request.deadline
        heldRows = request.heldRows
        let entering = request.rows.prefix(policy.maxRequestSequences)
        rows = entering.count
        tokens = min(entering.reduce(0) { $0 + $1.tokenCount }, policy.maxRequestTokens)
    }
}

/// Requests of one priority that wait to be taken in, in the order they came, and what those hold that have been.
struct AdmissionLine {
    private var waiting: [(request: UInt64, demand: Demand)] = []
    /// Rows of the requests that were taken in and not answered.
    var heldRows = 0

    var isEmpty: Bool { waiting.isEmpty }
    var count: Int { waiting.count }
    var first: (request: UInt64, demand: Demand)? { waiting.first }
    var rows: Int { waiting.reduce(0) { $0 + $1.demand.rows } }
    var tokens: Int { waiting.reduce(0) { $0 + $1.demand.tokens } }

    mutating func append(_ request: UInt64, _ demand: Demand) {
        waiting.append((request, demand))
    }

    mutating func remove(_ request: UInt64) {
        waiting.removeAll { $0.request == request }
    }
}
