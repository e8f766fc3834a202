import Foundation
import Testing

/// The built program, run as a user runs it.
enum Program {
    struct Result {
        var status: Int32
        var output: String
        var errors: String

        /// The lines of standard output, each parsed as a JSON object.
        func objects() throws -> [[String: Any]] {
            try output.split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
        }
    }

    /// The repository's folder: this file lies in Tests/swiftletTests.
    static let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }

    /// SwiftPM puts the program beside the test bundle.
    static let path: URL = {
        let arguments = CommandLine.arguments.first.map { URL(filePath: $0).deletingLastPathComponent() }
        let candidates = [Bundle.main.bundleURL, arguments].compactMap { $0?.appending(path: "swiftlet") }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) }
            ?? root.appending(path: ".build/debug/swiftlet")
    }()

    /// A program that ends early must not end the tests that write to it.
    private static let ignoreBrokenPipes: Void = { signal(SIGPIPE, SIG_IGN) }()

    /// Runs the program to its end.
    ///
    /// Standard streams are files, so that nothing here can wait for a pipe to be read.
    static func run(
        _ arguments: [String],
        input: String = "",
        environment: [String: String] = [:]
    ) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (inputFile, outputFile, errorFile) = (
            folder.appending(path: "in"), folder.appending(path: "out"), folder.appending(path: "err")
        )
        try Data(input.utf8).write(to: inputFile)
        try Data().write(to: outputFile)
        try Data().write(to: errorFile)
        let process = process(arguments, environment: environment)
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        let status = try await process.runToEnd()
        return Result(
            status: status,
            output: try String(contentsOf: outputFile, encoding: .utf8),
            errors: try String(contentsOf: errorFile, encoding: .utf8)
        )
    }

    /// The program, not started yet, in the repository's folder and with none of the caller's settings.
    static func process(_ arguments: [String], environment: [String: String] = [:]) -> Process {
        _ = ignoreBrokenPipes
        let process = Process()
        process.executableURL = path
        process.arguments = arguments
        process.currentDirectoryURL = root
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SWIFTLET_") }
        process.environment = inherited.merging(environment) { $1 }
        return process
    }
}

extension Process {
    /// Starts the process and waits for its end.
    ///
    /// - Returns: its exit status; if a signal ended it, 128 plus the signal's number, as in a shell.
    func runToEnd() async throws -> Int32 {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            terminationHandler = { _ in continuation.resume() }
            do { try run() } catch { continuation.resume(throwing: error) }
        }
        return terminationReason == .uncaughtSignal ? 128 + terminationStatus : terminationStatus
    }
}
