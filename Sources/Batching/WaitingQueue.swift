import HeapModule

/// The rows that wait, by number, in the order in which they are due. A value without threads or clock: the
/// scheduler's lock owns it.
///
/// Rows wait in classes by length, so that a batch is of rows about as long as each other. Each priority has an order
/// of its own, that of a virtual time which advances with its tokens that are handed to workers: a row is due at the
/// time of its arrival plus `overtakingFactor` times its tokens, up to a limit, and those of its request that wait
/// before it. Short work arriving later can so pass long work, but only until that much work has been done: none
/// starves.
struct WaitingQueue {
    typealias Row = UInt64

    struct Entry: Comparable {
        let row: Row
        let tokenCount: Int
        let priority: Priority
        /// Virtual time at which the row is due.
        let due: UInt64
        /// Arrival number: breaks ties in arrival order, and tells an entry from an earlier one of the same row.
        let arrival: UInt64

        static func < (a: Self, b: Self) -> Bool {
            (a.due, a.arrival) < (b.due, b.arrival)
        }
    }

    /// The rows of one priority.
    struct Lane {
        /// `classes[c]` holds rows of up to `shortestClassLength << c` tokens, and dropped ones.
        var classes: [Heap<Entry>] = []
        var virtualTime: UInt64 = 0
        fileprivate(set) var rowCount = 0
        fileprivate(set) var tokenCount = 0
        /// Waiting tokens by when they are due, in steps of `dueStep`.
        fileprivate var tokensByDue: [UInt64: Int] = [:]
    }

    let policy: BatchPolicy
    private(set) var lanes = [Lane(), Lane()]
    /// What has been shared out between workers that were idle, and not been taken yet.
    var parts: [[Entry]] = []
    /// Tokens of high priority that were computed while low priority waited, and that it has had no share for yet.
    var overtaken = 0
    /// Each waiting row's place. An entry that is not a row's place is a dropped one.
    private var places: [Row: Entry] = [:]
    private var arrivals: UInt64 = 0
    private var entryCount = 0

    init(policy: BatchPolicy) {
        self.policy = policy
    }

    var isEmpty: Bool { places.isEmpty }
    var rowCount: Int { places.count }
    var tokenCount: Int { lanes[0].tokenCount + lanes[1].tokenCount }

    subscript(priority: Priority) -> Lane {
        get { lanes[priority.rawValue] }
        _modify { yield &lanes[priority.rawValue] }
    }

    // MARK: Coming and going

    /// Adds a row.
    /// - Parameter tokensBefore: of the same request, which wait already.
    mutating func append(_ row: Row, tokenCount: Int, behind tokensBefore: Int = 0, priority: Priority) {
        let entry = Entry(
            row: row,
            tokenCount: tokenCount,
            priority: priority,
            due: due(tokenCount, behind: tokensBefore, priority),
            arrival: arrivals
        )
        arrivals += 1
        places[row] = entry
        let c = Self.lengthClass(of: tokenCount)
        while self[priority].classes.count <= c { self[priority].classes.append(Heap()) }
        self[priority].classes[c].insert(entry)
        entryCount += 1
        count(entry, 1)
    }

    /// Another request wants a waiting row, too: it is due as if that request had brought it, if that is earlier.
    mutating func hasten(_ row: Row, behind tokensBefore: Int, priority: Priority) {
        guard let place = places[row] else { return }
        let isMoreUrgent = priority.rawValue < place.priority.rawValue
        let due = due(place.tokenCount, behind: tokensBefore, priority)
        let isSooner = priority == place.priority && due < place.due
        guard isMoreUrgent || isSooner else { return }
        drop(row)
        append(row, tokenCount: place.tokenCount, behind: tokensBefore, priority: priority)
    }

    /// Forgets a row that nobody wants any more.
    mutating func drop(_ row: Row) {
        guard let entry = places.removeValue(forKey: row) else { return }
        count(entry, -1)
        sweep()
    }

    /// Takes a row's entry out for a batch.
    mutating func leave(_ entry: Entry) {
        places[entry.row] = nil
        count(entry, -1)
        self[entry.priority].virtualTime += UInt64(entry.tokenCount)
    }

    func isWaiting(_ entry: Entry) -> Bool { places[entry.row]?.arrival == entry.arrival }

    /// All that waits.
    var entries: Dictionary<Row, Entry>.Values { places.values }

    /// Empties the classes for rows that are in `parts` from now on.
    mutating func clearClasses() {
        for lane in lanes.indices { lanes[lane].classes = [] }
        entryCount = 0
    }

    /// The class of a priority with the row that is due first among those that fit.
    mutating func classWithFirstDue(_ priority: Priority, where fits: (Entry) -> Bool = { _ in true }) -> Int? {
        var best: (index: Int, head: Entry)?
        for c in self[priority].classes.indices {
            guard let head = head(priority, c), fits(head) else { continue }
            if let current = best, current.head < head { continue }
            best = (c, head)
        }
        return best?.index
    }

    /// The first row of a class that still waits.
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

    /// Tokens that will be computed before a request of so many tokens if nothing more comes, and those that another
    /// priority may put between them. All short rows are one for this: if a shorter one were told less, then in a crowd
    /// of them a longer one would never be taken in.
    func tokensAhead(of tokenCount: Int, priority: Priority) -> Int {
        let lane = self[priority]
        let offset = max(policy.overtakingFactor * tokenCount, policy.maxOvertakingTokens)
        let last = (lane.virtualTime + UInt64(offset)) / Self.dueStep
        let own = lane.tokensByDue.reduce(0) { $0 + ($1.key <= last ? $1.value : 0) }
        let share = policy.highPriorityShare
        switch priority {
        case .high: return own + min(self[.low].tokenCount, (own + tokenCount) / share)
        // Of high priority more is likely to come meanwhile.
        case .low: return own + (self[.high].rowCount > 0 ? (own + tokenCount) * share : 0)
        }
    }

    private func due(_ tokenCount: Int, behind tokensBefore: Int, _ priority: Priority) -> UInt64 {
        let (before, own) = (policy.overtakingFactor * tokensBefore, policy.overtakingFactor * tokenCount)
        return self[priority].virtualTime + UInt64(before + min(own, policy.maxOvertakingTokens))
    }

    // MARK: Books

    /// Fine enough for a single short text, coarse enough that there are a few hundred steps at most.
    private static var dueStep: UInt64 { 128 }
    /// Rows of up to this many tokens are one class: they all run in about a millisecond.
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
        self[entry.priority].rowCount += sign
        self[entry.priority].tokenCount += tokens
        let sum = self[entry.priority].tokensByDue[step, default: 0] + tokens
        self[entry.priority].tokensByDue[step] = sum > 0 ? sum : nil
    }

    /// Takes dropped entries out of the classes once they are more than those that wait.
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
