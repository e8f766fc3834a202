import Foundation
import Testing

@testable import Service

@Suite("swiftlet serve and health")
struct ServeProcessTests {
    @Test("a served model is healthy, its port is taken for others, and SIGTERM ends it with status 0")
    func life() async throws {
        let process = Program.process(
            ["serve", "--port", "0", "--log-format", "json"],
            environment: ["SWIFTLET_WORKERS": "1"]
        )
        let log = Pipe()
        process.standardError = log
        process.standardOutput = FileHandle.nullDevice
        async let status = process.runToEnd()
        let port = try #require(await Self.port(in: log.fileHandleForReading))
        // The log goes on; unread it would fill the pipe at some time.
        Thread { while !log.fileHandleForReading.availableData.isEmpty {} }.start()

        var health = try await Program.run(["health", "--url", "http://127.0.0.1:\(port)"])
        for _ in 0..<100 where health.status != 0 {
            try await Task.sleep(for: .milliseconds(100))
            health = try await Program.run(["health", "--url", "http://127.0.0.1:\(port)"])
        }
        #expect(health.output == "HTTP/1.1 200 OK\n")
        #if os(Linux)
        // `ps` and `pkill` find it by its name.
        let name = try String(contentsOfFile: "/proc/\(process.processIdentifier)/comm", encoding: .utf8)
        #expect(name == "swiftlet\n")
        #endif
        let byVariable = try await Program.run(["health"], environment: ["SWIFTLET_PORT": port])
        #expect(byVariable.status == 0)
        let absent = try await Program.run(["health", "--url", "http://127.0.0.1:\(port)/absent"])
        #expect(absent.status == 1)
        #expect(absent.errors.contains("404"))
        let second = try await Program.run(["serve", "--port", port])
        #expect(second.status == 69)
        #expect(second.errors.contains(port))
        process.terminate()
        #expect(try await status == 0)
    }

    @Test("a log that nobody reads any more stops nothing")
    func brokenLog() async throws {
        let process = Program.process(["serve", "--port", "0"], environment: ["SWIFTLET_WORKERS": "1"])
        let log = Pipe()
        process.standardError = log
        process.standardOutput = FileHandle.nullDevice
        async let status = process.runToEnd()
        let port = try #require(await Self.port(in: log.fileHandleForReading))
        try log.fileHandleForReading.close()
        // Being ready is logged, and so is the end.
        var health = try await Program.run(["health", "--url", "http://127.0.0.1:\(port)"])
        for _ in 0..<100 where health.status != 0 {
            try await Task.sleep(for: .milliseconds(100))
            health = try await Program.run(["health", "--url", "http://127.0.0.1:\(port)"])
        }
        #expect(health.status == 0)
        process.terminate()
        #expect(try await status == 0)
    }

    @Test("--print-config prints the reference file, with what the settings change")
    func printConfig() async throws {
        let plain = try await Program.run(["serve", "--print-config"])
        #expect(plain.status == 0)
        #expect(plain.output == ServiceConfiguration().yaml)
        let changed = try await Program.run(
            ["serve", "--no-auto-truncate", "--print-config"],
            environment: ["SWIFTLET_PORT": "9000"]
        )
        #expect(changed.output.contains("\nport: 9000\n"))
        #expect(changed.output.contains("\nauto_truncate: false\n"))
    }

    /// The port in the log's first line, `…"address":"127.0.0.1:40123"…`; nil when the log ends before it.
    ///
    /// Reads on a thread of its own: tests that wait for pipes on the pool's few threads would keep each other's
    /// programs from starting.
    private static func port(in log: FileHandle) async -> String? {
        await withCheckedContinuation { continuation in
            Thread {
                var text = ""
                while true {
                    let piece = log.availableData
                    text += String(decoding: piece, as: UTF8.self)
                    let port = text.firstMatch(of: /127\.0\.0\.1:([0-9]+)"/).map { String($0.output.1) }
                    if piece.isEmpty || port != nil { return continuation.resume(returning: port) }
                }
            }.start()
        }
    }
}
