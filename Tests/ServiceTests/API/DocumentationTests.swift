import Foundation
import HTTPProtocol
import HTTPServer
import Logging
import TestSupport
import Testing

@testable import Service

/// Runs the examples of docs/api.md against a service on a socket.
@Suite("docs/api.md", .timeLimit(.minutes(10)))
struct DocumentationTests {
    /// A command with its expected output, in which "…" stands for anything.
    private struct Example {
        var command: String
        var output: [Substring] = []

        /// Whether the output matches the documented one.
        func matches(_ printed: String) -> Bool {
            let parts = output.joined(separator: "\n").split(separator: "…", omittingEmptySubsequences: false)
            guard let first = parts.first, let last = parts.last, printed.hasPrefix(first) else { return false }
            var rest = printed.dropFirst(first.count)
            for part in parts.dropFirst() {
                guard !part.isEmpty else { continue }
                guard let found = rest.range(of: part) else { return false }
                rest = rest[found.upperBound...]
            }
            return parts.count == 1 ? rest.isEmpty : printed.hasSuffix(last)
        }
    }

    /// The blocks of the kind `console`.
    private func examples() throws -> [Example] {
        let text = try String(contentsOfFile: ModelFolder.repository + "/docs/api.md", encoding: .utf8)
        var examples: [Example] = []
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInside = line == "```console"
            } else if isInside, line.hasPrefix("$ ") {
                examples.append(Example(command: String(line.dropFirst(2))))
            } else if isInside, !examples.isEmpty {
                examples[examples.count - 1].output.append(line)
            }
        }
        return examples
    }

    @Test("every example prints the documented output")
    func examplesAreTrue() async throws {
        let service = try TestService.bundled()
        var configuration = HTTPServerConfiguration(addresses: [.tcp(host: "127.0.0.1", port: 0)])
        configuration.serverName = "swiftlet"
        let server = HTTPServer(
            configuration: configuration,
            handler: service.handler,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let address = try #require(try server.start().first)
        let examples = try examples()
        #expect(examples.count >= 10)
        for example in examples {
            let printed = try await Self.run(
                example.command.replacing("localhost:8080", with: "\(address)")
            )
            #expect(example.matches(printed), "\(example.command)\nprinted:\n\(printed)")
        }
        _ = await server.drain(within: .seconds(1))
    }

    /// What a command prints, without carriage returns and the end of its last line.
    private static func run(_ command: String) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        process.executableURL = URL(filePath: "/bin/sh")
                        process.arguments = ["-c", command]
                        let output = Pipe()
                        process.standardOutput = output
                        try process.run()
                        let data = output.fileHandleForReading.readDataToEndOfFile()
                        process.waitUntilExit()
                        return String(decoding: data, as: UTF8.self).replacing("\r\n", with: "\n")
                            .trimmingCharacters(in: .newlines)
                    }
                )
            }.start()
        }
    }
}
