import HTTPProtocol
import Testing
import Time

@testable import HTTPServer

@Suite struct PhaseClockTests {
    private let start = Instant.now

    private func time(_ seconds: Int) -> Instant { start + .seconds(seconds) }

    @Test("a phase's time runs from its beginning, not from its last byte")
    func phases() {
        var clock = PhaseClock(now: start)
        clock.observe(.readingHead, epoch: 1, at: time(1))
        clock.observe(.readingHead, epoch: 1, at: time(5))
        #expect(clock.phaseBegan == time(1))
        clock.observe(.readingHead, epoch: 2, at: time(6))
        #expect(clock.phaseBegan == time(6), "another request's head")
        clock.observe(.readingBody, epoch: 2, at: time(7))
        #expect(clock.phaseBegan == time(7))
    }

    @Test("writing goes on only while enough is taken")
    func writing() {
        var clock = PhaseClock(now: start)
        clock.beginWrite(at: time(1))
        clock.wrote(60, at: time(2), minimum: 100)
        #expect(clock.writeProgressed == time(1))
        clock.wrote(40, at: time(3), minimum: 100)
        #expect(clock.writeProgressed == time(3))
        clock.wrote(99, at: time(4), minimum: 100)
        #expect(clock.writeProgressed == time(3))
    }

    @Test("a client's quota restarts once the client has taken it, and ends when no bytes wait")
    func quota() {
        var clock = PhaseClock(now: start)
        #expect(clock.quotaBegan == nil)
        clock.holds(1000, at: time(1))
        clock.wrote(249, at: time(2), minimum: 1)
        clock.holds(751, at: time(2))
        #expect(clock.quotaBegan == time(1), "a little now and then is not enough")
        clock.wrote(1, at: time(3), minimum: 1)
        clock.holds(750, at: time(3))
        #expect(clock.quotaBegan == time(3))
        clock.wrote(100, at: time(4), minimum: 1)
        clock.holds(2000, at: time(4))
        #expect(clock.quotaBegan == time(3), "another answer gives no more time for the first")
        clock.beginQuota(of: 1900, at: time(5))
        #expect(clock.quotaBegan == time(5))
        clock.holds(0, at: time(6))
        #expect(clock.quotaBegan == nil)
    }

    @Test("the grace period of a half-closed client restarts with each of its requests, and never ends by itself")
    func halfClose() {
        var clock = PhaseClock(now: start)
        clock.requestReceived(at: time(1))
        #expect(clock.halfClosed == nil)
        clock.peerFinished(at: time(2))
        clock.peerFinished(at: time(3))
        #expect(clock.halfClosed == time(2))
        clock.requestReceived(at: time(4))
        #expect(clock.halfClosed == time(4))
    }
}
