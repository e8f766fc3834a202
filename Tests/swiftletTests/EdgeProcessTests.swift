import Foundation
import TestSupport
import Testing
import Transport

/// Tests of the program with TLS, keys, CORS and gzip, by curl.
@Suite("swiftlet serve at the edge")
struct EdgeProcessTests {
    /// One run of the program, and a folder for its files.
    private final class Run {
        let folder = FileManager.default.temporaryDirectory.appending(path: "edge-\(UUID().uuidString)")
        let files: TestCertificate
        let process: Process
        let log: ServeLog
        private(set) var port = ""

        init(
            _ flags: [String] = [],
            keys: String? = nil,
            isSecure: Bool = false,
            environment: [String: String] = [:]
        ) throws {
            files = try TestCertificate()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            var flags = ["serve", "--port", "0", "--log-format", "json"] + flags
            if let keys {
                try keys.write(to: folder.appending(path: "keys"), atomically: true, encoding: .utf8)
                flags += ["--api-keys-file", folder.appending(path: "keys").path]
            }
            if isSecure { flags += ["--tls-certificate", files.certificate, "--tls-key", files.key] }
            process = Program.process(flags, environment: ["SWIFTLET_WORKERS": "1"].merging(environment) { $1 })
            log = ServeLog()
            process.standardError = log.pipe
            process.standardOutput = FileHandle.nullDevice
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// Waits until the program is ready.
        func ready() async throws {
            let line = try #require(await log.line(containing: "listening"))
            port = try #require(line.firstMatch(of: /127\.0\.0\.1:([0-9]+)"/)).output.1.description
            _ = try #require(await log.line(containing: #""ready""#))
        }

        /// The output of curl. It goes through a file, because a pipe that nobody reads would stop curl.
        func curl(_ arguments: [String]) async throws -> String {
            let output = folder.appending(path: UUID().uuidString)
            try Data().write(to: output)
            let curl = Process()
            curl.executableURL = URL(filePath: "/usr/bin/env")
            let common = ["--max-time", "20", "--cacert", files.certificate, "-H", "Content-Type: application/json"]
            curl.arguments = ["curl", "-s"] + common + arguments
            curl.standardInput = FileHandle.nullDevice
            curl.standardOutput = try FileHandle(forWritingTo: output)
            curl.standardError = FileHandle.nullDevice
            _ = try await curl.runToEnd()
            return try String(contentsOf: output, encoding: .utf8)
        }
    }

    private static let texts = #"{"inputs":["\#(String(repeating: "a fine film ", count: 20))"]}"#

    @Test("keys, from the file and the environment, are read again on SIGHUP, and never shown in a log")
    func keys() async throws {
        let run = try Run(keys: "first-secret\n", environment: ["SWIFTLET_API_KEYS": "other-secret"])
        let process = run.process
        async let status = process.runToEnd()
        try await run.ready()
        let url = "http://127.0.0.1:\(run.port)"
        let code = ["-o", "/dev/null", "-w", "%{http_code}"]
        try #expect(await run.curl(code + [url + "/health"]) == "200")
        try #expect(await run.curl(code + [url + "/info"]) == "401")
        for key in ["first-secret", "other-secret"] {
            try #expect(await run.curl(code + [url + "/info", "-H", "Authorization: Bearer \(key)"]) == "200")
        }
        // The body has ten megabytes. curl announces it and waits, and is refused before it sends the body.
        let upload = run.folder.appending(path: "upload")
        try Data(count: 10_000_000).write(to: upload)
        let wrong = ["-H", "Expect: 100-continue", "-H", "Authorization: Bearer wrong-secret", url + "/embed"]
        let sent = ["-w", " %{http_code} %{size_upload}", "--data-binary", "@\(upload.path)"]
        let refused = try await run.curl(wrong + sent)
        #expect(refused.contains(#""error_type":"Unauthenticated""#))
        #expect(refused.hasSuffix(" 401 0"))

        try "second-secret".write(to: run.folder.appending(path: "keys"), atomically: true, encoding: .utf8)
        kill(run.process.processIdentifier, SIGHUP)
        _ = try #require(await run.log.line(containing: "API keys read again"))
        for (key, expected) in [("first-secret", "401"), ("second-secret", "200"), ("other-secret", "200")] {
            try #expect(await run.curl(code + [url + "/info", "-H", "x-api-key: \(key)"]) == expected)
        }
        process.terminate()
        try #expect(await status == 0)
        #expect(!run.log.text.contains("secret"))
    }

    @Test("TLS serves both protocols and the probe; SIGHUP takes a new certificate, and keeps the old for a broken one")
    func tls() async throws {
        let run = try Run(isSecure: true)
        let process = run.process
        async let status = process.runToEnd()
        try await run.ready()
        let url = "https://localhost:\(run.port)/embed"
        for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
            let output = try await run.curl([option, "-d", Self.texts, url, "-w", " %{http_version} %{http_code}"])
            #expect(output.hasPrefix("[["))
            #expect(output.hasSuffix(" \(version) 200"))
        }
        let address = "https://127.0.0.1:\(run.port)/health"
        for arguments in [["--url", address], ["--url", address, "--ca-file", run.files.certificate]] {
            let health = try await Program.run(["health"] + arguments)
            #expect(health.output == "HTTP/1.1 200 OK\n")
        }
        let others = try TestCertificate()
        let stranger = try await Program.run(["health", "--url", address, "--ca-file", others.certificate])
        #expect(stranger.status == 1)
        let byVariable = try await Program.run(
            ["health"],
            environment: ["SWIFTLET_PORT": run.port, "SWIFTLET_TLS_CERTIFICATE": run.files.certificate]
        )
        #expect(byVariable.status == 0)

        try run.files.renew(name: "renewed")
        kill(run.process.processIdentifier, SIGHUP)
        _ = try #require(await run.log.line(containing: "certificate read anew"))
        // From now on curl trusts only the new file.
        try #expect(await run.curl(["-d", Self.texts, url]).hasPrefix("[["))
        try Data("broken".utf8).write(to: URL(filePath: run.files.key))
        kill(run.process.processIdentifier, SIGHUP)
        _ = try #require(await run.log.line(containing: "the certificate stays as it was"))
        try #expect(await run.curl(["-d", Self.texts, url]).hasPrefix("[["))
        process.terminate()
        try #expect(await status == 0)
    }

    @Test(
        "the status port answers probes and /metrics in plain HTTP to everyone, to the end of a drain, and nothing else"
    )
    func statusPort() async throws {
        let status = String(try freePort())
        let run = try Run(["--status-port", status, "--drain-delay", "600"], keys: "one\n", isSecure: true)
        let process = run.process
        async let end = process.runToEnd()
        try await run.ready()
        let url = "http://127.0.0.1:\(status)"
        for path in ["/health/live", "/health/ready", "/health/startup", "/metrics"] {
            let answer = try await run.curl(["-w", " %{http_code}", url + path])
            #expect(answer.hasSuffix(" 200"), "\(path): \(answer)")
        }
        for path in ["/embed", "/info", "/docs"] {
            let answer = try await run.curl(["-d", Self.texts, "-w", " %{http_code}", url + path])
            #expect(answer.hasSuffix(" 404") && answer.contains("/metrics"), "\(path): \(answer)")
        }
        let health = try await Program.run(
            ["health"],
            environment: ["SWIFTLET_STATUS_PORT": status, "SWIFTLET_TLS_CERTIFICATE": run.files.certificate]
        )
        #expect(health.status == 0, "\(health.errors)")
        process.terminate()
        _ = try #require(await run.log.line(containing: "stopping"))
        let draining = try await run.curl(["-w", " %{http_code}", "\(url)/health/ready"])
        #expect(draining.hasSuffix(" 503") && draining.contains("draining"), "\(draining)")
        process.interrupt()
        try #expect(await end == 130)
    }

    /// A TCP port that is free now.
    private func freePort() throws -> Int {
        let listener = try #require(try Listener.tcp(host: "127.0.0.1", port: 0, backlog: 1).first)
        return try #require(listener.port)
    }

    @Test("gzip goes both ways, a bomb is refused, and a page of another origin may call where it is allowed")
    func codingAndOrigins() async throws {
        let run = try Run(["--cors-allow-origin", "https://page.example"])
        let process = run.process
        async let status = process.runToEnd()
        try await run.ready()
        let url = "http://127.0.0.1:\(run.port)"
        let plain = try await run.curl(["-d", Self.texts, url + "/tokenize"])
        let dump = ["-D", run.folder.appending(path: "head").path]
        let compressed = try await run.curl(["--compressed", "-d", Self.texts, url + "/tokenize"] + dump)
        #expect(plain == compressed)
        let head = try String(contentsOf: run.folder.appending(path: "head"), encoding: .utf8).lowercased()
        #expect(head.contains("content-encoding: gzip"))
        #expect(head.contains("vary: origin, accept-encoding"))
        try #expect(await run.curl(["--compressed", url + "/metrics"]).contains("swiftlet_ready 1"))

        let text = run.folder.appending(path: "text")
        try Self.texts.write(to: text, atomically: true, encoding: .utf8)
        let bomb = run.folder.appending(path: "bomb")
        try Data(count: 100_000_000).write(to: bomb)
        for file in [text, bomb] {
            let gzip = Process()
            gzip.executableURL = URL(filePath: "/usr/bin/env")
            gzip.arguments = ["gzip", file.path]
            _ = try await gzip.runToEnd()
        }
        let coded = ["-H", "Content-Encoding: gzip", url + "/tokenize", "--data-binary"]
        try #expect(await run.curl(coded + ["@\(text.path).gz"]) == plain)
        let refused = try await run.curl(coded + ["@\(bomb.path).gz", "-w", " %{http_code}"])
        #expect(refused.hasSuffix(" 413"))

        let asks = ["-X", "OPTIONS", "-H", "Access-Control-Request-Method: POST", "-D", "-", url + "/embed"]
        let allowed = try await run.curl(asks + ["-H", "Origin: https://page.example"])
        #expect(allowed.contains("Access-Control-Allow-Origin: https://page.example"))
        let stranger = try await run.curl(asks + ["-H", "Origin: https://other.example"])
        #expect(!stranger.contains("Access-Control-Allow"))
        process.terminate()
        try #expect(await status == 0)
    }

    @Test("a certificate or key file that can't be used stops the start with the status of a wrong setting")
    func brokenFiles() async throws {
        for flags in [["--api-keys-file", "/absent"], ["--tls-certificate", "/absent", "--tls-key", "/absent"]] {
            let result = try await Program.run(["serve", "--port", "0"] + flags)
            #expect(result.status == 78)
            #expect(result.errors.contains("/absent"))
        }
        let half = try await Program.run(["serve", "--port", "0", "--tls-key", "/absent"])
        #expect(half.status == 78)
        #expect(half.errors.contains("tls_certificate and tls_key belong together"))
    }
}
