import Testing
import Time

@testable import HTTPServer

@Suite struct HandshakeQueueTests {
    private let start = Instant.now

    @Test("a handshake that has begun and a new one take turns, each kind in the order of its coming")
    func order() {
        var line = HandshakeLine()
        for id: UInt64 in 1...4 { line.append(id, hasBegun: false) }
        for id: UInt64 in 11...12 { line.append(id, hasBegun: true) }
        var order: [UInt64] = []
        while let id = line.next() { order.append(id) }
        #expect(order == [11, 1, 12, 2, 3, 4])
        #expect(line.isEmpty)
    }

    @Test("clients that send their handshakes byte by byte keep no new one out")
    func slowOnes() {
        var line = HandshakeLine()
        for id: UInt64 in 100..<200 { line.append(id, hasBegun: true) }
        line.append(1, hasBegun: false)
        var steps = 0
        while let id = line.next(), id != 1 {
            steps += 1
            line.append(id, hasBegun: true)
        }
        #expect(steps <= 1)
    }

    @Test("newcomers get a little of each turn, and at most as much as all other work", arguments: [0, 1, 3, 10, 50])
    func shares(others: Int) {
        var time = NewcomerTime()
        var turn = start
        for _ in 0..<3 {
            var now = turn + .milliseconds(others)
            var newcomers = Duration.zero
            // Accepting and handshakes, each of which uses all that it gets.
            for _ in 0..<2 {
                let end = time.end(in: turn, at: now)
                time.spend(now.duration(to: end))
                newcomers += now.duration(to: end)
                now = end
            }
            #expect(newcomers == max(NewcomerTime.least * 2, .milliseconds(others)))
            turn = now
        }
    }
}
