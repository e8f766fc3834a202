import Foundation
import Testing

@Suite("Exit statuses and messages")
struct ExitStatusProcessTests {
    @Test(
        "each kind of failure has its status, and a message on standard error only",
        arguments: [
            (["frobnicate"], 64, "Unexpected argument"),
            (["classify", "--topk", "1", "a"], 64, "--top-k"),
            (["classify", "--top-k", "0", "a"], 64, "at least 1"),
            (["embed", "--input", "x", "a"], 64, "choose one"),
            (["embed", "--dimensions", "99999", "a"], 64, "dimensions"),
            (["embed", "--pooling", "median", "a"], 64, "mean"),
            (["bench", "--shapes", "8by8"], 64, "--shapes"),
            (["bench", "--shapes", "8x8,0x16"], 64, "'0x16' is not a shape: expected texts x tokens"),
            (["bench", "--shapes", "1x513"], 64, "at most 512 tokens"),
            (["bench", "--threads", "0"], 64, "--threads must be 1 to"),
            (["bench", "--subject", "tokenizer"], 64, "needs --texts"),
            (["bench", "--texts", "/nonexistent"], 66, "cannot open /nonexistent"),
            (["bench", "--texts", "/dev/null"], 65, "no texts"),
            (["health", "--url", "ftp://x"], 64, "--url"),
            (["serve", "--prot", "1"], 64, "did you mean --port?"),
            (["serve", "--port", "x"], 64, "0 to 65535"),
            (["serve", "--dtype", "float16"], 64, "float32|bfloat16|int8"),
            (["classify", "--dtype", "float16", "a"], 64, "'float32', 'bfloat16'"),
            (["info", "--backend", "mkl"], 64, "openblas"),
            (["embed", "--backend", "openblas", "--dtype", "int8", "a"], 64, "choose dtype float32 or backend auto"),
            (["serve", "--backend", "openblas", "--dtype", "int8"], 78, "choose dtype float32 or backend auto"),
            (["serve", "--port", "0", "--backend", Self.foreignBackend], 69, "expected one of auto, "),
            (["embed", "--backend", Self.foreignBackend, "a"], 69, "expected one of auto, "),
            (["embed", "--no-truncate", "--max-length", "3", "a b c d"], 65, "text 1: 6 tokens, at most 3"),
            (["tokenize", "--no-truncate", "--max-length", "3", "a b c d"], 65, "text 1: 6 tokens, at most 3"),
            (["embed", "--model", "/nonexistent", "a"], 66, "no model in /nonexistent"),
            (["embed", "--input", "/nonexistent"], 66, "cannot open /nonexistent: No such file or directory"),
            (["embed", "--input", "/"], 74, "reading / failed"),
            (["serve", "--port", "0", "--model", "/nonexistent"], 66, "no model in /nonexistent"),
            (["serve", "--config", "/nonexistent"], 78, "/nonexistent: No such file or directory"),
            (["health", "--url", "http://127.0.0.1:1/"], 1, "not healthy"),
        ] as [([String], Int32, String)]
    )
    func failures(arguments: [String], status: Int32, message: String) async throws {
        let run = try await Program.run(arguments)
        #expect(run.status == status)
        #expect(run.errors.contains(message), "\(run.errors)")
        #expect(run.output == "")
    }

    /// A backend whose instructions this CPU cannot have.
    private static let foreignBackend: String = {
        #if arch(x86_64)
        "neon"
        #else
        "avx2"
        #endif
    }()

    @Test("dtype and backend change the arithmetic, and hardly the results")
    func dtypes() async throws {
        let plain = try await Program.run(["classify", "--backend", "scalar", "a witty, seductive movie"])
        let score = try #require(Self.score(plain))
        for dtype in ["float32", "bfloat16", "int8"] {
            let run = try await Program.run(["classify", "--dtype", dtype, "a witty, seductive movie"])
            #expect(run.status == 0)
            #expect(abs(try #require(Self.score(run)) - score) < 0.05)
        }
    }

    private static func score(_ run: Program.Result) -> Double? {
        let labels = try? run.objects().first?["labels"] as? [[String: Any]]
        return labels?.first?["score"] as? Double
    }

    @Test("a text that cannot be used is named by its line, after the results of those before it")
    func badLine() async throws {
        let long = Array(repeating: "word", count: 40).joined(separator: " ")
        let run = try await Program.run(
            ["tokenize", "--no-truncate", "--max-length", "20"],
            input: "one\n\ntwo\n\(long)\nthree\n"
        )
        #expect(run.status == 65)
        #expect(try run.objects().compactMap { $0["index"] as? Int } == [0, 2])
        #expect(run.errors.contains("line 4 of standard input: 42 tokens"))
    }

    @Test("a wrong variable or file stops serve with the status of a wrong configuration")
    func configuration() async throws {
        let variable = try await Program.run(["serve"], environment: ["SWIFTLET_PRT": "1"])
        #expect(variable.status == 78)
        #expect(variable.errors.contains("did you mean SWIFTLET_PORT?"))
        let file = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString).yaml")
        try Data("port: 1\nhots: a\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let fromFile = try await Program.run(["serve"], environment: ["SWIFTLET_CONFIG": file.path])
        #expect(fromFile.status == 78)
        #expect(fromFile.errors.contains("\(file.path):2: unknown key \"hots\"; did you mean host?"))
    }

    @Test("a model of the wrong kind of files is refused by name")
    func brokenModel() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "swiftlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("{}".utf8).write(to: folder.appending(path: "config.json"))
        for command in ["embed", "info"] {
            let run = try await Program.run([command, "--model", folder.path] + (command == "info" ? [] : ["a"]))
            #expect(run.status == 65)
            #expect(run.errors.contains(folder.path))
        }
    }

    @Test("a reader that goes away ends the command quietly")
    func brokenPipe() async throws {
        let process = Program.process(["tokenize", "--input", "/dev/stdin"])
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
        // The first result is read. Then nobody reads any more while texts still come.
        let writer = Thread {
            let lines = Data(String(repeating: "some text\n", count: 500).utf8)
            for _ in 0..<200 { guard (try? input.fileHandleForWriting.write(contentsOf: lines)) != nil else { return } }
            try? input.fileHandleForWriting.close()
        }
        let reader = Thread {
            _ = try? output.fileHandleForReading.read(upToCount: 100)
            try? output.fileHandleForReading.close()
        }
        writer.start()
        reader.start()
        #expect(try await process.runToEnd() == 0)
        #expect(errors.fileHandleForReading.availableData.isEmpty)
    }

    @Test(
        "Ctrl-C and SIGTERM end a waiting command with 130 and 143",
        arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)]
    )
    func signals(signal: Int32, status: Int32) async throws {
        let process = Program.process(["tokenize"])
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (input, output)
        let prodder = Thread {
            // The first answer shows that the program is at work. The input stays open.
            try? input.fileHandleForWriting.write(contentsOf: Data("hello\n".utf8))
            _ = try? output.fileHandleForReading.read(upToCount: 1)
            kill(process.processIdentifier, signal)
        }
        prodder.start()
        #expect(try await process.runToEnd() == status)
        withExtendedLifetime(input) {}
    }

    @Test(
        "help and version go to standard output",
        arguments: ["serve", "embed", "classify", "tokenize", "info", "bench", "health"]
    )
    func help(command: String) async throws {
        let run = try await Program.run([command, "--help"])
        #expect(run.status == 0)
        #expect(run.output.contains("EXAMPLES") && run.output.contains("swiftlet \(command)"))
        #expect(run.errors == "")
        #expect(try await Program.run(["--version"]).output.split(separator: ".").count == 3)
    }
}
