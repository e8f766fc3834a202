import Compute
import HeapModule

/// The queue of waiting sequences, known by their job numbers, in the order in which they are due. It is a value
/// without threads or clock; the scheduler's lock guards it.
///
/// Sequences wait in classes by length, so that the sequences of a batch are about equally long. Each priority has an
/// order and a virtual time of its own. The virtual time counts the tokens of this priority that were handed to
/// workers. When a sequence arrives, its due time is the current virtual time plus a delay: `overtakingFactor` times
/// its own tokens (up to a limit), plus the same factor times those tokens of its request that wait before it. So
/// later, shorter work can overtake a long sequence, but only by the amount of that delay: no sequence starves.
struct WaitingQueue {
    typealias Job = UInt64

    struct Entry: Comparable {
        let job: Job
        let tokenCount: Int
        let priority: Priority
        /// The virtual time at which the sequence is due.
        let due: UInt64
        /// The arrival number, which breaks ties and tells an entry from an earlier one of the same job.
        let arrival: UInt64

        static func < (a: Self, b: Self) -> Bool {
            (a.due, a.arrival) < (b.due, b.arrival)
        }
    }

    /// The sequences of one priority.
    struct Lane {
        /// `classes[c]` holds sequences of up to `shortestClassLength << c` tokens, dropped ones included.
        var classes: [Heap<Entry>] = []
        var virtualTime: UInt64 = 0
        fileprivate(set) var sequenceCount = 0
        fileprivate(set) var tokenCount = 0
        /// The number of waiting tokens for each due time, in steps of `dueStep`.
        fileprivate var tokensByDue: [UInt64: Int] = [:]
    }

    let policy: BatchPolicy
    private(set) var lanes = [Lane(), Lane()]
    /// Parts that were made for idle workers, and that no worker has taken yet.
    var parts: [[Entry]] = []
    /// Tokens of high priority that were computed while low priority waited. When low priority gets its turn, they are
    /// settled.
    var overtaken = 0
    /// The entry of each waiting job. An entry that is not found here was dropped.
    private var places: [Job: Entry] = [:]
    private var arrivals: UInt64 = 0
    private var entryCount = 0

    init(policy: BatchPolicy) {
        self.policy = policy
    }

    var isEmpty: Bool { places.isEmpty }
    var sequenceCount: Int { places.count }
    var tokenCount: Int { lanes[0].tokenCount + lanes[1].tokenCount }

    subscript(priority: Priority) -> Lane {
        get { lanes[priority.rawValue] }
        _modify { yield &lanes[priority.rawValue] }
    }

    // MARK: Coming and going

    /// Adds a sequence.
    /// - Parameter tokensBefore: the tokens of the same request that wait already.
    mutating func append(_ job: Job, tokenCount: Int, behind tokensBefore: Int = 0, priority: Priority) {
        let entry = Entry(
            job: job,
            tokenCount: tokenCount,
            priority: priority,
            due: due(tokenCount, behind: tokensBefore, priority),
            arrival: arrivals
        )
        arrivals += 1
        places[job] = entry
        let c = Self.lengthClass(of: tokenCount)
        while self[priority].classes.count <= c { self[priority].classes.append(Heap()) }
        self[priority].classes[c].insert(entry)
        entryCount += 1
        count(entry, 1)
    }

    /// Notes that another request wants a waiting sequence, too. If the sequence would be due earlier as part of that
    /// request, its due time moves forward.
    mutating func hasten(_ job: Job, behind tokensBefore: Int, priority: Priority) {
        guard let place = places[job] else { return }
        let isMoreUrgent = priority.rawValue < place.priority.rawValue
        let due = due(place.tokenCount, behind: tokensBefore, priority)
        let isSooner = priority == place.priority && due < place.due
        guard isMoreUrgent || isSooner else { return }
        drop(job)
        append(job, tokenCount: place.tokenCount, behind: tokensBefore, priority: priority)
    }

    /// Forgets a sequence that nobody wants any more.
    mutating func drop(_ job: Job) {
        guard let entry = places.removeValue(forKey: job) else { return }
        count(entry, -1)
        sweep()
    }

    /// Removes an entry that a batch takes.
    mutating func leave(_ entry: Entry) {
        places[entry.job] = nil
        count(entry, -1)
        self[entry.priority].virtualTime += UInt64(entry.tokenCount)
    }

    func isWaiting(_ entry: Entry) -> Bool { places[entry.job]?.arrival == entry.arrival }

    /// The entries of all waiting jobs.
    var entries: Dictionary<Job, Entry>.Values { places.values }

    /// Empties the classes, because all sequences are in `parts` from now on.
    mutating func clearClasses() {
        for lane in lanes.indices { lanes[lane].classes = [] }
        entryCount = 0
    }

    /// The class of a priority that holds the earliest due sequence, of the classes whose first sequence fits.
    mutating func classWithFirstDue(_ priority: Priority, where fits: (Entry) -> Bool = { _ in true }) -> Int? {
        var best: (index: Int, head: Entry)?
        for c in self[priority].classes.indices {
            guard let head = head(priority, c), fits(head) else { continue }
            if let current = best, current.head < head { continue }
            best = (c, head)
        }
        return best?.index
    }

    /// The first still waiting sequence of a class.
    mutating func head(_ priority: Priority, _ c: Int) -> Entry? {
        while let entry = self[priority].classes[c].min {
            if isWaiting(entry) { return entry }
            removeHead(priority, c)
        }
        return nil
    }

    mutating func removeHead(_ priority: Priority, _ c: Int) {
        self[priority].classes[c].removeMin()
        entryCount -= 1
    }

    // MARK: Estimates

    /// The tokens that will be computed before a new request of `tokenCount` tokens if no other request comes, plus
    /// those that the other priority may put in between. All short sequences get the same estimate: if shorter ones got
    /// a lower estimate, longer ones would never be admitted while many shorter ones come.
    func tokensAhead(of tokenCount: Int, priority: Priority) -> Int {
        let lane = self[priority]
        let offset = max(policy.overtakingFactor * tokenCount, policy.maxOvertakingTokens)
        let last = (lane.virtualTime + UInt64(offset)) / Self.dueStep
        let own = lane.tokensByDue.reduce(0) { $0 + ($1.key <= last ? $1.value : 0) }
        let factor = policy.highPriorityFactor
        switch priority {
        case .high: return own + min(self[.low].tokenCount, (own + tokenCount) / factor)
        // More requests of high priority are likely to come meanwhile.
        case .low: return own + (self[.high].sequenceCount > 0 ? (own + tokenCount) * factor : 0)
        }
    }

    private func due(_ tokenCount: Int, behind tokensBefore: Int, _ priority: Priority) -> UInt64 {
        let (before, own) = (policy.overtakingFactor * tokensBefore, policy.overtakingFactor * tokenCount)
        return self[priority].virtualTime + UInt64(before + min(own, policy.maxOvertakingTokens))
    }

    // MARK: Books

    /// The step of due times: fine enough for a single short text, coarse enough that there are at most a few hundred
    /// steps.
    private static var dueStep: UInt64 { 128 }
    /// Sequences of up to this many tokens are one class: they all run in about a millisecond.
    private static var shortestClassLength: Int { 32 }
    /// Below this many entries a sweep is not worth its time.
    private static var minSweep: Int { 256 }

    private static func lengthClass(of tokenCount: Int) -> Int {
        var c = 0
        while c < Int.bitWidth - 8, tokenCount > shortestClassLength << c { c += 1 }
        return c
    }

    private mutating func count(_ entry: Entry, _ sign: Int) {
        let (tokens, step) = (sign * entry.tokenCount, entry.due / Self.dueStep)
        self[entry.priority].sequenceCount += sign
        self[entry.priority].tokenCount += tokens
        let sum = self[entry.priority].tokensByDue[step, default: 0] + tokens
        self[entry.priority].tokensByDue[step] = sum > 0 ? sum : nil
    }

    /// Removes dropped entries from the classes once there are more of them than of waiting entries.
    private mutating func sweep() {
        guard entryCount > Self.minSweep, entryCount > 2 * places.count else { return }
        entryCount = 0
        for lane in lanes.indices {
            for c in lanes[lane].classes.indices {
                let kept = lanes[lane].classes[c].unordered.filter { isWaiting($0) }
                lanes[lane].classes[c] = Heap(kept)
                entryCount += kept.count
            }
        }
    }
}

/// The choice of the next batch.
extension WaitingQueue {
    /// The work for one of several idle workers.
    struct Part {
        var entries: [Entry]
        /// The number of idle workers that may compute these sequences, including the worker that takes the part; at
        /// least 1.
        var workers: Int

        var tokenCount: Int { entries.reduce(0) { $0 + $1.tokenCount } }
    }

    /// Takes the next batch's sequences.
    ///
    /// If all waiting sequences can begin now, they are divided among the idle workers, so that the workers get the
    /// same number of tokens and finish together. If there is too little work for all workers, several workers compute
    /// one batch. Otherwise the batch gets the sequence that is due first, and then sequences of its class in due
    /// order, within the budget. While the batch is small, it also takes sequences of other classes.
    /// - Parameters:
    ///   - idleWorkers: the number of workers that could take work now, the caller included.
    ///   - maxTokens: the budget. A sequence that is longer than the budget gets a batch of its own.
    mutating func takeBatch(idleWorkers: Int, maxTokens: Int) -> Part {
        parts = parts.map { $0.filter(isWaiting) }.filter { !$0.isEmpty }
        if parts.isEmpty { divide(among: idleWorkers, maxTokens: maxTokens) }
        let workers = max(1, idleWorkers / max(1, parts.count))
        if let entries = parts.popLast() {
            for entry in entries { leave(entry) }
            return Part(entries: entries, workers: workers)
        }
        let entries = takeDue(maxTokens: maxTokens)
        return Part(entries: entries, workers: isEmpty ? idleWorkers : 1)
    }

    /// Divides all waiting sequences into even parts, if the idle workers can begin all of them now.
    private mutating func divide(among idleWorkers: Int, maxTokens: Int) {
        let count = min(idleWorkers, max(1, tokenCount / max(1, policy.minPartTokens)))
        guard idleWorkers > 1, sequenceCount > 1, tokenCount <= count * maxTokens,
            sequenceCount <= count * policy.maxBatchSequences
        else { return }
        let entries = entries.sorted { $0.arrival < $1.arrival }
        parts = evenParts(of: entries.map(\.tokenCount), count: count, mostSequences: policy.maxBatchSequences)
            .map { part in part.map { entries[$0] } }
        clearClasses()
    }

    /// Takes the sequences that are due first, as many as fit one batch.
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

    /// The priority of the next batch, and how large the batch may be. Low priority gets its turn when high priority
    /// has had `highPriorityFactor` times the tokens of that turn.
    private mutating func turn(maxTokens: Int) -> (Priority, budget: Int)? {
        if self[.low].sequenceCount == 0 { overtaken = 0 }
        if self[.high].sequenceCount == 0 { return self[.low].sequenceCount == 0 ? nil : (.low, maxTokens) }
        let allowance = overtaken / policy.highPriorityFactor
        guard let c = classWithFirstDue(.low), let head = head(.low, c), head.tokenCount <= allowance else {
            return (.high, maxTokens)
        }
        return (.low, min(maxTokens, allowance))
    }

    /// Counts taken tokens in the account between the priorities.
    private mutating func settle(_ taken: [Entry]) {
        for entry in taken {
            switch entry.priority {
            case .high where self[.low].sequenceCount > 0: overtaken += entry.tokenCount
            case .low: overtaken = max(0, overtaken - policy.highPriorityFactor * entry.tokenCount)
            case .high: break
            }
        }
    }
}
