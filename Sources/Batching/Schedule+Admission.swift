/// Who is taken in. Each priority has limits and a line of its own.
extension Schedule {
    enum Verdict: Equatable {
        case enter
        case wait
        case refuse(RefusalReason, retryAfter: Duration)
    }

    /// Below this a client would do better to try again at once, which is what is to be avoided.
    private static var minRetryAfter: Duration { .milliseconds(1) }

    /// The part of its time that a request may be expected to take. Machines are slower at times than they were just
    /// now, and who is dropped at the deadline after all has waited in vain and taken others' place.
    private static var usableTime: Double { 0.85 }

    /// Whether a request is taken in now, may wait for it, or would wait in vain.
    func verdict(on demand: Demand, at now: Instant) -> Verdict {
        if let deadline = demand.deadline {
            let usable = now.duration(to: deadline) * Self.usableTime
            let excess = estimatedWait(of: demand.tokens, demand.priority, at: now) - usable
            if excess > .zero { return .refuse(.tooLate, retryAfter: max(excess, Self.minRetryAfter)) }
        }
        let line = lines[demand.priority.rawValue]
        if line.isEmpty, fits(demand) { return .enter }
        let wait = untilRoom(for: demand, at: now)
        guard cost.isKnown, wait > policy.maxAdmissionWait else { return .wait }
        return .refuse(.queueFull, retryAfter: max(wait, Self.minRetryAfter))
    }

    /// How long a request that comes with so many tokens is likely to take: until a worker is free, for the batches of
    /// what is due before it, and then for its own. Zero when nothing is due before it.
    func estimatedWait(of tokens: Int, _ priority: Priority, at now: Instant) -> Duration {
        let ahead = queue.tokensAhead(of: tokens, priority: priority)
        guard ahead > 0 else { return .zero }
        let budget = batchTokenBudget
        // What may pass it: shorter work that comes later, and a batch of another length.
        return untilNextBatch(at: now) + seconds(toCompute: ahead + 2 * min(budget, ahead))
            + .seconds(cost.seconds(tokens: min(budget, ahead + tokens)))
    }

    mutating func takeIn(_ number: RequestNumber, at now: Instant) {
        guard let request = requests[number] else { return }
        requests[number]?.isTakenIn = true
        lines[request.priority.rawValue].heldRows += request.heldRows
        feed(number, at: now)
    }

    /// Takes in those at the head of the lines for whom there is room now.
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
        refuse(number, .queueFull, max(untilRoom(for: Demand(request, policy), at: now), Self.minRetryAfter))
    }

    mutating func refuse(_ number: RequestNumber, _ reason: RefusalReason, _ retryAfter: Duration) {
        let priority = requests[number]?.priority ?? .high
        conclude(number, .failure(refusal(reason, priority, retryAfter)))
    }

    /// Counts a refusal and says it.
    mutating func refusal(_ reason: RefusalReason, _ priority: Priority, _ retryAfter: Duration) -> SchedulerError {
        counts.refusedRequests[reason, default: 0] += 1
        let lane = queue[priority]
        return .overloaded(
            reason,
            waitingRows: lane.rowCount,
            waitingTokens: lane.tokenCount,
            retryAfter: retryAfter
        )
    }

    /// Whether there is room now. What is larger than all the room there ever is fits when nothing else is there.
    private func fits(_ demand: Demand) -> Bool {
        let (lane, held) = (queue[demand.priority], lines[demand.priority.rawValue].heldRows)
        return
            (lane.rowCount == 0
            || lane.rowCount + demand.rows <= policy.maxQueueSequences
                && lane.tokenCount + demand.tokens <= policy.maxQueueTokens)
            && (held == 0 || held + demand.heldRows <= policy.maxHeldSequences)
    }

    /// Until the workers have taken as much as is too much for the demand to fit behind the line, as measured.
    private func untilRoom(for demand: Demand, at now: Instant) -> Duration {
        let (lane, line) = (queue[demand.priority], lines[demand.priority.rawValue])
        let tokens = lane.tokenCount + line.tokens + demand.tokens - policy.maxQueueTokens
        let rows = max(
            lane.rowCount + line.rows + demand.rows - policy.maxQueueSequences,
            line.heldRows + demand.heldRows - policy.maxHeldSequences
        )
        let tokensPerRow = lane.tokenCount / max(1, lane.rowCount)
        return untilNextBatch(at: now) + seconds(toCompute: max(tokens, rows * tokensPerRow) - batchTokenBudget)
    }

    /// Until the first worker is free.
    private func untilNextBatch(at now: Instant) -> Duration {
        guard running.count >= workers else { return .zero }
        let ends = running.values.map { $0.started + .seconds(cost.seconds(tokens: $0.tokenCount)) }
        return max(.zero, ends.min().map { now.duration(to: $0) } ?? .zero)
    }

    private func seconds(toCompute tokens: Int) -> Duration {
        .seconds(Double(max(0, tokens)) * cost.secondsPerToken / Double(workers))
    }
}
