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
        let port = try #require(await Server.port(in: log.fileHandleForReading))
        // The log is read on, because an unread log would fill the pipe at some time.
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
        // Threads come and go, and one that is late has no name yet.
        let expected: Set = ["engine-0\n", "log\n", "deadlines\n", "swiftlet-loop-0\n"]
        let folder = "/proc/\(process.processIdentifier)/task"
        var names: Set<String> = []
        for _ in 0..<100 where !names.isSuperset(of: expected) {
            let threads = try FileManager.default.contentsOfDirectory(atPath: folder)
            names = Set(threads.compactMap { try? String(contentsOfFile: "\(folder)/\($0)/comm", encoding: .utf8) })
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(names.isSuperset(of: expected), "\(names)")
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
        let port = try #require(await Server.port(in: log.fileHandleForReading))
        try log.fileHandleForReading.close()
        // The log has a line when the service is ready, and one at the end.
        var health = try await Program.run(["health", "--url", "http://127.0.0.1:\(port)"])
        for _ in 0..<100 where health.status != 0 {
            try await Task.sleep(for: .milliseconds(100))
            health = try await Program.run(["health", "--url", "http://127.0.0.1:\(port)"])
        }
        #expect(health.status == 0)
        process.terminate()
        #expect(try await status == 0)
    }

    @Test("a setting's former name is warned of in the log, once")
    func formerName() async throws {
        // The socket's folder does not exist, so the start fails here.
        let flags = ["serve", "--host=none", "--unix-socket=/absent/socket", "--max-batch-rows=8", "--log-format=text"]
        let result = try await Program.run(flags)
        #expect(result.status == 69)
        let warnings = result.errors.split(separator: "\n").filter { $0.contains("max_batch_rows") }
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("is named max_batch_texts now") == true)
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
        let former = try await Program.run(["serve", "--max-batch-rows", "7", "--print-config"])
        #expect(former.status == 0 && former.output.contains("\nmax_batch_texts: 7\n"))
        #expect(
            former.errors.contains(
                "warning: flag --max-batch-rows: the setting max_batch_rows is named max_batch_texts now"
            )
        )
        #expect(changed.output.contains("\nauto_truncate: false\n"))
    }
}
