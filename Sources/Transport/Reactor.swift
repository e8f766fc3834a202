import CLinux
package import Time

/// The operations that a descriptor is ready for, or that it is watched for, as epoll's bits.
package struct Readiness: OptionSet, Sendable {
    /// epoll's bits.
    package let rawValue: UInt32

    /// Makes a value from epoll's bits.
    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Bytes, a connection or the end of input can be read.
    package static let readable = Readiness(rawValue: clinux_readable)
    /// Bytes can be written.
    package static let writable = Readiness(rawValue: clinux_writable)
    /// The peer has finished sending; bytes may still wait to be read.
    package static let peerFinished = Readiness(rawValue: clinux_peer_finished)
    /// The connection is lost. This is always reported, even if it was not asked for.
    package static let failed = Readiness(rawValue: clinux_failed)
    /// Both directions are closed. This is always reported, even if it was not asked for.
    package static let hungUp = Readiness(rawValue: clinux_hung_up)
    /// Asks for reports of changes only: the handler must then read or write until nothing is left.
    package static let edgeTriggered = Readiness(rawValue: clinux_edge_triggered)
    /// Asks that only one of the loops that watch the descriptor is woken.
    package static let exclusive = Readiness(rawValue: clinux_exclusive)

    /// The events that a connection is watched for, set once for its whole life.
    package static let connection: Readiness = [.readable, .writable, .peerFinished, .edgeTriggered]
    /// The events that a listener is watched for: it is reported as long as connections wait.
    package static let listener: Readiness = [.readable, .exclusive]
}

/// An object that is told of the events of its registration, always on the reactor's thread.
package protocol EventHandler: AnyObject {
    /// Handles the readiness of the watched descriptor. If `readiness` is empty, this is the call that
    /// `Reactor.grantTurn(to:)` asked for.
    func ready(_ readiness: Readiness)
    /// Handles a deadline that has passed. The deadline has been cleared.
    func deadlinePassed()
}

/// Identifies a handler that is registered at a reactor. Once the handler is deregistered, a call with its registration
/// does nothing.
package struct Registration: Hashable, Sendable {
    fileprivate let slot: UInt32
    fileprivate let generation: UInt32

    fileprivate var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// The part of an event loop that lives on its thread: the watched descriptors, the deadlines and the granted turns.
///
/// Owner: the loop's thread. It is not Sendable and is passed only to code that runs there, so no other thread can
/// get hold of it.
package final class Reactor {
    /// The most readiness reports that are taken from the kernel at once.
    static let eventsPerTurn = 256

    /// The time at which this turn began.
    package var now: Instant { arrivals.now }
    /// How late this turn is at most with what it handles.
    package var lag: Duration { arrivals.lag }
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
    private var arrivals = ArrivalClock(now: .now, wall: clinux_wall_clock())
    private var deadlines = DeadlineQueue()
    private var turns: [Registration] = []
    private var events = [clinux_event](repeating: clinux_event(), count: Reactor.eventsPerTurn)

    /// - Parameter epoll: An epoll descriptor that outlives the reactor.
    init(epoll: Int32) {
        self.epoll = epoll
    }

    /// Registers a handler and keeps it alive until `deregister`.
    package func register(_ handler: any EventHandler) -> Registration {
        let slot = freeSlots.popLast() ?? UInt32(slots.count)
        if slot == slots.count { slots.append(Slot()) }
        slots[Int(slot)].handler = handler
        return Registration(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// Releases a handler: no event, deadline or turn reaches it from now on, not even an event already reported.
    /// The owner of the watched descriptor must close or unwatch it.
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
        // The call fails only if the descriptor is not watched, and that is the wanted state.
        _ = clinux_epoll_remove(epoll, descriptor)
    }

    /// Sets or clears (nil) the time of `deadlinePassed()`.
    package func setDeadline(_ deadline: Instant?, for registration: Registration) {
        guard isCurrent(registration) else { return }
        deadlines.set(deadline, for: Int(registration.slot))
    }

    /// Calls `ready([])` once in the next turn, after the other handlers. A handler uses it when it has interrupted its
    /// work to let other handlers run.
    package func grantTurn(to registration: Registration) {
        guard isCurrent(registration), !slots[Int(registration.slot)].awaitsTurn else { return }
        slots[Int(registration.slot)].awaitsTurn = true
        turns.append(registration)
    }

    /// The time, at most `now`, at which bytes with this stamp arrived; an estimate if the stamp is unknown.
    ///
    /// - Parameter now: The present.
    package func arrival(of stamp: ArrivalStamp, at now: Instant) -> Instant {
        arrivals.arrival(of: stamp, at: now, wall: clinux_wall_clock())
    }

    /// Ends the loop after this turn.
    package func stop() {
        isStopping = true
    }

    /// The milliseconds until the next deadline, rounded up: 0 if a granted turn waits, -1 if there is neither turn nor
    /// deadline.
    var timeoutMilliseconds: Int32 {
        guard turns.isEmpty, !isStopping else { return 0 }
        guard let next = deadlines.nextLook else { return -1 }
        let left = Instant.now.duration(to: next)
        guard left > .zero else { return 0 }
        let (seconds, attoseconds) = left.components
        // The timeout is at most a minute; the next turn computes it again.
        return Int32(min(seconds, 60) * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    /// Waits for events, then calls the handlers whose descriptors are ready, whose deadlines have passed, and which
    /// were granted a turn.
    func turn(timeoutMilliseconds: Int32) throws(TransportError) {
        let epoll = epoll
        let before = Instant.now
        let result = unsafe events.withUnsafeMutableBufferPointer {
            unsafe clinux_epoll_wait(epoll, $0.baseAddress, Int32($0.count), timeoutMilliseconds)
        }
        let count = Int(try checked(result, "epoll_wait"))
        let now = Instant.now
        arrivals.beginTurn(
            at: now,
            wall: clinux_wall_clock(),
            waited: before.duration(to: now),
            reports: count,
            takesAll: count < Self.eventsPerTurn,
            descriptors: slots.count
        )
        // The list is moved out first: turns that handlers grant from now on are for the reactor's next turn.
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
