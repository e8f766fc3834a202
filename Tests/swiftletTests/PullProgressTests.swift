import Hub
import Testing

@testable import swiftlet

/// Tests of the text that a pull shows, without a clock.
@Suite("The progress of a pull")
struct PullProgressTests {
    private let start = ContinuousClock.now

    @Test("is a bar with size, rate and time left in a terminal")
    func bar() {
        var progress = PullProgress(isTerminal: true, now: start)
        _ = progress.text(for: .started(file: "a.bin", bytes: 80_000_000, present: 20_000_000), now: start)
        let event = PullEvent.progressed(file: "a.bin", bytes: 40_000_000, of: 80_000_000)
        let text = progress.text(for: event, now: start + .seconds(2))
        let bar = String(repeating: "█", count: 12) + String(repeating: "░", count: 12)
        #expect(text == "\ra.bin  \(bar)  50 %  40.0 MB of 80.0 MB  10.0 MB/s  0:04 left\u{1B}[K")
        #expect(progress.text(for: event, now: start + .seconds(2)) == nil, "not for every packet")
        let end = progress.text(for: .finished(file: "a.bin", bytes: 80_000_000, isNew: true), now: start + .seconds(6))
        #expect(end == "\ra.bin: 80.0 MB, 10.0 MB/s\u{1B}[K\n")
    }

    @Test("is a line now and then elsewhere")
    func lines() throws {
        var progress = PullProgress(isTerminal: false, now: start)
        #expect(progress.text(for: .started(file: "a", bytes: nil, present: 0), now: start) == nil)
        let event = PullEvent.progressed(file: "a", bytes: 1000, of: nil)
        #expect(progress.text(for: event, now: start + .seconds(9)) == nil)
        #expect(progress.text(for: event, now: start + .seconds(10)) == "a  1.0 kB  100 B/s\n")
        let retry = progress.text(for: .retrying(reason: "broken", seconds: 0.5), now: start)
        #expect(retry == "broken; trying again in 0.5 s\n")
    }
}
