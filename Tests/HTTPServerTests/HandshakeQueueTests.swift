import Testing
import Time

@testable import HTTPServer

@Suite struct HandshakeQueueTests {
    private let start = Instant.now

    @Test("a handshake that has begun and a new one take turns, each kind in the order of its coming")
    func order() {
        var line = HandshakeLine()
        for id: UInt64 in 1...4 { line.append(id, hasBegun: false, at: start) }
        for id: UInt64 in 11...12 { line.append(id, hasBegun: true, at: start) }
        var order: [UInt64] = []
        while let id = line.next(at: start) { order.append(id) }
        #expect(order == [11, 1, 12, 2, 3, 4])
        #expect(line.isEmpty)
    }

    @Test("clients that send their handshakes byte by byte keep no new one out")
    func slowOnes() {
        var line = HandshakeLine()
        for id: UInt64 in 100..<200 { line.append(id, hasBegun: true, at: start) }
        line.append(1, hasBegun: false, at: start)
        var steps = 0
        while let id = line.next(at: start), id != 1 {
            steps += 1
            line.append(id, hasBegun: true, at: start)
        }
        #expect(steps <= 1)
    }

    @Test("the newest comes first once the oldest has waited too long, and those whose time is over are forgotten")
    func newestFirst() {
        var line = HandshakeLine()
        for id: UInt64 in 1...5 { line.append(id, hasBegun: false, at: start + .milliseconds(Int(id))) }
        let late = start + .milliseconds(1) + HandshakeLine.patience
        #expect(line.next(at: late) == 1)
        #expect(line.next(at: late + .milliseconds(2)) == 5)
        line.forgetNew(before: start + .milliseconds(4))
        #expect(line.next(at: late) == 4)
        #expect(line.isEmpty && line.next(at: late) == nil)
    }

    @Test("while requests are refused, handshakes get an eighth of the time, and no more is saved up than 2 ms")
    func allowance() {
        var allowance = HandshakeAllowance(at: start)
        var now = start
        var used = Duration.zero
        for _ in 0..<1_000 {
            allowance.earn(until: now)
            while allowance.isLeft {
                allowance.spend(.microseconds(300))
                used += .microseconds(300)
                now = now + .microseconds(300)
            }
            let next = allowance.next(after: now) ?? now
            #expect(next >= now)
            // Other work delays the loop now and then.
            now = next + .microseconds(Int.random(in: 0...200))
        }
        let part = Duration.seconds(1) * (used / start.duration(to: now))
        #expect(part > .milliseconds(118) && part < .milliseconds(128), "\(part)")
        allowance.earn(until: now + .seconds(60))
        var saved = 0
        while allowance.isLeft {
            allowance.spend(.milliseconds(1))
            saved += 1
        }
        #expect(saved == 2)
    }

    @Test("newcomers get a little of each turn, and at most as much as all other work", arguments: [0, 1, 3, 10, 50])
    func shares(others: Int) {
        var time = NewcomerTime()
        var turn = start
        for _ in 0..<3 {
            var now = turn + .milliseconds(others)
            var newcomers = Duration.zero
            // Handshakes and accepting, each of which uses all that it gets.
            for isAccepting in [false, true] {
                let end = time.end(in: turn, at: now, isAccepting: isAccepting)
                time.spend(now.duration(to: end))
                newcomers += now.duration(to: end)
                now = end
            }
            #expect(newcomers == max(NewcomerTime.least * 2, .milliseconds(others)))
            turn = now
        }
    }
}
