import DequeModule
import Dispatch
package import HTTPProtocol
import Synchronization
import Time

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
        /// How long a job runs: a mean in which older jobs count less and less.
        var meanTime = Duration.zero
    }

    /// The part of a new job's time in the mean: the last hundred jobs make most of it.
    private static let newPart = 0.02

    private let state: Mutex<State>
    private let width: Int
    private let onWork: @Sendable () -> Void

    /// - Parameters:
    ///   - width: The number of jobs that run at the same time, at least 1.
    ///   - onWork: Called on a thread when it begins to run jobs.
    package init(width: Int, onWork: @escaping @Sendable () -> Void = {}) {
        self.width = max(1, width)
        self.onWork = onWork
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

    /// The jobs that wait, and how long a new one will wait for them.
    package var backlog: Backlog {
        state.withLock { state in
            Backlog(jobs: state.jobs.count, delay: state.meanTime * Double(state.jobs.count) / width)
        }
    }

    private func work(on queue: DispatchQueue) {
        onWork()
        var taken: Duration?
        while let job = next(on: queue, after: taken) {
            let started = Instant.now
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            taken = started.duration(to: .now)
        }
    }

    /// The next job for a queue. If there is none, the queue becomes idle.
    ///
    /// - Parameter taken: How long its last job ran.
    private func next(on queue: DispatchQueue, after taken: Duration?) -> UnownedJob? {
        state.withLock { state in
            if let taken { state.meanTime += (taken - state.meanTime) * Self.newPart }
            if let job = state.jobs.popFirst() { return job }
            state.idle.append(queue)
            return nil
        }
    }
}
