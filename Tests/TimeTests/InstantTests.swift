import Testing

@testable import Time

@Suite("An instant")
struct InstantTests {
    @Test("follows the clock of the machine")
    func now() {
        let clock = ContinuousClock.now
        let began = Instant.now
        while clock.duration(to: .now) < .milliseconds(2) {}
        let passed = began.duration(to: .now)
        #expect(passed > .milliseconds(1) && passed < clock.duration(to: .now) + .milliseconds(1))
    }

    @Test("differs from another by what was added", arguments: [Duration.zero, .nanoseconds(-7), .seconds(86_400)])
    func sums(duration: Duration) {
        let start = Instant(nanoseconds: 5)
        #expect(start + duration - start == duration)
        #expect(start - duration + duration == start)
        #expect((start < start + duration) == (duration > .zero))
    }

    @Test("stays at the end of what it can be, whatever is added")
    func clamping() {
        let (first, last) = (Instant(nanoseconds: .min), Instant(nanoseconds: .max))
        #expect(last + .nanoseconds(1) == last && first - .nanoseconds(1) == first)
        #expect(Instant(nanoseconds: 1) + .seconds(Int64.max) == last)
        #expect(Instant(nanoseconds: -1) - .seconds(Int64.max) == first)
    }

    @Test("has whole nanoseconds, as a duration has them")
    func nanoseconds() {
        #expect(Duration.milliseconds(3).nanoseconds == 3_000_000)
        #expect(Duration(secondsComponent: 1, attosecondsComponent: 1_999_999_999).nanoseconds == 1_000_000_001)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
    }
}
