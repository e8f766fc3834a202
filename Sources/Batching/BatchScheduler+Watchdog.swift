import Synchronization

/// Workers that do not come back. A thread cannot be ended from outside, so such a worker is given up: its rows are
/// answered, another takes its place, and what it may bring some day is thrown away.
extension BatchScheduler {
    /// A worker whose batches failed as a whole so many times in a row is made anew: one or two may be the inputs'
    /// fault.
    static var maxFailuresInARow: Int { 3 }

    /// Gives up the workers that have been at one batch for too long, those that help them included, and starts as many
    /// others as there may still be replacements.
    ///
    /// Time is counted in looks, not by the clock: a process that was stopped for a minute has not computed for one.
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
    /// Has others take the places of workers that are given up, as far as there are seats. When nobody is left, what
    /// waits is answered, and so is what comes.
    /// - Returns: the seats of the workers to be started.
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
                error: .engineFailed("no worker is left, as batches did not end; the process must be restarted")
            )
        }
        return usedSeats..<usedSeats + count
    }
}
