import Testing
import Time

@testable import Transport

@Suite struct ArrivalClockTests {
    private static let wall = Int64(1_700_000_000_000_000_000)
    private let start = Instant.now

    private func clock() -> ArrivalClock { ArrivalClock(now: start, wall: Self.wall) }

    private func begin(
        _ clock: inout ArrivalClock,
        _ milliseconds: Int64,
        waited: Duration = .zero,
        takesAll: Bool = true,
        descriptors: Int = 1_000,
        wallAhead: Int64 = 0
    ) {
        clock.beginTurn(
            at: start + .milliseconds(milliseconds),
            wall: Self.wall + (milliseconds + wallAhead) * 1_000_000,
            waited: waited,
            reports: 256,
            takesAll: takesAll,
            descriptors: descriptors
        )
    }

    /// When bytes with a stamp arrived, as it is known at a time.
    private func arrival(
        _ clock: ArrivalClock,
        _ stamp: ArrivalStamp,
        at milliseconds: Int64,
        wallAhead: Int64 = 0
    ) -> Instant {
        clock.arrival(
            of: stamp,
            at: start + .milliseconds(milliseconds),
            wall: Self.wall + (milliseconds + wallAhead) * 1_000_000
        )
    }

    private func stamp(_ milliseconds: Int64) -> ArrivalStamp {
        ArrivalStamp(nanoseconds: Self.wall + milliseconds * 1_000_000)
    }

    @Test("a stamp gives the time of arrival, however late the bytes are read")
    func stamps() {
        var clock = clock()
        begin(&clock, 3_000)
        #expect(arrival(clock, stamp(1_000), at: 3_000) == start + .milliseconds(1_000))
        #expect(arrival(clock, stamp(3_001), at: 3_009) == start + .milliseconds(3_001))
    }

    @Test("without a stamp, what comes after a sleep is new")
    func afterSleep() {
        var clock = clock()
        begin(&clock, 500)
        begin(&clock, 2_000, waited: .milliseconds(1))
        #expect(arrival(clock, ArrivalStamp(), at: 2_000) == start + .milliseconds(2_000))
        #expect(clock.lag == .zero)
    }

    @Test("without a stamp, what comes without a sleep came since all reports were last taken")
    func whileBusy() {
        var clock = clock()
        begin(&clock, 100, waited: .milliseconds(1), takesAll: true)
        begin(&clock, 300, takesAll: false)
        #expect(arrival(clock, ArrivalStamp(), at: 300) == start + .milliseconds(100))
        begin(&clock, 600, takesAll: false)
        #expect(arrival(clock, ArrivalStamp(), at: 600) == start + .milliseconds(100))
        #expect(clock.lag == .milliseconds(500))
        begin(&clock, 700, takesAll: true)
        #expect(clock.lag == .milliseconds(600))
        begin(&clock, 800)
        #expect(clock.lag == .milliseconds(100))
    }

    @Test("without a stamp, nothing is older than the time in which all descriptors were reported once")
    func alwaysFull() {
        var clock = clock()
        begin(&clock, 0, waited: .milliseconds(1), takesAll: false)
        for turn in 1...1_000 {
            begin(&clock, Int64(turn), takesAll: false, descriptors: 1_000)
            // Four turns take 1,024 reports; what came in the first of them waits for the four after these.
            #expect(clock.lag <= .milliseconds(8))
        }
    }

    @Test("a stamp from before the loop began is not believed")
    func olderThanTheLoop() {
        var clock = clock()
        begin(&clock, 100, waited: .milliseconds(1))
        #expect(arrival(clock, ArrivalStamp(nanoseconds: 1), at: 100) == start + .milliseconds(100))
    }

    @Test("stamps from before the wall clock was set are not believed", arguments: [-3_600_000, -20, 20, 3_600_000])
    func clockIsSet(by change: Int64) {
        var clock = clock()
        begin(&clock, 100, waited: .milliseconds(1))
        begin(&clock, 200, waited: .milliseconds(1), wallAhead: change)
        // Bytes that came at 150, when the old time ruled.
        let old = arrival(clock, stamp(150), at: 201, wallAhead: change)
        #expect(old >= start + .milliseconds(100) && old <= start + .milliseconds(201))
        // Bytes that came at 210, by the new time.
        begin(&clock, 220, wallAhead: change)
        #expect(arrival(clock, stamp(210 + change), at: 221, wallAhead: change) == start + .milliseconds(210))
        // The clock is set once more, within the turn.
        let again = arrival(clock, stamp(225 + 2 * change), at: 230, wallAhead: 2 * change)
        #expect(again == start + .milliseconds(200))
    }
}
