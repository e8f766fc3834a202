import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import Service

/// The configuration is made of the structs that the targets themselves use, so a setting cannot get lost between two
/// structs. These tests find the remaining mistakes: a property that no setting sets, a setting that nothing reads, a
/// second default.
@Suite("Settings and the properties that they set")
struct SettingsReachTests {
    /// Properties of the configuration that no setting sets, each with its reason.
    private static let unset: [String: String] = [
        "warnings": "found while the settings are read",
        "model.compute.loadingThreads": "the CPU budget",
        "model.compute.memoryLimit": "the memory limit",
        "model.compute.onPacked": "the command line sets it at a terminal",
        "http.addresses": "made of host, port and unix_socket",
        "http.connectionMemory": "a part of the memory limit",
        "http.certificates": "read from tls_certificate and tls_key",
        "http.serverName": "the program's name",
        "http.threadName": "clients see no difference",
        "http.otherDescriptors": "what the program itself opens",
        "inference.requestThreads": "a copy of http.requestThreads, for /info",
        "http.limits.maxChunkExtensionBytes": "no client sends any",
        "http.limits.maxPipelinedBytes": "clients see no difference",
        "http.limits.responseLowWaterBytes": "clients see no difference",
        "http.limits.streamWindowBytes": "follows from max_concurrent_streams and memory",
        "http.limits.connectionWindowBytes": "follows from max_concurrent_streams and memory",
        "http.limits.maxConnectionBodyBytes": "follows from max_concurrent_streams and memory",
        "http.limits.maxIdleFrames": "only attacks reach it",
        "http.limits.maxResetBurst": "only attacks reach it",
        "http.limits.maxResetsPerSecond": "only attacks reach it",
        "http.limits.maxContinuations": "only attacks reach it",
        "http.limits.maxSettingsEntries": "only attacks reach it",
        "http.limits.maxOutboundAcknowledgements": "only attacks reach it",
        "inference.batching.minBatchTokens": "measured with the kernels",
        "inference.batching.freeCompanyTokens": "measured with the kernels",
        "inference.batching.minPartTokens": "measured with the kernels",
        "inference.batching.overtakingFactor": "a promise of the queue's order",
        "inference.batching.maxOvertakingTokens": "a promise of the queue's order",
        "inference.batching.highPriorityFactor": "a promise of the queue's order",
    ]

    @Test("each setting sets one property, and no two set the same")
    func oneProperty() throws {
        var owners: [String: String] = [:]
        for key in ConfigurationKey.all {
            let path = try #require(Self.property(of: key), "\(key.name) does not set exactly one property")
            let other = owners.updateValue(key.name, forKey: path)
            #expect(other == nil, "\(key.name) and \(other ?? "") set \(path)")
        }
    }

    @Test("every property of the configuration is a setting, or has a reason not to be one")
    func nothingForgotten() {
        let properties = Set(ServiceConfiguration().leaves.keys)
        let settings = Set(ConfigurationKey.all.compactMap(Self.property))
        #expect(properties.subtracting(settings).sorted() == Self.unset.keys.sorted())
    }

    @Test("the parts of the program get the values that an operator sets", arguments: ConfigurationKeyTests.names)
    func given(name: String) throws {
        let key = try #require(ConfigurationKey.named(name))
        let (path, changed) = try #require(Self.property(of: key).map { ($0, Self.changed(by: key)) })
        let complete = changed.completed(cpus: 3, memory: 1 << 30).leaves
        #expect(complete[path] == changed.leaves[path])
        let plain = ServiceConfiguration().completed(cpus: 3, memory: 1 << 30).leaves
        if path.hasPrefix("listen.status") {
            var (given, other) = (changed, ServiceConfiguration())
            if path == "listen.statusHost" { (given.listen.statusPort, other.listen.statusPort) = (1, 1) }
            #expect(given.status?.addresses != other.status?.addresses)
        } else if path.hasPrefix("listen.") {
            #expect(complete["http.addresses"] != plain["http.addresses"])
        } else if path == "http.requestThreads" {
            #expect(complete["inference.requestThreads"] == complete[path])
        } else if path.hasPrefix("edge.") {
            #expect(Self.edge(changed) != Self.edge(ServiceConfiguration()))
            if path == "edge.tlsMinVersion" { #expect(Self.edge(changed)["certificates"] == "Optional(true)") }
        }
    }

    @Test("every property is read in the sources of its room, by the name that it has", arguments: sourceFolders)
    func read(prefix: String, folders: [String]) throws {
        let members = Self.members(in: try folders.flatMap(Self.sources))
        for path in ServiceConfiguration().leaves.keys where Self.prefix(of: path) == prefix {
            let parts = path.split(separator: ".").map(String.init)
            let owners =
                ["settings", "configuration", "policy", "limits", "options", "compute"]
                + parts.dropLast().suffix(1)
            let isRead = owners.contains { members.contains("\($0).\(parts.last ?? "")") }
            #expect(isRead, "\(path) is never read")
        }
    }

    /// The folders that read the properties with this beginning. (ServiceConfiguration itself turns `listen` into
    /// addresses.)
    static let sourceFolders: [(String, [String])] = [
        ("model", ["swiftlet", "Service/Lifecycle", "Encoder"]),
        ("edge", ["Service/Edge"]),
        ("http", ["HTTPServer"]),
        ("http.limits", ["HTTPProtocol", "HTTPServer", "Service/Edge"]),
        ("inference", ["Inference", "Service"]),
        ("inference.batching", ["Batching"]),
        ("lifecycle", ["Service/Lifecycle"]),
        ("log", ["Service/Lifecycle"]),
        ("warnings", ["Service/Lifecycle"]),
    ]

    @Test("a default stands in one place of the sources")
    func oneDefault() throws {
        let defaults = Self.defaults(in: try Self.sources(""))
        let names = ServiceConfiguration().leaves.keys.compactMap { $0.split(separator: ".").last.map(String.init) }
        for name in Set(names).subtracting(Self.commonNames) {
            let found = defaults[name, default: 0]
            #expect(found <= (name == "requestThreads" ? 2 : 1), "\(name) has \(found) defaults")
        }
        // The command line's other commands name no default of their own.
        let options = try Self.sources("swiftlet/Options").joined()
        for option in ["dtype", "backend"] {
            #expect(options.contains("var \(option) = ComputeOptions()"), "\(option)")
        }
    }

    /// Names that other types also use, for other things: the Hub client has a headTimeout, too.
    private static let commonNames: Set = [
        "name", "port", "host", "format", "level", "access", "backend", "revision", "headTimeout", "warnings",
        "task",
    ]

    // MARK: Helpers

    /// The path of the property that a key sets; nil when it sets none, or several.
    private static func property(of key: ConfigurationKey) -> String? {
        let (plain, changed) = (ServiceConfiguration().leaves, changed(by: key).leaves)
        let paths = changed.keys.filter { plain[$0] != changed[$0] }
        return paths.count == 1 ? paths.first : nil
    }

    private static func changed(by key: ConfigurationKey) -> ServiceConfiguration {
        var configuration = ServiceConfiguration()
        if let value = ConfigurationKeyTests.otherValue(of: key) { _ = key.write(&configuration, value) }
        return configuration
    }

    /// The state of the edge for some settings; if files are missing, the error about them.
    private static func edge(_ configuration: ServiceConfiguration) -> [String: String] {
        var configuration = configuration
        // Each of these settings has an effect only together with another one.
        if configuration.edge.corsMaxAge != EdgeSettings().corsMaxAge { configuration.edge.corsAllowOrigin = "*" }
        if configuration.edge.tlsKey != nil { configuration.edge.tlsCertificate = "/certificate" }
        if configuration.edge.tlsCertificate != nil { configuration.edge.tlsKey = configuration.edge.tlsKey ?? "/key" }
        let certificate = try? TestCertificate()
        if configuration.edge.tlsMinVersion != EdgeSettings().tlsMinVersion {
            configuration.edge.tlsCertificate = certificate?.certificate
            configuration.edge.tlsKey = certificate?.key
        }
        do {
            let edge = try Edge(configuration)
            var leaves = configurationLeaves(of: edge)
            leaves["certificates"] = edge.certificates.map {
                "\(String(describing: Mirror(reflecting: $0).descendant("requiresTLS13")))"
            }
            return leaves
        } catch {
            return ["error": "\(error)"]
        }
    }

    private static func prefix(of path: String) -> String? {
        sourceFolders.map(\.0).filter { path == $0 || path.hasPrefix($0 + ".") }.max { $0.count < $1.count }
    }

    /// The texts of the Swift files under a folder of Sources, without the table of settings unless all are asked for.
    private static func sources(_ folder: String) throws -> [String] {
        let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let place = root.appending(path: "Sources/" + folder)
        guard let files = FileManager.default.enumerator(at: place, includingPropertiesForKeys: nil) else { return [] }
        return try files.compactMap { $0 as? URL }
            .filter { $0.pathExtension == "swift" && (folder.isEmpty || !$0.path.contains("/Service/Configuration/")) }
            .map { try String(contentsOf: $0, encoding: .utf8) }
    }

    /// Every `owner.member` of the sources, read by bytes: a debug build's searches for characters take minutes.
    private static func members(in sources: [String]) -> Set<String> {
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."): true
            default: false
            }
        }
        var members: Set<String> = []
        for source in sources {
            for chain in source.utf8.split(whereSeparator: { !isWord($0) }) {
                let names = chain.split(separator: 0x2E).map { String(Substring($0)) }
                for (owner, member) in zip(names, names.dropFirst()) { members.insert("\(owner).\(member)") }
            }
        }
        return members
    }

    /// How many times the sources declare a variable of each name with a value.
    private static func defaults(in sources: [String]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in sources.flatMap({ $0.utf8.split(separator: 0x0A) }) {
            let words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x3A }).map { String(Substring($0)) }
            guard let variable = words.firstIndex(of: "var"), let equals = words.firstIndex(of: "="),
                equals > variable + 1, !words[variable..<equals].contains(where: { $0.hasPrefix("{") })
            else { continue }
            counts[words[variable + 1], default: 0] += 1
        }
        return counts
    }
}
