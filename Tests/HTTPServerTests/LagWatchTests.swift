import Testing
import Time

@testable import HTTPServer

@Suite struct LagWatchTests {
    private let start = Instant.now

    private func watch() -> LagWatch { LagWatch(limit: .milliseconds(20)) }

    @Test("a loop that reads late for a while is behind, and refuses what has waited too long")
    func behind() {
        var watch = watch()
        for milliseconds in stride(from: 0, through: 90, by: 10) {
            watch.note(.milliseconds(25), at: start + .milliseconds(milliseconds))
            #expect(!watch.refuses(.seconds(1)))
        }
        watch.note(.milliseconds(25), at: start + .milliseconds(100))
        #expect(watch.isBehind)
        #expect(watch.refuses(.milliseconds(21)))
        #expect(!watch.refuses(.milliseconds(20)))
    }

    @Test("one read of something new ends it")
    func ends() {
        var watch = watch()
        watch.note(.seconds(1), at: start)
        watch.note(.seconds(1), at: start + .milliseconds(200))
        #expect(watch.isBehind)
        watch.note(.milliseconds(1), at: start + .milliseconds(201))
        #expect(!watch.isBehind)
        watch.note(.seconds(1), at: start + .milliseconds(202))
        #expect(!watch.isBehind && !watch.refuses(.seconds(1)))
    }

    @Test("a pause of the process refuses nothing")
    func pause() {
        var watch = watch()
        for request in 0..<1_000 {
            // What came in a pause of 90 ms is read within 5 ms.
            let now = start + .milliseconds(90) + .microseconds(5 * request)
            watch.note(.milliseconds(90) - .microseconds(90 * request), at: now)
            #expect(!watch.isBehind)
        }
    }

    @Test("two pauses with a rest between them refuse nothing")
    func twoPauses() {
        var watch = watch()
        watch.note(.milliseconds(25), at: start)
        watch.note(.milliseconds(25), at: start + .seconds(600))
        #expect(!watch.isBehind && !watch.refuses(.milliseconds(25)))
    }

    @Test("without a limit nothing is late")
    func noLimit() {
        var watch = LagWatch(limit: nil)
        watch.note(.seconds(9), at: start)
        watch.note(.seconds(9), at: start + .seconds(9))
        #expect(!watch.isBehind && !watch.refuses(.seconds(9)))
    }

    @Test("the gauge shows the longest wait of the last seconds, and forgets it")
    func gauge() {
        let gauge = LagGauge()
        let start = Instant.now
        gauge.note(.microseconds(900), at: start)
        #expect(gauge.longest(at: start) == .zero)
        gauge.note(.milliseconds(70), at: start)
        gauge.note(.milliseconds(30), at: start)
        #expect(gauge.longest(at: start + .seconds(5)) == .milliseconds(70))
        #expect(gauge.longest(at: start + .seconds(11)) == .milliseconds(70))
        #expect(gauge.longest(at: start + .seconds(22)) == .zero)
    }
}
