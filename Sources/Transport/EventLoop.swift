import CLinux
import Foundation
import Synchronization

/// A thread that waits for sockets, deadlines and jobs, with its resident: the object that handles them.
///
/// The resident and everything it holds are made on the loop's thread, and only code on that thread sees them. Other
/// threads send jobs, which get the resident as their argument. The resident need not be Sendable, so the compiler
/// rejects code that would let it escape, and nothing needs a lock.
package final class EventLoop<Resident>: Sendable {
    /// Work for the loop's thread. The loop passes it the resident.
    package typealias Job = @Sendable (Resident) -> Void

    /// Jobs that were sent to the loop and have not run yet. Guard: the mutex.
    private struct Inbox {
        var jobs: [Job] = []
        /// Whether the loop waits or is about to wait. Then it needs a signal to see a new job; a working loop finds
        /// new jobs without a signal.
        var isWaiting = false
        var isClosed = false
    }

    private let name: String
    private let epoll: Descriptor
    private let waker: Descriptor
    private let inbox = Mutex(Inbox())

    /// Makes a loop that does not run yet. `name` will be the name of its thread.
    package init(name: String) throws(TransportError) {
        self.name = name
        epoll = Descriptor(owning: try checked(clinux_epoll_create(), "epoll_create"))
        waker = Descriptor(owning: try checked(clinux_eventfd_create(), "eventfd"))
    }

    /// Starts the thread. Call it once only.
    ///
    /// - Parameters:
    ///   - makeResident: Makes the resident, on the loop's thread.
    ///   - onExit: Called at the end of the loop's thread, with the error that ended the loop, if any. Jobs sent
    ///     before have run by then; later jobs are refused.
    package func start(
        makeResident: @escaping @Sendable (Reactor) -> Resident,
        onExit: @escaping @Sendable (TransportError?) -> Void
    ) {
        Thread {
            unsafe clinux_name_thread(self.name)
            let reactor = Reactor(epoll: self.epoll.number)
            let resident = makeResident(reactor)
            let failure = self.run(reactor, resident)
            self.close(resident)
            onExit(failure)
        }.start()
    }

    /// Runs a job on the loop's thread, soon. May be called from any thread.
    ///
    /// - Returns: False once the loop has ended; the job is then dropped.
    @discardableResult
    package func execute(_ job: @escaping Job) -> Bool {
        let (isAccepted, needsSignal) = inbox.withLock { inbox in
            guard !inbox.isClosed else { return (false, false) }
            inbox.jobs.append(job)
            defer { inbox.isWaiting = false }
            return (true, inbox.isWaiting)
        }
        // The signal could only fail on a closed eventfd, and the eventfd is open as long as `self` lives.
        if needsSignal { _ = clinux_eventfd_signal(waker.number) }
        return isAccepted
    }

    /// Runs turn after turn until the reactor is stopped.
    private func run(_ reactor: Reactor, _ resident: Resident) -> TransportError? {
        let wakes = WakeHandler()
        let registration = reactor.register(wakes)
        do throws(TransportError) {
            try reactor.watch(waker.number, for: [.readable, .edgeTriggered], registration: registration)
            while !reactor.isStopping {
                let hasJobs = inbox.withLock { inbox in
                    inbox.isWaiting = inbox.jobs.isEmpty
                    return !inbox.isWaiting
                }
                try reactor.turn(timeoutMilliseconds: hasJobs ? 0 : reactor.timeoutMilliseconds)
                let jobs = inbox.withLock { inbox in
                    inbox.isWaiting = false
                    return Self.take(&inbox.jobs)
                }
                for job in jobs { job(resident) }
            }
        } catch {
            return error
        }
        return nil
    }

    /// Refuses further jobs and runs the jobs that were sent before.
    private func close(_ resident: Resident) {
        let jobs = inbox.withLock { inbox in
            inbox.isClosed = true
            return Self.take(&inbox.jobs)
        }
        for job in jobs { job(resident) }
    }

    private static func take(_ jobs: inout [Job]) -> [Job] {
        guard !jobs.isEmpty else { return [] }
        defer { jobs = [] }
        return jobs
    }
}

/// The handler of the eventfd. Its events need no work: they only end the wait.
private final class WakeHandler: EventHandler {
    func ready(_ readiness: Readiness) {}
    func deadlinePassed() {}
}
