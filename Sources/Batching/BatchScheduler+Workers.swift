import Compute
import Synchronization
import Time

/// The workers: each takes batches, runs them alone or with a team, and hands in the results.
extension BatchScheduler {
    private enum Step {
        case batch(Schedule<Task, Output>.Assignment, team: ThreadTeam, call: [Int])
        case join(Membership)
        case wait
        case stop([CheckedContinuation<Void, Never>])
    }

    func work(_ index: Int) {
        var worker = engine.makeWorker()
        var failures = 0
        while true {
            let (step, deliveries) = state.withLock { state in
                let step = next(for: index, &state)
                return (step, state.takeDeliveries())
            }
            deliver(deliveries)
            switch step {
            case .batch(let assignment, let team, let called):
                for worker in called { seats[worker].call() }
                let hasFailed = run(assignment, on: worker, index: index, team: team)
                failures = hasFailed ? failures + 1 : 0
                if failures == Self.maxFailuresInARow {
                    // A new worker does not inherit a broken state of the old one.
                    worker = engine.makeWorker()
                    failures = 0
                    state.withLock { $0.replacedWorkers += 1 }
                }
            case .join(let membership):
                membership.team.serve(as: membership.number)
                state.withLock { state in
                    guard !state.givenUp.contains(index) else { return }
                    state.membership[index] = nil
                    state.lentWorkers -= 1
                }
            case .wait:
                seats[index].wait(spinning: .zero)
            case .stop(let waiters):
                for waiter in waiters { waiter.resume() }
                return
            }
        }
    }

    private func next(for index: Int, _ state: inout State) -> Step {
        if state.givenUp.contains(index) { return .stop([]) }
        if let membership = state.membership[index] { return .join(membership) }
        // A call may be late: the worker may have found and done the work already.
        state.idle.removeAll { $0 == index }
        if let assignment = state.schedule.takeBatch(idleWorkers: state.idle.count + 1, at: .now) {
            let (team, members) = borrow(assignment, for: index, &state)
            state.running[index] = Running(batch: assignment.batch, members: members)
            let sharer = state.schedule.queue.isEmpty ? nil : state.idle.popLast()
            return .batch(assignment, team: team, call: members + [sharer].compactMap(\.self))
        }
        // Requests may still wait in line, but only behind running batches: the workers of those batches will compute
        // them.
        if state.schedule.isStopping {
            state.liveWorkers -= 1
            guard state.liveWorkers == 0 else { return .stop([]) }
            defer { state.whenStopped = [] }
            return .stop(state.whenStopped)
        }
        state.idle.append(index)
        return .wait
    }

    /// Borrows idle workers for a batch's team, at most as many as the batch can use.
    private func borrow(
        _ assignment: Schedule<Task, Output>.Assignment,
        for index: Int,
        _ state: inout State
    ) -> (team: ThreadTeam, members: [Int]) {
        guard assignment.workers > 1 else { return (ThreadTeam(leader: seats[index]), []) }
        let worth = engine.teamSize(tokens: assignment.tokenCount)
        let size = min(assignment.workers, worth, state.idle.count + 1)
        guard size > 1 else { return (ThreadTeam(leader: seats[index]), []) }
        let members = Array(state.idle.suffix(size - 1))
        state.idle.removeLast(size - 1)
        let team = ThreadTeam(leader: seats[index], helpers: members.map { seats[$0] })
        for (number, member) in zip(1..., members) {
            state.membership[member] = Membership(team: team, number: number)
        }
        state.lentWorkers += members.count
        return (team, members)
    }

    /// - Returns: whether the batch failed as a whole.
    private func run(
        _ assignment: Schedule<Task, Output>.Assignment,
        on worker: Engine.Worker,
        index: Int,
        team: ThreadTeam
    ) -> Bool {
        let started = Instant.now
        let batch = Batch(assignment.sequences, padTokenID: padTokenID)
        let results = results(of: batch, on: worker, team: team)
        team.dismiss()
        let isGivenUp = state.withLock { state in
            guard !state.givenUp.contains(index) else { return true }
            state.running[index] = nil
            return false
        }
        // In that case the watchdog has answered the sequences already.
        guard !isGivenUp else { return true }
        let failure: (any Error)? = if case .failure(let error) = results { error } else { nil }
        onBatch(
            BatchReport(
                sequences: batch.batchSize,
                tokens: batch.tokenCount,
                padding: batch.paddingCount,
                duration: started.duration(to: .now),
                queueTimes: assignment.queueTimes,
                failed: failure != nil
            )
        )
        change { state, now in
            switch results {
            case .success(let results):
                state.succeededBatches += 1
                state.failuresInARow = 0
                state.schedule.finish(assignment.batch, results, workers: team.count, at: now)
            case .failure(let error):
                state.failuresInARow += 1
                state.schedule.abandon(assignment.batch, error: error, at: now)
            }
        }
        return failure != nil
    }

    private func results(
        of batch: Batch<Task>,
        on worker: Engine.Worker,
        team: ThreadTeam
    ) -> Result<[Result<Output, any Error>], any Error> {
        Result {
            let results = try worker.run(batch, team: team)
            guard results.count == batch.batchSize else {
                let reason = "\(results.count) results for a batch of \(batch.batchSize) sequences"
                throw SchedulerError.engineFailed(reason)
            }
            return results
        }
    }
}

/// The watchdog, which gives up workers whose batch does not end. A thread cannot be ended from outside. So the
/// watchdog answers the batch's sequences with an error, another worker takes the stuck one's place, and a late result
/// is thrown away.
extension BatchScheduler {
    /// A worker is replaced after this many batches in a row that failed as a whole: one or two failures may be the
    /// inputs' fault.
    static var maxFailuresInARow: Int { 3 }

    /// Gives up the workers that have run one batch for too long, and the workers that help them. Starts replacements,
    /// as long as more are allowed.
    ///
    /// A batch's time is the sum of the time between looks, not the time of the clock: if the process was stopped for a
    /// minute, it did not compute for that minute.
    /// - Parameters:
    ///   - limit: how long a batch may take.
    ///   - elapsed: the time since the last look.
    /// - Returns: how many workers were given up.
    package func giveUpStuckWorkers(after limit: Duration, elapsed: Duration) -> Int {
        var givenUp: [Int] = []
        var replacements = 0..<0
        change { state, now in
            for index in Array(state.running.keys) {
                let watched = state.running[index]?.watched.map { $0 + elapsed } ?? .zero
                state.running[index]?.watched = watched
                guard watched >= limit, let stuck = state.running.removeValue(forKey: index) else { continue }
                givenUp += [index] + stuck.members
                state.lentWorkers -= stuck.members.count
                let error = SchedulerError.engineFailed("a batch did not end within \(limit)")
                state.schedule.abandon(stuck.batch, error: error, at: now)
            }
            replacements = state.replace(givenUp, among: seats.count)
        }
        for index in replacements { startWorker(index) }
        let waiters = state.withLock { state in
            guard state.liveWorkers == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.whenStopped = [] }
            return state.whenStopped
        }
        for waiter in waiters { waiter.resume() }
        return givenUp.count
    }
}

extension BatchScheduler.State {
    /// Replaces workers that are given up, as long as there are seats. When no worker is left, all waiting and all
    /// later requests are answered with an error.
    /// - Returns: the seats of the workers that are to be started.
    fileprivate mutating func replace(_ workers: [Int], among seatCount: Int) -> Range<Int> {
        for index in workers { membership[index] = nil }
        givenUp.formUnion(workers)
        let count = min(workers.count, seatCount - usedSeats)
        defer { usedSeats += count }
        replacedWorkers += count
        lostWorkers += workers.count - count
        liveWorkers += count - workers.count
        if liveWorkers == 0, !workers.isEmpty {
            schedule.stop(
                finishing: false,
                error: .engineFailed("no worker is left, because batches did not end; restart the process")
            )
        }
        return usedSeats..<usedSeats + count
    }
}
