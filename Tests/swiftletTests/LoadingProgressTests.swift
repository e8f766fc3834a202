import Synchronization
import Testing

@testable import swiftlet

@Suite("The progress of loading")
struct LoadingProgressTests {
    /// What is written when parts are packed at these times, in milliseconds after the start.
    private func written(_ reports: [(done: Int, milliseconds: Int)], of total: Int) -> [String] {
        let lines = Mutex<[String]>([])
        let started = ContinuousClock.now
        let progress = LoadingProgress(started: started) { line in lines.withLock { $0.append(line) } }
        for (done, time) in reports { progress.packed(done, of: total, now: started + .milliseconds(time)) }
        return lines.withLock { $0 }
    }

    @Test("a model that is packed in a moment shows nothing")
    func quick() {
        #expect(written([(1, 10), (2, 100), (3, 450)], of: 3).isEmpty)
    }

    @Test("a large model has one line, which counts the parts, and is erased at the end")
    func slow() {
        let lines = written([(1, 100), (2, 600), (3, 1200), (4, 1300)], of: 4)
        #expect(lines.map { $0.contains("2 of 4 parts") } == [true, false, false])
        #expect(lines.allSatisfy { $0.hasPrefix("\r") } && lines[1].contains("3 of 4 parts"))
        #expect(lines.last == "\r\u{1B}[K")
    }

    @Test("reports of two threads that come in the wrong order do not count backwards")
    func order() {
        #expect(written([(2, 600), (1, 601)], of: 4).count == 1)
    }
}
