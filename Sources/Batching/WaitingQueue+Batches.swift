/// The choice of the next batch.
extension WaitingQueue {
    /// What one of several idle workers is to do.
    struct Share {
        var entries: [Entry]
        /// How many of the idle workers there are for these rows, the taker included; at least 1.
        var workers: Int

        var tokenCount: Int { entries.reduce(0) { $0 + $1.tokenCount } }
    }

    /// Takes the next batch's rows.
    ///
    /// When all that waits can begin now, it is shared out between the idle workers so that they have the same number
    /// of tokens to do, and finish together; where there is too little for all, several of them are for one batch.
    /// Otherwise the batch is of the row that is due first and the rows of its class in due order, within the budget;
    /// while the batch is small, of rows of other classes too.
    /// - Parameters:
    ///   - idleWorkers: workers that could take work now, the caller included.
    ///   - maxTokens: the budget; a single longer row is taken all the same, alone.
    mutating func takeBatch(idleWorkers: Int, maxTokens: Int) -> Share {
        parts = parts.map { $0.filter(isWaiting) }.filter { !$0.isEmpty }
        if parts.isEmpty { shareOut(between: idleWorkers, maxTokens: maxTokens) }
        let workers = max(1, idleWorkers / max(1, parts.count))
        if let entries = parts.popLast() {
            for entry in entries { leave(entry) }
            return Share(entries: entries, workers: workers)
        }
        let entries = takeDue(maxTokens: maxTokens)
        return Share(entries: entries, workers: isEmpty ? idleWorkers : 1)
    }

    /// Makes even parts of all that waits, if idle workers can begin all of it now.
    ///
    /// The rows from the longest to the shortest, each given to the part that has the fewest tokens so far (longest
    /// processing time first), make parts that differ by a few tokens in the end.
    private mutating func shareOut(between idleWorkers: Int, maxTokens: Int) {
        let count = min(idleWorkers, max(1, tokenCount / max(1, policy.minShareTokens)))
        guard idleWorkers > 1, rowCount > 1, tokenCount <= count * maxTokens,
            rowCount <= count * policy.maxBatchSequences
        else { return }
        let sorted = entries.sorted { ($0.tokenCount, $1.arrival) > ($1.tokenCount, $0.arrival) }
        var made = Array(repeating: (entries: [Entry](), tokens: 0), count: count)
        for entry in sorted {
            let open = made.indices.filter { made[$0].entries.count < policy.maxBatchSequences }
            guard let smallest = open.min(by: { made[$0].tokens < made[$1].tokens }) else { return }
            made[smallest].entries.append(entry)
            made[smallest].tokens += entry.tokenCount
        }
        parts = made.map(\.entries)
        clearClasses()
    }

    /// The rows that are due first, as many as make a batch.
    private mutating func takeDue(maxTokens: Int) -> [Entry] {
        guard let (priority, budget) = turn(maxTokens: maxTokens), let first = classWithFirstDue(priority) else {
            return []
        }
        var taken: [Entry] = []
        var tokens = 0
        while taken.count < policy.maxBatchSequences, let next = head(priority, first),
            taken.isEmpty || tokens + next.tokenCount <= budget
        {
            tokens += take(next, from: first, into: &taken)
        }
        let companyBudget = min(budget, policy.freeCompanyTokens)
        for priority in Priority.allCases {
            while taken.count < policy.maxBatchSequences,
                let c = classWithFirstDue(priority, where: { tokens + $0.tokenCount <= companyBudget }),
                let next = head(priority, c)
            {
                tokens += take(next, from: c, into: &taken)
            }
        }
        settle(taken)
        return taken
    }

    private mutating func take(_ entry: Entry, from c: Int, into taken: inout [Entry]) -> Int {
        removeHead(entry.priority, c)
        leave(entry)
        taken.append(entry)
        return entry.tokenCount
    }

    /// Which priority the next batch is of, and how large it may be: low priority's turn comes when high priority has
    /// had its share of tokens for what low priority then gets.
    private mutating func turn(maxTokens: Int) -> (Priority, budget: Int)? {
        if self[.low].rowCount == 0 { overtaken = 0 }
        if self[.high].rowCount == 0 { return self[.low].rowCount == 0 ? nil : (.low, maxTokens) }
        let allowance = overtaken / policy.highPriorityShare
        guard let c = classWithFirstDue(.low), let head = head(.low, c), head.tokenCount <= allowance else {
            return (.high, maxTokens)
        }
        return (.low, min(maxTokens, allowance))
    }

    /// Keeps the account between the priorities.
    private mutating func settle(_ taken: [Entry]) {
        for entry in taken {
            switch entry.priority {
            case .high where self[.low].rowCount > 0: overtaken += entry.tokenCount
            case .low: overtaken = max(0, overtaken - policy.highPriorityShare * entry.tokenCount)
            case .high: break
            }
        }
    }
}
