import HeapModule

/// The rows that wait and the choice of the next batch. A value without threads or clock: the scheduler's lock
/// owns it.
///
/// Rows wait in classes by length, so that a batch is of rows about as long as each other. Within and between
/// classes order follows a virtual time that advances with the tokens handed to workers: a row is due at the
/// time of its arrival plus `overtakingFactor` times the tokens of its submission up to and including itself.
/// Short work arriving later can so pass long work, but only until that much work has been done: none starves.
struct WaitingQueue<Payload> {
    struct Entry {
        let payload: Payload
        let tokenCount: Int
        let submission: UInt64
        /// Virtual time at which the row is due.
        let due: UInt64
        /// Arrival number: breaks ties in arrival order.
        let arrival: UInt64
    }

    private struct ByDue: Comparable {
        let entry: Entry
        static func < (a: Self, b: Self) -> Bool {
            (a.entry.due, a.entry.arrival) < (b.entry.due, b.entry.arrival)
        }
        static func == (a: Self, b: Self) -> Bool { a.entry.arrival == b.entry.arrival }
    }

    private let policy: BatchPolicy
    /// `classes[c]` holds rows of up to `shortestClassLength << c` tokens.
    private var classes: [Heap<ByDue>] = []
    /// What has been shared out between workers that were idle, and not been taken yet.
    private var parts: [[Entry]] = []
    private var virtualTime: UInt64 = 0
    private var arrivals: UInt64 = 0
    private(set) var rowCount = 0
    private(set) var tokenCount = 0

    init(policy: BatchPolicy) {
        self.policy = policy
    }

    var isEmpty: Bool { rowCount == 0 }

    /// Whether rows can be taken in now, or ever.
    func admit(rows: Int, tokens: Int) throws(SchedulerError) {
        guard rows <= policy.maxQueueRows, tokens <= policy.maxQueueTokens else {
            throw .tooLarge(
                rows: rows,
                tokens: tokens,
                maxRows: policy.maxQueueRows,
                maxTokens: policy.maxQueueTokens
            )
        }
        guard rowCount + rows <= policy.maxQueueRows, tokenCount + tokens <= policy.maxQueueTokens else {
            throw .overloaded(waitingRows: rowCount, waitingTokens: tokenCount)
        }
    }

    /// Adds the rows of one submission, all of them, in order.
    mutating func append(_ rows: [(payload: Payload, tokenCount: Int)], submission: UInt64) {
        var submittedTokens: UInt64 = 0
        for row in rows {
            submittedTokens += UInt64(row.tokenCount)
            let due = virtualTime + UInt64(policy.overtakingFactor) * submittedTokens
            let entry = Entry(
                payload: row.payload,
                tokenCount: row.tokenCount,
                submission: submission,
                due: due,
                arrival: arrivals
            )
            arrivals += 1
            insert(entry)
        }
    }

    /// Takes out what waits of a submission that nobody wants any more.
    /// - Returns: how many rows were dropped.
    mutating func remove(submission: UInt64) -> Int {
        let before = rowCount
        for c in classes.indices where classes[c].unordered.contains(where: { $0.entry.submission == submission }) {
            let dropped = classes[c].unordered.filter { $0.entry.submission == submission }
            rowCount -= dropped.count
            tokenCount -= dropped.reduce(0) { $0 + $1.entry.tokenCount }
            classes[c] = Heap(classes[c].unordered.filter { $0.entry.submission != submission })
        }
        for part in parts.indices {
            let dropped = parts[part].filter { $0.submission == submission }
            rowCount -= dropped.count
            tokenCount -= dropped.reduce(0) { $0 + $1.tokenCount }
            parts[part].removeAll { $0.submission == submission }
        }
        parts.removeAll(where: \.isEmpty)
        return before - rowCount
    }

    /// What one of several idle workers is to do.
    struct Share {
        var entries: [Entry]
        /// How many of the idle workers there are for these rows, the taker included; at least 1.
        var workers: Int
    }

    /// Takes the next batch's rows.
    ///
    /// When all that waits can begin now, it is shared out between the idle workers so that they have the same number
    /// of tokens to do, and finish together; where there is too little for all, several of them are for one batch.
    /// Otherwise the batch is of the row that is due first and the rows of its class in due order, within the budget;
    /// while the batch is small, of rows of other classes too.
    /// - Parameter idleWorkers: workers that could take work now, the caller included.
    mutating func takeBatch(idleWorkers: Int) -> Share {
        if parts.isEmpty { shareOut(between: idleWorkers) }
        let workers = max(1, idleWorkers / max(1, parts.count))
        guard let entries = parts.popLast() else {
            let entries = takeDue()
            return Share(entries: entries, workers: isEmpty ? idleWorkers : 1)
        }
        let tokens = entries.reduce(0) { $0 + $1.tokenCount }
        rowCount -= entries.count
        tokenCount -= tokens
        virtualTime += UInt64(tokens)
        return Share(entries: entries, workers: workers)
    }

    /// Makes even parts of all that waits, if idle workers can begin all of it now.
    ///
    /// The rows from the longest to the shortest, each given to the part that has the fewest tokens so far (longest
    /// processing time first), make parts that differ by a few tokens in the end.
    private mutating func shareOut(between idleWorkers: Int) {
        let count = min(idleWorkers, max(1, tokenCount / max(1, policy.minShareTokens)))
        guard idleWorkers > 1, rowCount > 1, tokenCount <= count * policy.maxBatchTokens,
            rowCount <= count * policy.maxBatchRows
        else { return }
        var entries = classes.flatMap { $0.unordered.map(\.entry) }
        entries.sort { ($0.tokenCount, $1.arrival) > ($1.tokenCount, $0.arrival) }
        var made = Array(repeating: (entries: [Entry](), tokens: 0), count: count)
        for entry in entries {
            let open = made.indices.filter { made[$0].entries.count < policy.maxBatchRows }
            guard let smallest = open.min(by: { made[$0].tokens < made[$1].tokens }) else { return }
            made[smallest].entries.append(entry)
            made[smallest].tokens += entry.tokenCount
        }
        parts = made.map(\.entries)
        classes = []
    }

    /// The rows that are due first, as many as make a batch.
    private mutating func takeDue() -> [Entry] {
        guard let first = classWithFirstDue(where: { _ in true }) else { return [] }
        let budget = policy.maxBatchTokens
        var taken = [removeFirst(of: first)]
        var tokens = taken[0].tokenCount
        while taken.count < policy.maxBatchRows, let next = classes[first].min, tokens + next.entry.tokenCount <= budget
        {
            taken.append(removeFirst(of: first))
            tokens += next.entry.tokenCount
        }
        let companyBudget = min(budget, policy.freeCompanyTokens)
        while taken.count < policy.maxBatchRows,
            let c = classWithFirstDue(where: { tokens + $0.tokenCount <= companyBudget })
        {
            let entry = removeFirst(of: c)
            taken.append(entry)
            tokens += entry.tokenCount
        }
        virtualTime += UInt64(tokens)
        return taken
    }

    /// Empties the queue.
    mutating func removeAll() -> [Entry] {
        defer {
            classes = []
            parts = []
            rowCount = 0
            tokenCount = 0
        }
        return classes.flatMap { $0.unordered.map(\.entry) } + parts.joined()
    }

    /// Rows of up to this many tokens are one class: they all run in about a millisecond.
    private static var shortestClassLength: Int { 32 }

    private static func lengthClass(of tokenCount: Int) -> Int {
        var c = 0
        while c < Int.bitWidth - 8, tokenCount > shortestClassLength << c { c += 1 }
        return c
    }

    private func classWithFirstDue(where fits: (Entry) -> Bool) -> Int? {
        var best: (index: Int, head: ByDue)?
        for c in classes.indices {
            guard let head = classes[c].min, fits(head.entry) else { continue }
            if let current = best, current.head < head { continue }
            best = (c, head)
        }
        return best?.index
    }

    private mutating func insert(_ entry: Entry) {
        let c = Self.lengthClass(of: entry.tokenCount)
        while classes.count <= c { classes.append(Heap()) }
        classes[c].insert(ByDue(entry: entry))
        rowCount += 1
        tokenCount += entry.tokenCount
    }

    private mutating func removeFirst(of c: Int) -> Entry {
        let entry = classes[c].removeMin().entry
        rowCount -= 1
        tokenCount -= entry.tokenCount
        return entry
    }
}
