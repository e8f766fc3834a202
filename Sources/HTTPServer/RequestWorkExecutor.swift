import DequeModule
import Dispatch
import Synchronization

/// Runs requests' tasks on a Dispatch queue, at most `width` at the same time, in the order in which they came.
///
/// Dispatch alone has no such bound: a queue a request would grow a thread for each that blocks, and the global pool
/// is as wide as the machine, whatever the CPU quota of the process. A worker that has a job takes the next when it is
/// done, so no job waits while one of the `width` is idle.
package final class RequestWorkExecutor: TaskExecutor {
    /// Guard: the mutex.
    private struct State {
        var jobs = Deque<UnownedJob>()
        var workers = 0
    }

    private let width: Int
    private let queue = DispatchQueue(label: "swiftlet.requests", attributes: .concurrent)
    private let state = Mutex(State())

    /// - Parameter width: Jobs run at the same time; at least 1.
    package init(width: Int) {
        self.width = max(1, width)
    }

    /// Runs a job when one of the threads is free, in the order of arrival.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let needsWorker = state.withLock { state in
            state.jobs.append(job)
            guard state.workers < width else { return false }
            state.workers += 1
            return true
        }
        if needsWorker { queue.async { self.work() } }
    }

    private func work() {
        while let job = next() {
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// The next job, or nil: the calling worker then ends.
    private func next() -> UnownedJob? {
        state.withLock { state in
            if let job = state.jobs.popFirst() { return job }
            state.workers -= 1
            return nil
        }
    }
}
