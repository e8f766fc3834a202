import DequeModule
import Dispatch
import Synchronization

/// Runs the tasks of requests on Dispatch queues, the request threads: at most `width` at the same time, in the order
/// in which they come.
///
/// Dispatch alone has no such bound. With a queue for each request, it would start another thread whenever one blocks;
/// and the width of its global pool is the number of the machine's CPUs, whatever the CPU quota of the process. A queue
/// that has finished a job takes the next, so no job waits while one of the queues is idle.
///
/// The queues are serial, because Dispatch does not watch the threads of serial queues. For the threads of other
/// queues, Dispatch reads /proc/PID/task/TID/stat every second. If it cannot open that file because no descriptor is
/// left, it ends the process (`_dispatch_workq_count_runnable_workers` in libdispatch's workqueue.c).
package final class RequestWorkExecutor: TaskExecutor {
    /// Guard: the mutex.
    private struct State {
        var jobs = Deque<UnownedJob>()
        /// The queues that run no job.
        var idle: [DispatchQueue]
    }

    private let state: Mutex<State>

    /// - Parameter width: The number of jobs that run at the same time, at least 1.
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

    /// The next job for a queue. If there is none, the queue becomes idle.
    private func next(on queue: DispatchQueue) -> UnownedJob? {
        state.withLock { state in
            if let job = state.jobs.popFirst() { return job }
            state.idle.append(queue)
            return nil
        }
    }
}
