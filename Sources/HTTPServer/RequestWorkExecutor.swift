import DequeModule
import Dispatch
import Synchronization

/// Runs requests' tasks on Dispatch queues, at most `width` at the same time, in the order in which they came.
///
/// Dispatch alone has no such bound: a queue a request would grow a thread for each that blocks, and the global pool
/// is as wide as the machine, whatever the CPU quota of the process. A worker that has a job takes the next when it is
/// done, so no job waits while one of the `width` is idle.
///
/// The queues are serial because Dispatch does not watch the threads of those. Of the others' it reads
/// /proc/PID/task/TID/stat every second, and ends the process where it cannot open that
/// (`_dispatch_workq_count_runnable_workers` in libdispatch's workqueue.c): when there is no descriptor left.
package final class RequestWorkExecutor: TaskExecutor {
    /// Guard: the mutex.
    private struct State {
        var jobs = Deque<UnownedJob>()
        /// Queues on which nobody works.
        var idle: [DispatchQueue]
    }

    private let state: Mutex<State>

    /// - Parameter width: Jobs run at the same time; at least 1.
    package init(width: Int) {
        let queues = (0..<max(1, width)).map { DispatchQueue(label: "swiftlet.requests-\($0)") }
        state = Mutex(State(idle: queues))
    }

    /// Runs a job when one of the threads is free, in the order of arrival.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let queue = state.withLock { state in
            state.jobs.append(job)
            return state.idle.popLast()
        }
        if let queue { queue.async { self.work(on: queue) } }
    }

    private func work(on queue: DispatchQueue) {
        while let job = next(on: queue) {
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// The next job, or nil: the calling worker then ends.
    private func next(on queue: DispatchQueue) -> UnownedJob? {
        state.withLock { state in
            if let job = state.jobs.popFirst() { return job }
            state.idle.append(queue)
            return nil
        }
    }
}
