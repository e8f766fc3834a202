import Foundation
import Inference
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// `swiftlet pull`, and models of the Hub in other commands, against Tests/Hub/hub.py.
@Suite("Models of the Hub")
struct PullProcessTests {
    /// The Hub's process, its address, and a cache; all end with the test.
    private final class Hub {
        let process = Process()
        let address: String
        let cache = FileManager.default.temporaryDirectory.appending(path: "pull-\(UUID().uuidString)").path

        init(folder: String) throws {
            let output = Pipe()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["python3", Program.root.appending(path: "Tests/Hub/hub.py").path, folder]
            process.standardInput = Pipe()
            process.standardOutput = output
            try process.run()
            let line = output.fileHandleForReading.availableData
            let addresses = try JSONSerialization.jsonObject(with: line) as? [String: String]
            address = try #require(addresses?["hub"])
        }

        deinit {
            process.terminate()
            try? FileManager.default.removeItem(atPath: cache)
        }

        var environment: [String: String] {
            ["HF_ENDPOINT": address, "HF_HUB_CACHE": cache, "HF_HOME": cache + "/home", "HF_HUB_OFFLINE": "0"]
        }
    }

    /// The bundled model, which is small and has all kinds of files.
    private static let model = Program.root.path + "/Models/" + BundledModel.name

    @Test("are fetched once, into a folder that is printed, and then found without a Hub")
    func pulling() async throws {
        let hub = try Hub(folder: Self.model)
        let pull = try await Program.run(["pull", "org/real"], environment: hub.environment)
        #expect(pull.status == 0, "\(pull.errors)")
        #expect(pull.output.hasPrefix(hub.cache + "/models--org--real/snapshots/") && pull.output.hasSuffix("\n"))
        #expect(pull.errors.contains("model.safetensors"))
        let json = try await Program.run(["pull", "-q", "--format", "json", "org/real"], environment: hub.environment)
        #expect(try json.objects().first?["commit"] as? String == "0123456789abcdef0123456789abcdef01234567")
        #expect(json.errors.isEmpty)
        hub.process.terminate()
        let info = try await Program.run(["info", "--model", "org/real"], environment: hub.environment)
        #expect(try info.objects().first?["model_id"] as? String == "org/real", "\(info.errors)")
    }

    @Test("that cannot be had end a command with the status that says why")
    func statuses() async throws {
        let hub = try Hub(folder: Self.model)
        let cases: [([String], Int32)] = [
            (["pull", "org/gated"], 77), (["pull", "nobody/plain"], 66),
            (["pull", "org/plain", "--revision", "v9"], 66),
            (["pull", "org/escape"], 65), (["pull", "a--b"], 64), (["info", "--model", "nobody/plain"], 66),
            (["pull", "org/plain", "--max-file-bytes", "1000"], 65), (["info", "--model", "org//plain"], 66),
        ]
        for (arguments, status) in cases {
            let run = try await Program.run(arguments, environment: hub.environment)
            #expect(run.status == status, "\(arguments): \(run.errors)")
            #expect(run.errors.hasPrefix("swiftlet: ") || run.errors.contains("\nswiftlet: "))
        }
        let offline = hub.environment.merging(["HF_HUB_OFFLINE": "1"]) { $1 }
        for command in [["pull", "org/plain"], ["serve", "--port", "0", "--model", "org/plain"]] {
            let run = try await Program.run(command, environment: offline)
            #expect(run.status == 66 && run.errors.contains("HF_HUB_OFFLINE"), "\(run.errors)")
        }
    }

    @Test("are fetched by the service while its port is open, and served by their id")
    func serving() async throws {
        let hub = try Hub(folder: Self.model)
        let server = try await Server.start(["--model", "org/real"], environment: hub.environment)
        #expect(try await server.becomesReady())
        let info = try await server.get("/info").body
        #expect(info.contains("\"model_id\":\"org/real\""))
        #expect(info.contains("\"model_sha\":\"0123456789abcdef0123456789abcdef01234567\""))
        let messages = server.lines.compactMap { $0["message"] as? String }
        let (open, fetched) = (messages.firstIndex(of: "listening"), messages.firstIndex(of: "fetched"))
        #expect(try #require(open) < #require(fetched), "\(messages)")
        #expect(try await server.stop() == 0)
    }
}
