import ArgumentParser
import Foundation
import Testing

@testable import swiftlet

#if canImport(Glibc)
import Glibc
#endif

/// A pseudo-terminal, whose one end a process has as its output.
private final class Terminal {
    private let screen: Int32
    /// The end of the process.
    let line: FileHandle

    /// The requests of ioctl_tty(2) that unlock the process's end, and tell its number.
    private enum Request {
        static let unlock: UInt = 0x4004_5431
        static let number: UInt = 0x8004_5430
    }

    init() throws {
        screen = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var isLocked: Int32 = 0
        var number: Int32 = -1
        try #require(screen >= 0 && ioctl(screen, Request.unlock, &isLocked) == 0)
        try #require(ioctl(screen, Request.number, &number) == 0)
        let descriptor = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(descriptor >= 0)
        line = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        _ = fcntl(screen, F_SETFL, O_NONBLOCK)
    }

    deinit { close(screen) }

    /// What has been shown since the last call.
    func shown() -> String {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(screen, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}

@Suite("First contact at a terminal")
struct FirstContactProcessTests {
    @Test("the program's name alone tells what to try, and in a pipe it is the help")
    func firstSteps() async throws {
        let terminal = try Terminal()
        let process = Program.process([])
        process.standardOutput = terminal.line
        #expect(try await process.runToEnd() == 0)
        let shown = terminal.shown().replacing("\r\n", with: "\n")
        #expect(shown == SwiftletCommand.firstSteps)
        let piped = try await Program.run([])
        #expect(piped.status == 0 && piped.output.contains("USAGE: swiftlet <subcommand>"))
    }

    @Test("each command that is to be tried is a command")
    func commands() {
        let names = SwiftletCommand.configuration.subcommands.map { $0._commandName }
        let tried = SwiftletCommand.firstSteps.split(separator: "\n").filter { $0.hasPrefix("  swiftlet ") }
        #expect(tried.count == 4)
        for line in tried { #expect(names.contains(String(line.split(separator: " ")[1])), "\(line)") }
    }

    @Test("serve writes one readable line to a terminal, with the playground's link")
    func greeting() async throws {
        let terminal = try Terminal()
        let process = Program.process(["serve", "--port", "0"])
        process.standardError = terminal.line
        let end = Task { try await process.runToEnd() }
        var shown = ""
        for _ in 0..<600 where !shown.contains("Ctrl-C") {
            try await Task.sleep(for: .milliseconds(50))
            shown += terminal.shown()
        }
        let lines = shown.replacing("\r\n", with: "\n").split(separator: "\n")
        #expect(lines.count == 1, "\(shown)")
        // A busy machine may have shown, and erased, the progress of loading.
        let line = lines.first?.split(separator: "\u{1B}[K").last ?? ""
        #expect(
            line.hasPrefix("mobilebert-mini is served at http://127.0.0.1:") && line.contains("/playground"),
            "\(shown)"
        )
        process.interrupt()
        #expect(try await end.value == 0)
    }

    @Test("a model that cannot be found says what would be one")
    func absentModels() async throws {
        let folder = try await Program.run(["info", "--model", "/nonexistent/model"])
        #expect(folder.status == 66 && folder.errors.contains("google/mobilebert-uncased"), "\(folder.errors)")
        let other = try await Program.run(["info", "--model", "Sources"])
        #expect(other.status == 66 && other.errors.contains("config.json; a model's folder has"), "\(other.errors)")
    }
}
