import Foundation
import Synchronization
import Testing

/// A running `swiftlet serve`, with all that it has logged.
final class Server: Sendable {
    let port: String
    private let process: Process
    private let log: Log
    private let end: Task<Int32, any Error>

    /// The log, as it comes.
    private final class Log: Sendable {
        private let bytes = Mutex(Data())
        func add(_ piece: Data) { bytes.withLock { $0 += piece } }
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    }

    private init(process: Process, port: String, log: Log, end: Task<Int32, any Error>) {
        self.process = process
        self.port = port
        self.log = log
        self.end = end
    }

    /// Starts a server on a free port, and returns when the port is open.
    static func start(_ arguments: [String] = [], environment: [String: String] = [:]) async throws -> Server {
        let settings = ["SWIFTLET_WORKERS": "1", "SWIFTLET_DRAIN_DELAY": "0"].merging(environment) { $1 }
        let process = Program.process(
            ["serve", "--port", "0", "--log-format", "json"] + arguments,
            environment: settings
        )
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = FileHandle.nullDevice
        let end = Task { try await process.runToEnd() }
        let log = Log()
        let reader = pipe.fileHandleForReading
        let port = await port(in: reader) { log.add($0) }
        Thread {
            while case let piece = reader.availableData, !piece.isEmpty { log.add(piece) }
        }.start()
        return Server(process: process, port: try #require(port), log: log, end: end)
    }

    /// Waits until it is ready.
    func becomesReady() async throws -> Bool {
        for _ in 0..<1200 {
            if try await get("/health/ready").status == 200 { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    func stop() async throws -> Int32 {
        process.terminate()
        return try await end.value
    }

    func terminate() { process.terminate() }

    func interrupt() { process.interrupt() }

    var exitStatus: Int32 { get async throws { try await end.value } }

    var logText: String { log.text }

    /// The log's lines so far, each a JSON object.
    var lines: [[String: Any]] {
        logText.split(separator: "\n").compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    func get(_ path: String) async throws -> (status: Int, body: String) {
        try await curl(["http://127.0.0.1:\(port)\(path)"])
    }

    func post(_ path: String, _ body: String, _ arguments: [String] = []) async throws -> (status: Int, body: String) {
        let json = ["-H", "content-type: application/json", "-d", body]
        return try await curl(arguments + json + ["http://127.0.0.1:\(port)\(path)"])
    }

    /// The answer that curl gets: the status (0 if nobody answers), and the head and content.
    func curl(_ arguments: [String]) async throws -> (status: Int, body: String) {
        try await Curl.run(arguments)
    }

    /// The port in the log's first line, `…"address":"127.0.0.1:40123"…`; nil when the log ends before it.
    ///
    /// It reads on its own thread: if tests waited for pipes on the pool's few threads, they would keep each other's
    /// programs from starting.
    static func port(
        in log: FileHandle,
        each: @escaping @Sendable (Data) -> Void = { _ in }
    ) async -> String? {
        await withCheckedContinuation { continuation in
            Thread {
                var text = ""
                while true {
                    let piece = log.availableData
                    each(piece)
                    text += String(decoding: piece, as: UTF8.self)
                    let port = text.firstMatch(of: /127\.0\.0\.1:([0-9]+)"/).map { String($0.output.1) }
                    if piece.isEmpty || port != nil { return continuation.resume(returning: port) }
                }
            }.start()
        }
    }
}

/// curl, which scripts/setup-debian --tests installs.
enum Curl {
    static func run(_ arguments: [String]) async throws -> (status: Int, body: String) {
        let file = FileManager.default.temporaryDirectory.appending(path: "swiftlet-curl-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/curl")
        process.arguments = ["-s", "-i", "--max-time", "20"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: file)
        process.standardError = FileHandle.nullDevice
        _ = try await process.runToEnd()
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix(3)) } ?? 0
        return (status, text)
    }
}
