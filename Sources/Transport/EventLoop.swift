import CLinux
import Foundation
import Synchronization

/// A thread that waits for sockets, deadlines and jobs, and the one resident that those concern.
///
/// The resident (and all that it holds) is made on the loop's thread and is only ever seen by code that runs there:
/// other threads send jobs, which get the resident as their argument. As it need not be Sendable, the compiler
/// refuses whatever would let it escape; there is nothing to lock.
package final class EventLoop<Resident>: Sendable {
    /// Work for the loop's thread, which hands it the resident.
    package typealias Job = @Sendable (Resident) -> Void

    /// Jobs on their way to the loop. Guard: the mutex.
    private struct Inbox {
        var jobs: [Job] = []
        /// The loop waits, or is about to: it needs a signal to see a job. One that works looks by itself.
        var isWaiting = false
        var isClosed = false
    }

    private let name: String
    private let epoll: Descriptor
    private let waker: Descriptor
    private let inbox = Mutex(Inbox())

    /// A loop that is not running yet; its thread will have the name.
    package init(name: String) throws(TransportError) {
        self.name = name
        epoll = Descriptor(owning: try checked(clinux_epoll_create(), "epoll_create"))
        waker = Descriptor(owning: try checked(clinux_eventfd_create(), "eventfd"))
    }

    /// Starts the thread. Once only.
    ///
    /// - Parameters:
    ///   - makeResident: Makes the resident, on the loop's thread.
    ///   - onExit: Called on the loop's thread as its last act, with the error that ended it, if one did. Jobs sent
    ///     before have run; later ones are refused.
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

    /// Runs a job on the loop's thread, soon; from any thread.
    ///
    /// - Returns: false once the loop has ended; the job is then dropped.
    @discardableResult
    package func execute(_ job: @escaping Job) -> Bool {
        let (isAccepted, needsSignal) = inbox.withLock { inbox in
            guard !inbox.isClosed else { return (false, false) }
            inbox.jobs.append(job)
            defer { inbox.isWaiting = false }
            return (true, inbox.isWaiting)
        }
        // Its failure would mean a closed eventfd, which cannot be while `self` lives.
        if needsSignal { _ = clinux_eventfd_signal(waker.number) }
        return isAccepted
    }

    /// Turns until the reactor is stopped.
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

    /// Refuses further jobs and runs those that came before.
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

/// Stands for the eventfd at the reactor: its events need no work, they end the wait.
private final class WakeHandler: EventHandler {
    func ready(_ readiness: Readiness) {}
    func deadlinePassed() {}
}
