import Synchronization

/// The workers' side.
extension BatchScheduler {
    private enum Step {
        case batch(Schedule<Task, Output>.Assignment, crew: Crew?, call: [Int])
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
            case .batch(let assignment, let crew, let called):
                for worker in called { seats[worker].call() }
                let hasFailed = run(assignment, on: worker, index: index, crew: crew)
                failures = hasFailed ? failures + 1 : 0
                if failures == Self.maxFailuresInARow {
                    // Whatever state it has got into, a new one has not.
                    worker = engine.makeWorker()
                    failures = 0
                    state.withLock { $0.replacedWorkers += 1 }
                }
            case .join(let membership):
                membership.crew.serve(as: membership.number)
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
        // A call may be late: the worker may have found what it was called for, and be here for nothing.
        state.idle.removeAll { $0 == index }
        if let assignment = state.schedule.takeBatch(idleWorkers: state.idle.count + 1, at: .now) {
            let (crew, members) = borrow(assignment, for: index, &state)
            state.running[index] = Running(batch: assignment.batch, members: members)
            let sharer = state.schedule.queue.isEmpty ? nil : state.idle.popLast()
            return .batch(assignment, crew: crew, call: members + [sharer].compactMap(\.self))
        }
        // Requests may still be in line, but only behind batches that run: their workers will take them in.
        if state.schedule.isStopping {
            state.liveWorkers -= 1
            guard state.liveWorkers == 0 else { return .stop([]) }
            defer { state.whenStopped = [] }
            return .stop(state.whenStopped)
        }
        state.idle.append(index)
        return .wait
    }

    /// Takes idle workers as members of a batch's team, as many as there are for it and as it is worth.
    private func borrow(
        _ assignment: Schedule<Task, Output>.Assignment,
        for index: Int,
        _ state: inout State
    ) -> (crew: Crew?, members: [Int]) {
        guard assignment.workers > 1 else { return (nil, []) }
        let worth = engine.teamSize(tokens: assignment.tokenCount)
        let size = min(assignment.workers, worth, state.idle.count + 1)
        guard size > 1 else { return (nil, []) }
        let members = Array(state.idle.suffix(size - 1))
        state.idle.removeLast(size - 1)
        let crew = Crew(leader: seats[index], members: members.map { seats[$0] })
        for (number, member) in zip(1..., members) {
            state.membership[member] = Membership(crew: crew, number: number)
        }
        state.lentWorkers += members.count
        return (crew, members)
    }

    /// - Returns: whether the batch failed as a whole.
    private func run(
        _ assignment: Schedule<Task, Output>.Assignment,
        on worker: Engine.Worker,
        index: Int,
        crew: Crew?
    ) -> Bool {
        let started = ContinuousClock.now
        let batch = Batch(assignment.rows, padTokenID: padTokenID)
        let team = BatchTeam(crew: crew)
        let results = results(of: batch, on: worker, team: team)
        crew?.dismiss()
        let isGivenUp = state.withLock { state in
            guard !state.givenUp.contains(index) else { return true }
            state.running[index] = nil
            return false
        }
        // The watchdog has answered the rows.
        guard !isGivenUp else { return true }
        let failure: (any Error)? = if case .failure(let error) = results { error } else { nil }
        onBatch(
            BatchReport(
                rows: batch.rows,
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
                state.lastSuccess = now
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
        team: BatchTeam
    ) -> Result<[Result<Output, any Error>], any Error> {
        Result {
            let results = try worker.run(batch, team: team)
            guard results.count == batch.rows else {
                throw SchedulerError.engineFailed("\(results.count) results for a batch of \(batch.rows) rows")
            }
            return results
        }
    }
}
