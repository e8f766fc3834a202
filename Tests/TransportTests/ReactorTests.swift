import CLinux
import Testing
import Time

@testable import Transport

/// A handler that notes its events.
private final class Recorder: EventHandler {
    var readiness: [Readiness] = []
    var deadlines = 0
    var onReady: (() -> Void)?
    var onDeadline: (() -> Void)?

    func ready(_ readiness: Readiness) {
        self.readiness.append(readiness)
        onReady?()
    }

    func deadlinePassed() {
        deadlines += 1
        onDeadline?()
    }
}

@Suite final class ReactorTests {
    private let epoll = Descriptor(owning: clinux_epoll_create())

    @Test("a watched socket's bytes and end are reported, once each while edge-triggered")
    func readiness() throws {
        let reactor = Reactor(epoll: epoll.number)
        let pair = try SocketPair()
        let recorder = Recorder()
        let registration = reactor.register(recorder)
        try reactor.watch(pair.ours.number, for: .connection, registration: registration)
        try reactor.turn(timeoutMilliseconds: 0)
        #expect(recorder.readiness == [.writable])
        #expect(pair.theirs.sendText("hello") == .bytes(5))
        try reactor.turn(timeoutMilliseconds: 1_000)
        #expect(recorder.readiness.last?.contains(.readable) == true)
        try reactor.turn(timeoutMilliseconds: 0)
        #expect(recorder.readiness.count == 2, "nothing has changed, so nothing is reported")
        #expect(pair.ours.receiveText() == "hello")
        pair.theirs.finishSending()
        try reactor.turn(timeoutMilliseconds: 1_000)
        #expect(recorder.readiness.last?.contains(.peerFinished) == true)
    }

    @Test("a handler deregistered during a turn gets none of the turn's later events")
    func staleEvents() throws {
        let reactor = Reactor(epoll: epoll.number)
        let (first, second) = (Recorder(), Recorder())
        let one = try SocketPair()
        let other = try SocketPair()
        let registrations = [reactor.register(first), reactor.register(second)]
        try reactor.watch(one.ours.number, for: .connection, registration: registrations[0])
        try reactor.watch(other.ours.number, for: .connection, registration: registrations[1])
        // The handler that comes first deregisters both, and others get their slots.
        let successor = Recorder()
        let letGo = {
            for registration in registrations { reactor.deregister(registration) }
            _ = reactor.register(successor)
        }
        first.onReady = letGo
        second.onReady = letGo
        try reactor.turn(timeoutMilliseconds: 0)
        #expect(first.readiness.count + second.readiness.count == 1)
        #expect(successor.readiness.isEmpty, "a reused slot is not given the old one's events")
    }

    @Test("deadlines are told in order, after the wait they ask for, and once")
    func deadlines() throws {
        let reactor = Reactor(epoll: epoll.number)
        var order: [Int] = []
        let recorders = (0..<3).map { _ in Recorder() }
        let start = Instant.now
        for (index, milliseconds) in [30, 10, 20].enumerated() {
            recorders[index].onDeadline = { order.append(milliseconds) }
            let registration = reactor.register(recorders[index])
            reactor.setDeadline(start + .milliseconds(milliseconds), for: registration)
        }
        while order.count < 3 { try reactor.turn(timeoutMilliseconds: reactor.timeoutMilliseconds) }
        #expect(order == [10, 20, 30])
        #expect(Instant.now - start >= .milliseconds(30))
        #expect(reactor.timeoutMilliseconds == -1, "nothing is left to wait for")
        try reactor.turn(timeoutMilliseconds: 0)
        #expect(recorders.map(\.deadlines) == [1, 1, 1])
    }

    @Test("a granted turn comes once, in the next turn, and not after a deregistration")
    func grantedTurns() throws {
        let reactor = Reactor(epoll: epoll.number)
        let (kept, gone) = (Recorder(), Recorder())
        let keptRegistration = reactor.register(kept)
        let goneRegistration = reactor.register(gone)
        reactor.grantTurn(to: keptRegistration)
        reactor.grantTurn(to: keptRegistration)
        reactor.grantTurn(to: goneRegistration)
        reactor.deregister(goneRegistration)
        #expect(reactor.timeoutMilliseconds == 0)
        try reactor.turn(timeoutMilliseconds: 0)
        #expect(kept.readiness == [[]])
        #expect(gone.readiness.isEmpty)
        // A turn that is granted during a turn belongs to the next one, so that a busy handler cannot keep the loop.
        kept.onReady = { reactor.grantTurn(to: keptRegistration) }
        reactor.grantTurn(to: keptRegistration)
        try reactor.turn(timeoutMilliseconds: 0)
        #expect(kept.readiness.count == 2)
        // The handler holds the reactor, and the reactor holds the handler.
        kept.onReady = nil
    }

    @Test("the error of a system call names the call and the reason")
    func errors() {
        let reactor = Reactor(epoll: epoll.number)
        let registration = reactor.register(Recorder())
        let error = #expect(throws: TransportError.self) {
            try reactor.watch(-1, for: .connection, registration: registration)
        }
        #expect(error?.description == "epoll_ctl: Bad file descriptor")
    }
}
