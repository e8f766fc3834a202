import Foundation
import Testing

@testable import swiftlet

@Suite("What people see")
struct OutputTests {
    @Test("columns are as wide as their widest cell, in characters")
    func columns() {
        let lines = Columns.aligned([["a", "1", "x"], ["größe", "23"], []], alignedRight: [1])
        #expect(lines == ["a       1  x", "größe  23", ""])
        #expect(Columns.aligned([]) == [])
    }

    @Test("a text is shown short and cannot command the terminal")
    func shownTexts() {
        #expect(Columns.shown("a\u{1B}[2J\n\u{7F}b") == "a [2J  b")
        #expect(Columns.shown(String(repeating: "x", count: 300)) == String(repeating: "x", count: 100) + "…")
        #expect(Columns.shown("") == "")
    }

    @Test(
        "a bar is as long as the share",
        arguments: [(0, ""), (1, "████"), (0.5, "██"), (0.28, "█▏"), (-1, ""), (2, "████"), (.nan, "")]
            as [(Float, String)]
    )
    func bars(share: Float, expected: String) {
        #expect(Columns.bar(share, width: 4) == expected)
    }

    @Test("progress is told now and then, and at the end only if it was told before")
    func progress() {
        let start = ContinuousClock.now
        var (terminal, log, quiet): ([String], [String], [String]) = ([], [], [])
        var reporters = [
            ProgressReporter(errorIsTerminal: true, outputIsTerminal: false, now: start) { terminal.append($0) },
            ProgressReporter(errorIsTerminal: false, outputIsTerminal: false, now: start) { log.append($0) },
            ProgressReporter(errorIsTerminal: true, outputIsTerminal: true, now: start) { quiet.append($0) },
        ]
        for index in reporters.indices {
            for second in 1...12 { reporters[index].advance(now: start + .seconds(second)) }
            reporters[index].finish(now: start + .seconds(13))
        }
        #expect(terminal.count == 13)
        #expect(terminal.last == "\r12 texts, 0.9 texts/s\u{1B}[K\n")
        #expect(log == ["10 texts, 1.0 texts/s\n", "12 texts, 0.9 texts/s\n"])
        #expect(quiet == [])
        var short = ProgressReporter(errorIsTerminal: true, outputIsTerminal: false, now: start) { quiet.append($0) }
        short.advance(now: start)
        short.finish(now: start)
        #expect(quiet == [])
    }

    @Test("the health probe's address is taken apart")
    func healthTargets() throws {
        let target = try #require(HealthProbe.Target(url: "http://[::1]:9000/health/ready?x=1"))
        #expect((target.host, target.port, target.path) == ("::1", 9000, "/health/ready"))
        let short = try #require(HealthProbe.Target(url: "http://localhost"))
        #expect((short.host, short.port, short.path) == ("localhost", 80, "/health"))
        let secure = try #require(HealthProbe.Target(url: "https://localhost"))
        #expect((secure.port, secure.isSecure, short.isSecure) == (443, true, false))
        for wrong in ["", "localhost:8080", "ftp://localhost", "http://", "http://a:99999", "http://a b/"] {
            #expect(HealthProbe.Target(url: wrong) == nil, "\(wrong)")
        }
    }
}
