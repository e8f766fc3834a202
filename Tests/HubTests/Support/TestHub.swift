import Foundation
import ModelCache
import Testing

@testable import Hub

/// The Hub of Tests/Hub/hub.py, which runs as long as the tests do.
struct TestHub {
    let address: String
    let cdn: String

    /// A request that the Hub got.
    struct Request: Decodable {
        var host: String
        var method: String
        var path: String
        var range: String?
        var token: String?
        var agent: String?
    }

    private struct Addresses: Decodable {
        var hub: String
        var cdn: String
    }

    /// The Hub's standard input. The Hub ends when this pipe closes, which happens at the latest when the tests end.
    private let input: Pipe

    static let shared = Result { try TestHub() }

    private init() throws {
        let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let (process, output) = (Process(), Pipe())
        input = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", root.appending(path: "Tests/Hub/hub.py").path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let part = output.fileHandleForReading.availableData
            guard !part.isEmpty else { break }
            line += part
        }
        let addresses = try JSONDecoder().decode(Addresses.self, from: line)
        (address, cdn) = (addresses.hub, addresses.cdn)
    }

    /// The requests about one model so far.
    func requests(about model: String) throws -> [Request] {
        let sink = try #require(URL(string: address + "/log"))
        let all = try JSONDecoder().decode([Request].self, from: Data(contentsOf: sink))
        return all.filter { $0.path.contains("/\(model)/") }
    }
}

/// A cache of one test.
final class TestCache: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appending(path: "hub-\(UUID().uuidString)").path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A client of the test's Hub with this cache and with short waits.
    func client(
        token: String? = nil,
        isOffline: Bool = false,
        timeout: Int = 5,
        limits: HubLimits = HubLimits(),
        observer: @escaping PullObserver = { _ in }
    ) throws -> HubClient {
        var settings = try HubSettings(environment: ["HF_HUB_CACHE": path, "HF_HOME": path + "/home"])
        settings.endpoint = try TestHub.shared.get().address
        settings.token = token
        settings.isOffline = isOffline
        settings.headTimeout = timeout
        settings.downloadTimeout = timeout
        settings.limits = limits
        var client = HubClient(settings: settings, observer: observer)
        client.policy.firstWait = 0.01
        client.policy.maxAttempts = 4
        return client
    }

    /// The files of a model's cache, with the targets of links.
    func files(of model: String) throws -> [String: String] {
        let folder = "\(path)/models--org--\(model)"
        var files: [String: String] = [:]
        for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
            var isFolder = ObjCBool(false)
            _ = FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)") {
                files[name] = target
            } else if !isFolder.boolValue {
                files[name] = ""
            }
        }
        return files
    }
}
