import Foundation
import Testing

/// Tests of the probes and the log of the running program.
@Suite("swiftlet serve, as its operator sees it", .timeLimit(.minutes(10)))
struct HealthProcessTests {
    @Test("while the model is loaded the port is open: startup and ready say 503 loading, live says 200")
    func loading() async throws {
        // The vocabulary is a pipe: loading waits until somebody writes it.
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let model = Program.root.appending(path: "Models/mobilebert-mini")
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(at: model.appending(path: name), to: folder.appending(path: name))
        }
        let vocabulary = folder.appending(path: "vocab.txt")
        #expect(mkfifo(vocabulary.path, 0o600) == 0)

        let server = try await Server.start(["--model", folder.path])
        for path in ["/health/startup", "/health/ready", "/health", "/startupz", "/readyz", "/healthz", "/ping"] {
            let answer = try await server.get(path)
            #expect(answer.status == 503 && answer.body.contains("loading"), "\(path): \(answer.body)")
        }
        for path in ["/health/live", "/livez"] { #expect(try await server.get(path).status == 200, "\(path)") }
        let early = try await server.post("/embed", #"{"inputs":"a"}"#)
        #expect(early.status == 503 && early.body.lowercased().contains("retry-after"))

        let text = try Data(contentsOf: model.appending(path: "vocab.txt"))
        try await Task.detached { try text.write(to: vocabulary) }.value
        #expect(try await server.becomesReady())
        #expect(try await server.get("/health/startup").status == 200)
        #expect(try await server.stop() == 0)
    }

    @Test("after SIGTERM /health/ready turns 503 before any client is refused, and Ctrl-C does not wait")
    func draining() async throws {
        // The delay is longer than any machine needs for the requests below; the interrupt ends it.
        let server = try await Server.start(environment: ["SWIFTLET_DRAIN_DELAY": "600"])
        #expect(try await server.becomesReady())
        server.terminate()
        var ready = try await server.get("/health/ready")
        while ready.status == 200 {
            try await Task.sleep(for: .milliseconds(20))
            ready = try await server.get("/health/ready")
        }
        #expect(ready.status == 503 && ready.body.contains("draining"), "\(ready.body)")
        for path in ["/health/live", "/health/startup"] { #expect(try await server.get(path).status == 200, "\(path)") }
        let late = try await server.post("/embed", #"{"inputs":"a"}"#)
        #expect(late.status == 200)
        server.interrupt()
        #expect(try await server.exitStatus == 130)
    }

    @Test("each request has one line in the log with its id and its costs, and nothing of its text")
    func accessLog() async throws {
        let server = try await Server.start()
        #expect(try await server.becomesReady())
        let url = "http://127.0.0.1:\(server.port)"
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let names = ["-H", "X-Request-Id: mine-1", "-H", "traceparent: \(parent)", "-A", "confidential"]
        let answer = try await server.post("/embed?confidential", #"{"inputs":["confidential","b"]}"#, names)
        #expect(answer.status == 200)
        #expect(answer.body.contains("x-request-id: mine-1") && answer.body.contains("traceparent: \(parent)"))
        _ = try await server.post("/embed", #"{"inputs":{"confidential":1}}"#)
        _ = try await server.curl(["-X", "CONFIDENTIAL", "\(url)/confidential"])
        let malformed = try await server.curl(["-H", "Host:", "\(url)/confidential"])
        #expect(malformed.status == 400 && malformed.body.contains("x-request-id: "))
        #expect(try await server.stop() == 0)

        let requests = server.lines.filter { $0["message"] as? String == "request" }
        let mine = try #require(requests.first { $0["request_id"] as? String == "mine-1" })
        #expect(mine["status"] as? Int == 200 && mine["route"] as? String == "/embed" && mine["inputs"] as? Int == 2)
        #expect(mine["trace_id"] as? String == "0af7651916cd43dd8448eb211c80319c")
        #expect(mine["client"] as? String == "127.0.0.1" && mine["method"] as? String == "POST")
        #expect((mine["tokens"] as? Int ?? 0) > 0 && (mine["bytes_out"] as? Int ?? 0) > 1000)
        for time in ["total_ms", "tokenization_ms", "queue_ms", "inference_ms"] {
            #expect((mine[time] as? Double ?? -1) >= 0, "\(time)")
        }
        let statuses = requests.filter { $0["route"] as? String != "/health/ready" }.compactMap { $0["status"] as? Int }
        #expect(statuses == [200, 422, 404, 400])
        #expect(!server.logText.lowercased().contains("confidential"))
    }

    @Test("a log that is not read delays neither requests nor the end; lost lines are counted")
    func stuckLog() async throws {
        let process = Program.process(
            ["serve", "--port", "0", "--unix-socket", socket.path, "--log-format", "json"],
            environment: ["SWIFTLET_WORKERS": "1", "SWIFTLET_DRAIN_DELAY": "0", "SWIFTLET_LOG_BUFFER_BYTES": "4096"]
        )
        let log = Pipe()
        process.standardError = log
        process.standardOutput = FileHandle.nullDevice
        async let status = process.runToEnd()
        defer { try? FileManager.default.removeItem(at: socket) }
        // Nothing is ever read from the pipe, which holds 64 KiB.
        let curl = ["--unix-socket", socket.path]
        var dropped = 0
        for _ in 0..<200 where dropped == 0 {
            _ = try await Curl.run(curl + ["-o", "/dev/null", "http://localhost/health/live?[1-500]"])
            let metrics = try await Curl.run(curl + ["http://localhost/metrics"])
            let found = metrics.body.firstMatch(of: /swiftlet_log_lines_dropped_total ([0-9]+)/)
            dropped = found.flatMap { Int($0.output.1) } ?? 0
            if metrics.status == 0 { try await Task.sleep(for: .milliseconds(50)) }
        }
        #expect(dropped > 0)
        process.terminate()
        #expect(try await status == 0)
    }

    private let socket = FileManager.default.temporaryDirectory.appending(
        path: "swiftlet-\(UUID().uuidString.prefix(8)).sock"
    )
}
