import Compute
import Time

/// The capacity of the queue that a request needs.
struct Demand: Equatable {
    var priority = Priority.high
    var deadline: Instant?
    /// The sequences and tokens that enter the queue at once.
    var sequences = 1
    var tokens = 1
    /// The sequences whose results the request holds until it is answered.
    var heldSequences = 1
    /// The tokens of requests that come to the queue before this one, and the time until this one comes.
    var tokensBefore = 0
    var delay = Duration.zero
    /// A request is admitted only if its expected time is below this fraction of its time limit. A machine may become
    /// slower than it was just now, and a request that misses its deadline has waited in vain and taken others' place.
    var usableTime = 0.85

    /// The least that a request can need, whose text is not read yet.
    ///
    /// - Parameters:
    ///   - usableTime: less than for a request that has been read, so that this one is not refused when it has been
    ///     read: other requests are on their way too.
    init(
        priority: Priority,
        deadline: Instant?,
        tokensBefore: Int,
        delay: Duration,
        usableTime: Double
    ) {
        self.priority = priority
        self.deadline = deadline
        self.tokensBefore = tokensBefore
        self.delay = delay
        self.usableTime = usableTime
    }

    init<Task: Sendable & Hashable, Output: Sendable>(
        _ request: Schedule<Task, Output>.Request,
        _ policy: BatchPolicy
    ) {
        priority = request.priority
        deadline = request.deadline
        heldSequences = request.heldSequences
        let entering = request.sequences.prefix(policy.maxRequestSequences)
        sequences = entering.count
        tokens = min(entering.reduce(0) { $0 + $1.tokenCount }, policy.maxRequestTokens)
    }
}

/// The requests of one priority that wait for admission, in order of arrival, and the amount that admitted requests
/// hold.
struct AdmissionLine {
    private var waiting: [(request: UInt64, demand: Demand)] = []
    /// The sequences of all requests that were admitted and not answered yet.
    var heldSequences = 0

    var isEmpty: Bool { waiting.isEmpty }
    var count: Int { waiting.count }
    var first: (request: UInt64, demand: Demand)? { waiting.first }
    var sequences: Int { waiting.reduce(0) { $0 + $1.demand.sequences } }
    var tokens: Int { waiting.reduce(0) { $0 + $1.demand.tokens } }

    mutating func append(_ request: UInt64, _ demand: Demand) {
        waiting.append((request, demand))
    }

    mutating func remove(_ request: UInt64) {
        waiting.removeAll { $0.request == request }
    }
}

/// The memory of work that has grown too long, until it is short again.
///
/// When more requests come than can be computed, as much work waits as admission allows. A long queue then serves no
/// more requests than a short one: it only makes each of them wait, and hold a connection meanwhile, so that clients
/// open more and more of them. So once the queue has been long, requests are admitted to a shorter one. A burst that
/// fits into the long queue never gets there, nor do clients that wait for their answers before they ask again.
struct Congestion {
    /// The part of a request's time limit that its expected time may take, and the part after the queue was too long.
    static let usableTime = 0.5
    static let shortenedTime = 0.15
    /// The part below which the queue is short again.
    static let endingTime = 0.05
    /// Requests with up to so many times the time limit for which the queue was too long are concerned. For others it
    /// was not long.
    private static let limitFactor = 2

    /// The longest time limit for which the queue has been too long.
    private var longestLimit = Duration.zero

    /// Notes the expected time of a request with this time limit, and the part of it until the request comes to the
    /// queue. That part may be short only: work that is not in the queue yet makes no batch larger.
    mutating func note(_ expected: Duration, until queue: Duration, of limit: Duration) {
        if expected > limit * Self.usableTime || queue > limit * Self.shortenedTime {
            longestLimit = max(longestLimit, limit)
        } else if shortens(limit), expected < limit * Self.endingTime {
            longestLimit = .zero
        }
    }

    /// Whether a request with this time limit is admitted only to a shorter queue.
    func shortens(_ limit: Duration) -> Bool {
        longestLimit > .zero && limit <= longestLimit * Self.limitFactor
    }
}

/// Admission control: decides which requests are admitted. Each priority has its own limits and its own line.
extension Schedule {
    enum Verdict: Equatable {
        case enter
        case wait
        case refuse(RefusalReason, retryAfter: Duration)
    }

    /// The shortest `Retry-After`. With a shorter one, clients would try again at once.
    private static var minRetryAfter: Duration { .milliseconds(1) }

    /// Whether a request is admitted now, may wait for admission, or is refused because it would wait in vain.
    func verdict(on demand: Demand, at now: Instant) -> Verdict {
        verdict(on: demand, expected: demand.deadline == nil ? .zero : expectedTime(of: demand, at: now), at: now)
    }

    /// - Parameter expected: The time until the request's answer, if it has a deadline.
    private func verdict(on demand: Demand, expected: Duration, at now: Instant) -> Verdict {
        if let deadline = demand.deadline {
            let excess = expected - now.duration(to: deadline) * demand.usableTime
            if excess > .zero { return .refuse(.tooLate, retryAfter: max(excess, Self.minRetryAfter)) }
        }
        let line = lines[demand.priority.rawValue]
        if line.isEmpty, fits(demand) { return .enter }
        let wait = untilCapacity(for: demand, at: now)
        guard cost.isKnown, wait > policy.maxAdmissionWait else { return .wait }
        return .refuse(.queueFull, retryAfter: max(wait, Self.minRetryAfter))
    }

    /// The time until a request's answer: until it comes to the queue, for those that come before it, and in the queue.
    private func expectedTime(of demand: Demand, at now: Instant) -> Duration {
        demand.delay + seconds(toCompute: demand.tokensBefore)
            + estimatedWait(of: demand.tokens, demand.priority, at: now)
    }

    /// The verdict on a request whose text is not read yet: the least that it can need.
    ///
    /// - Parameters:
    ///   - requestsBefore: The requests that come to the queue before it.
    ///   - delay: The time until it comes to the queue.
    mutating func verdictAhead(
        _ priority: Priority,
        deadline: Instant?,
        requestsBefore: Int,
        delay: Duration,
        at now: Instant
    ) -> Verdict {
        var demand = Demand(
            priority: priority,
            deadline: deadline,
            tokensBefore: tokens(of: requestsBefore),
            delay: delay,
            usableTime: Congestion.usableTime
        )
        guard let limit = deadline.map(now.duration) else { return verdict(on: demand, at: now) }
        let expected = expectedTime(of: demand, at: now)
        congestion.note(expected, until: delay, of: limit)
        if congestion.shortens(limit), hasFullBatches(priority, requestsBefore: requestsBefore) {
            demand.usableTime = Congestion.shortenedTime
        }
        return verdict(on: demand, expected: expected, at: now)
    }

    /// Whether what waits, and these requests that are on their way, make a full batch for each worker.
    func hasFullBatches(_ priority: Priority, requestsBefore: Int) -> Bool {
        let batch = min(batchTokenBudget, max(1, Int(meanTokens)) * policy.maxBatchSequences)
        return queue[priority].tokenCount + tokens(of: requestsBefore) >= workers * batch
    }

    /// The tokens that so many requests are likely to have.
    private func tokens(of requests: Int) -> Int { Int(meanTokens) * requests }

    /// The time that a new request of this many tokens is likely to take: until a worker is free, then for the batches
    /// that are due before the request, and then for its own batch. Zero if nothing is due before it.
    func estimatedWait(of tokens: Int, _ priority: Priority, at now: Instant) -> Duration {
        let ahead = queue.tokensAhead(of: tokens, priority: priority)
        guard ahead > 0 else { return .zero }
        let budget = batchTokenBudget
        // The budget is doubled for the work that may overtake the request: shorter requests that come later, and a
        // batch of another length class.
        return untilNextBatch(at: now) + seconds(toCompute: ahead + 2 * min(budget, ahead))
            + .seconds(cost.seconds(tokens: min(budget, ahead + tokens)))
    }

    mutating func takeIn(_ number: RequestNumber, at now: Instant) {
        guard let request = requests[number] else { return }
        requests[number]?.isAdmitted = true
        lines[request.priority.rawValue].heldSequences += request.heldSequences
        feed(number, at: now)
    }

    /// Admits the requests at the heads of the lines for which the queue has capacity now.
    mutating func admitFromLines(at now: Instant) {
        for priority in Priority.allCases {
            while let (number, demand) = lines[priority.rawValue].first, fits(demand) {
                lines[priority.rawValue].remove(number)
                takeIn(number, at: now)
            }
        }
    }

    mutating func refuseFromLine(_ number: RequestNumber, at now: Instant) {
        guard let request = requests[number] else { return }
        lines[request.priority.rawValue].remove(number)
        refuse(number, .queueFull, max(untilCapacity(for: Demand(request, policy), at: now), Self.minRetryAfter))
    }

    mutating func refuse(_ number: RequestNumber, _ reason: RefusalReason, _ retryAfter: Duration) {
        let priority = requests[number]?.priority ?? .high
        conclude(number, .failure(refusal(reason, priority, retryAfter)))
    }

    /// Counts a refusal and returns its error.
    mutating func refusal(_ reason: RefusalReason, _ priority: Priority, _ retryAfter: Duration) -> SchedulerError {
        counts.refusedRequests[reason, default: 0] += 1
        let lane = queue[priority]
        return .overloaded(
            reason,
            waitingSequences: lane.sequenceCount,
            waitingTokens: lane.tokenCount,
            retryAfter: retryAfter
        )
    }

    /// Whether the queue has capacity now. A request that is larger than the whole queue fits if the queue is empty.
    private func fits(_ demand: Demand) -> Bool {
        let (lane, held) = (queue[demand.priority], lines[demand.priority.rawValue].heldSequences)
        return
            (lane.sequenceCount == 0
            || lane.sequenceCount + demand.sequences <= policy.maxQueueSequences
                && lane.tokenCount + demand.tokens + demand.tokensBefore <= policy.maxQueueTokens)
            && (held == 0 || held + demand.heldSequences <= policy.maxHeldSequences)
    }

    /// The estimated time until the queue has capacity for the demand, after all requests that wait in line before it.
    private func untilCapacity(for demand: Demand, at now: Instant) -> Duration {
        let (lane, line) = (queue[demand.priority], lines[demand.priority.rawValue])
        let tokens = lane.tokenCount + line.tokens + demand.tokens - policy.maxQueueTokens
        let sequences = max(
            lane.sequenceCount + line.sequences + demand.sequences - policy.maxQueueSequences,
            line.heldSequences + demand.heldSequences - policy.maxHeldSequences
        )
        let tokensPerSequence = lane.tokenCount / max(1, lane.sequenceCount)
        let excess = max(tokens, sequences * tokensPerSequence)
        return untilNextBatch(at: now) + seconds(toCompute: excess - batchTokenBudget)
    }

    /// The time until the first worker is free.
    private func untilNextBatch(at now: Instant) -> Duration {
        guard running.count >= workers else { return .zero }
        let ends = running.values.map { $0.started + .seconds(cost.seconds(tokens: $0.tokenCount)) }
        return max(.zero, ends.min().map { now.duration(to: $0) } ?? .zero)
    }

    private func seconds(toCompute tokens: Int) -> Duration {
        .seconds(Double(max(0, tokens)) * cost.secondsPerToken / Double(workers))
    }
}
