import CLinux

/// Who is told of a registration's events, always on the reactor's thread.
package protocol EventHandler: AnyObject {
    /// The watched descriptor is ready; or `[]`, the turn that `Reactor.grantTurn(to:)` promised.
    func ready(_ readiness: Readiness)
    /// The deadline has passed, and is cleared.
    func deadlinePassed()
}

/// Names one handler at a reactor. Stale once deregistered: using it then does nothing.
package struct Registration: Hashable, Sendable {
    fileprivate let slot: UInt32
    fileprivate let generation: UInt32

    fileprivate var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// The part of an event loop that lives on its thread: what is watched, what has deadlines, whose turn is next.
///
/// Owner: the loop's thread. It is not Sendable, and is handed only to code that runs there, so no other thread can
/// come to hold it.
package final class Reactor {
    /// Readiness reports taken from the kernel at once.
    static let eventsPerTurn = 256

    /// When this turn began.
    package private(set) var now = ContinuousClock.now
    /// Whether this turn is the last.
    package private(set) var isStopping = false

    private struct Slot {
        var handler: (any EventHandler)?
        var generation: UInt32 = 0
        var awaitsTurn = false
    }

    private let epoll: Int32
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var deadlines = DeadlineQueue()
    private var turns: [Registration] = []
    private var events = [clinux_event](repeating: clinux_event(), count: Reactor.eventsPerTurn)

    /// - Parameter epoll: An epoll descriptor that outlives the reactor.
    init(epoll: Int32) {
        self.epoll = epoll
    }

    /// Takes a handler in; it is kept alive until `deregister`.
    package func register(_ handler: any EventHandler) -> Registration {
        let slot = freeSlots.popLast() ?? UInt32(slots.count)
        if slot == slots.count { slots.append(Slot()) }
        slots[Int(slot)].handler = handler
        return Registration(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// Lets a handler go: no event, deadline or turn reaches it from now on, not even those already reported.
    /// Whatever descriptor it watches is to be closed or unwatched by its owner.
    package func deregister(_ registration: Registration) {
        guard isCurrent(registration) else { return }
        let slot = Int(registration.slot)
        slots[slot].handler = nil
        slots[slot].generation &+= 1
        slots[slot].awaitsTurn = false
        deadlines.remove(slot)
        freeSlots.append(registration.slot)
    }

    /// Reports the descriptor's readiness to the handler from now on.
    package func watch(
        _ descriptor: Int32,
        for interest: Readiness,
        registration: Registration
    ) throws(TransportError) {
        _ = try checked(clinux_epoll_add(epoll, descriptor, interest.rawValue, registration.token), "epoll_ctl")
    }

    /// Stops the reports of a descriptor that stays open.
    package func unwatch(_ descriptor: Int32) {
        // It fails only where the descriptor is not watched, which is what was asked.
        _ = clinux_epoll_remove(epoll, descriptor)
    }

    /// Sets or clears (nil) the time of `deadlinePassed()`.
    package func setDeadline(_ deadline: ContinuousClock.Instant?, for registration: Registration) {
        guard isCurrent(registration) else { return }
        deadlines.set(deadline, for: Int(registration.slot))
    }

    /// Calls `ready([])` once in the next turn, after others have had theirs: for work cut short to be fair.
    package func grantTurn(to registration: Registration) {
        guard isCurrent(registration), !slots[Int(registration.slot)].awaitsTurn else { return }
        slots[Int(registration.slot)].awaitsTurn = true
        turns.append(registration)
    }

    /// Ends the loop after this turn.
    package func stop() {
        isStopping = true
    }

    /// The milliseconds until the next turn or deadline, rounded up; -1 for none, 0 where work waits.
    var timeoutMilliseconds: Int32 {
        guard turns.isEmpty, !isStopping else { return 0 }
        guard let next = deadlines.nextLook else { return -1 }
        let left = ContinuousClock.now.duration(to: next)
        guard left > .zero else { return 0 }
        let (seconds, attoseconds) = left.components
        // A minute at most: the next look then asks again.
        return Int32(min(seconds, 60) * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    /// Waits for events, then calls the handlers of what is ready, of deadlines that passed, and of granted turns.
    func turn(timeoutMilliseconds: Int32) throws(TransportError) {
        let epoll = epoll
        let result = unsafe events.withUnsafeMutableBufferPointer {
            unsafe clinux_epoll_wait(epoll, $0.baseAddress, Int32($0.count), timeoutMilliseconds)
        }
        let count = Int(try checked(result, "epoll_wait"))
        now = ContinuousClock.now
        // Turns granted from here on belong to the next turn.
        let granted = turns
        turns.removeAll(keepingCapacity: true)
        for index in 0..<count {
            let event = events[index]
            let registration = Registration(
                slot: UInt32(truncatingIfNeeded: event.token),
                generation: UInt32(truncatingIfNeeded: event.token >> 32)
            )
            handler(of: registration)?.ready(Readiness(rawValue: event.readiness))
        }
        while let slot = deadlines.popPassed(at: now) {
            slots[slot].handler?.deadlinePassed()
        }
        for registration in granted where isCurrent(registration) {
            slots[Int(registration.slot)].awaitsTurn = false
            handler(of: registration)?.ready([])
        }
    }

    private func isCurrent(_ registration: Registration) -> Bool {
        Int(registration.slot) < slots.count && slots[Int(registration.slot)].generation == registration.generation
            && slots[Int(registration.slot)].handler != nil
    }

    private func handler(of registration: Registration) -> (any EventHandler)? {
        isCurrent(registration) ? slots[Int(registration.slot)].handler : nil
    }
}
