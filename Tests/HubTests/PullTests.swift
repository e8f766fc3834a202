import Foundation
import ModelCache
import Synchronization
import TLS
import Testing

@testable import Hub

/// Pulls from a Hub on loopback, with and without failures.
@Suite("A pull")
struct PullTests {
    static let commit = "0123456789abcdef0123456789abcdef01234567"
    let cache = TestCache()

    @Test("fetches the files of a model that are read, and stores them as huggingface_hub does")
    func layout() async throws {
        let pull = try await cache.client().pull("org/plain")
        #expect(pull.folder == "\(cache.path)/models--org--plain/snapshots/\(Self.commit)")
        let names = ["config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"]
        #expect(pull.files == names)
        let files = try cache.files(of: "plain")
        #expect(files.keys.filter { $0.hasPrefix("snapshots/") }.count == names.count)
        for name in names {
            let target = try #require(files["snapshots/\(Self.commit)/\(name)"])
            #expect(target.hasPrefix("../../blobs/"))
            #expect(files["blobs/\(target.dropFirst("../../blobs/".count))"] == "", "\(name)")
        }
        let reference = try String(contentsOfFile: "\(cache.path)/models--org--plain/refs/main", encoding: .utf8)
        #expect(reference == Self.commit)
        #expect(files["blobs/" + (files["snapshots/\(Self.commit)/model.safetensors"] ?? "").suffix(64)] == "")
        #expect(files.keys.allSatisfy { !$0.hasSuffix(".incomplete") && !$0.hasSuffix(".tmp") })
    }

    @Test("of a cached model requests only the listing, and nothing in offline mode")
    func again() async throws {
        let first = try await cache.client().pull("org/plain")
        let before = try TestHub.shared.get().requests(about: "plain").count
        #expect(try await cache.client().snapshot(of: "org/plain") == first.folder)
        #expect(try await cache.client(isOffline: true).pull("org/plain").folder == first.folder)
        #expect(try cache.client().cachedFolder(of: "org/plain") == first.folder)
        #expect(throws: HubError.self) { try cache.client().cachedFolder(of: "org/a--b") }
        await #expect(throws: HubError.notCached(id: "org/bin", revision: "main", cache: cache.path)) {
            try await cache.client(isOffline: true).snapshot(of: "org/bin")
        }
        _ = before
    }

    @Test("sends the token to the Hub, and never to hosts to which the Hub redirects")
    func token() async throws {
        await #expect(throws: HubError.unauthorized(id: "org/private", hasToken: false)) {
            try await cache.client().pull("org/private")
        }
        await #expect(throws: HubError.unauthorized(id: "org/private", hasToken: true)) {
            try await cache.client(token: "hf_bad").pull("org/private")
        }
        _ = try await cache.client(token: "hf_good").pull("org/private")
        let requests = try TestHub.shared.get().requests(about: "private")
        #expect(requests.contains { $0.host == "cdn" })
        #expect(requests.allSatisfy { $0.host == "hub" || $0.token == nil })
        #expect(requests.last { $0.host == "hub" }?.token == "Bearer hf_good")
        #expect(requests.allSatisfy { $0.agent?.hasPrefix("swiftlet") == true })
    }

    @Test(
        "comes through a bad day",
        arguments: [
            "throttled", "shaky", "silent", "broken", "rangeless", "other-range", "unsatisfied", "damaged-once",
            "expired", "renamed", "treed", "plainly", "crawling", "slow", "hinted",
        ]
    )
    func badDay(_ model: String) async throws {
        let client = try cache.client(timeout: model == "slow" ? 1 : 5)
        let pull = try await client.pull("org/\(model)")
        let weights = try Data(contentsOf: URL(filePath: pull.folder + "/model.safetensors"))
        #expect(weights.count == 300_000)
        #expect(weights == Data((0..<300_000).map { UInt8(truncatingIfNeeded: ($0 * 7919) >> 3) }))
        #expect(try cache.files(of: model).keys.allSatisfy { !$0.hasSuffix(".incomplete") })
        if model == "broken" {
            let ranges = try TestHub.shared.get().requests(about: model).filter { $0.host == "cdn" }.map(\.range)
            #expect(ranges == [nil, "bytes=60000-", "bytes=120000-", "bytes=180000-"])
        }
    }

    @Test("says what is wrong, and leaves no file that could be taken for the model", arguments: Self.faults)
    func fault(_ model: String, _ expected: @Sendable (HubError) -> Bool) async throws {
        let error = await #expect(throws: HubError.self) { try await cache.client().pull("org/\(model)") }
        #expect(error.map(expected) == true, "\(model): \(error.map { "\($0)" } ?? "nothing")")
        #expect(try cache.client().cachedFolder(of: "org/\(model)") == nil)
        #expect(!FileManager.default.fileExists(atPath: cache.path + "/../escaped"))
    }

    private static let gatedMessage = "Access to model org/gated is restricted."
    static let faults: [(String, @Sendable (HubError) -> Bool)] = [
        ("gated", { $0 == .forbidden(id: "org/gated", isGated: true, hasToken: false, message: gatedMessage) }),
        ("down", { if case .refused(_, 503, "try later", 4) = $0 { true } else { false } }),
        ("garbage", { if case .malformedAnswer = $0 { true } else { false } }),
        ("damaged", { if case .wrongChecksum("model.safetensors", _, _) = $0 { true } else { false } }),
        ("damaged-small", { if case .wrongChecksum("vocab.txt", _, _) = $0 { true } else { false } }),
        ("short", { $0 == .wrongSize(file: "model.safetensors", bytes: 299_995, expected: 300_000) }),
        ("long", { $0 == .wrongSize(file: "model.safetensors", bytes: 300_004, expected: 300_000) }),
        ("huge", { if case .tooLarge("model.safetensors", 1 << 50, _) = $0 { true } else { false } }),
        ("escape", { $0 == .unsafePath("../../../../escaped") }),
        ("weightless", { if case .notAModel = $0 { true } else { false } }),
        ("loop", { if case .malformedAnswer(_, let found, _) = $0 { found.contains("redirections") } else { false } }),
        ("unnamed", { if case .malformedAnswer(_, "no ETag", _) = $0 { true } else { false } }),
    ]

    @Test("says why the cache's folder cannot be made")
    func unmakeableFolder() async throws {
        try Data().write(to: URL(filePath: cache.path))
        let error = await #expect(throws: HubError.self) { try await cache.client().pull("org/plain") }
        #expect(error?.description.hasSuffix(": the folder cannot be made: Not a directory") == true)
    }

    @Test("tells a model, a revision and a file apart that are not there")
    func missing() async throws {
        let client = try cache.client()
        await #expect(throws: HubError.noRepository(id: "nobody/plain", endpoint: client.settings.endpoint)) {
            try await client.pull("nobody/plain")
        }
        await #expect(throws: HubError.noRevision(id: "org/plain", revision: "v9")) {
            try await client.pull("org/plain", revision: "v9")
        }
        #expect(try await client.pull("org/plain", revision: "refs/pr/1").commit == Self.commit)
        #expect(try client.cachedFolder(of: "org/plain", revision: "refs/pr/1") != nil)
        #expect(try client.cachedFolder(of: "org/plain") == nil, "main was never asked for")
    }

    @Test("takes PyTorch's weights, weights in parts, and sentence-transformers' folders")
    func kinds() async throws {
        let client = try cache.client()
        #expect(try await client.pull("org/bin").files.contains("pytorch_model.bin"))
        let parts = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        #expect(try await client.pull("org/sharded").files.filter { $0.hasPrefix("model-") } == parts)
        let sentences = try await client.pull("org/sentences").files
        #expect(sentences.contains("0_Transformer/model.safetensors"))
        #expect(sentences.contains("1_Pooling/config.json"))
        #expect(sentences.contains("2_Dense/model.safetensors"))
        #expect(!sentences.contains("2_Dense/pytorch_model.bin"))
        #expect(!sentences.contains("notes/secret.txt"))
        #expect(try client.cachedFolder(of: "org/sentences") != nil)
        let unsafe = try await client.pull("org/unsafe").files
        #expect(unsafe.allSatisfy(RepositoryPath.isSafe), "what is not read is not fetched, whatever its path")
    }

    @Test("continues after an interrupted pull, and starts again if the partial file is wrong")
    func resuming() async throws {
        let weights = Data((0..<300_000).map { UInt8(truncatingIfNeeded: ($0 * 7919) >> 3) })
        let blobs = "\(cache.path)/models--org--plain/blobs"
        let name = "\(blobs)/\(try Self.sha256(weights)).incomplete"
        for (left, range) in [(weights.prefix(100_000), "bytes=100000-"), (Data(repeating: 1, count: 9), "bytes=9-")] {
            try? FileManager.default.removeItem(atPath: "\(cache.path)/models--org--plain")
            try FileManager.default.createDirectory(atPath: blobs, withIntermediateDirectories: true)
            try left.write(to: URL(filePath: name))
            let pull = try await cache.client().pull("org/plain")
            #expect(try Data(contentsOf: URL(filePath: pull.folder + "/model.safetensors")) == weights)
            #expect(try TestHub.shared.get().requests(about: "plain").contains { $0.range == range })
        }
    }

    @Test("removes partial files that nobody has continued for days and nobody fetches, and no others")
    func abandoned() async throws {
        let pulled = HubCache(root: cache.path, id: try ModelID("org/plain"))
        try pulled.makeFolder(of: pulled.blob("x"))
        let old = [FileAttributeKey.modificationDate: Date(timeIntervalSinceNow: -8 * 86_400)]
        for (etag, isOld) in [("left", true), ("fetched", true), ("fresh", false)] {
            try Data([1]).write(to: URL(filePath: pulled.incomplete(etag)))
            if isOld { try FileManager.default.setAttributes(old, ofItemAtPath: pulled.incomplete(etag)) }
        }
        try pulled.makeFolder(of: pulled.lock("fetched"))
        let lock = try await FileLock.acquire(pulled.lock("fetched")) {}
        let pull = try await cache.client().pull("org/plain")
        #expect(!pull.files.isEmpty)
        #expect(HubCache.fileSize(pulled.incomplete("left")) == nil)
        #expect(HubCache.fileSize(pulled.incomplete("fetched")) == 1)
        #expect(HubCache.fileSize(pulled.incomplete("fresh")) == 1)
        _ = consume lock
    }

    @Test("is done once if two are requested at the same time")
    func twoAtOnce() async throws {
        let pulls = try await withThrowingTaskGroup(of: HubClient.Pull.self) { group in
            for _ in 0..<2 {
                let client = try cache.client()
                group.addTask { try await client.pull("org/crawling", revision: "v1") }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(pulls.count == 2 && pulls[0] == pulls[1])
        let files = try cache.files(of: "crawling")
        #expect(files.keys.allSatisfy { !$0.hasSuffix(".incomplete") })
    }

    @Test("uses an incomplete snapshot of another program if no Hub answers")
    func unconfirmed() async throws {
        let folder = try await cache.client().pull("org/plain").folder
        // The cache is now as a program leaves it that never asked for modules.json.
        try FileManager.default.removeItem(atPath: "\(cache.path)/models--org--plain/.no_exist")
        let told = Mutex<[PullEvent]>([])
        var client = try cache.client(observer: { event in told.withLock { $0.append(event) } })
        #expect(try await client.snapshot(of: "org/plain") == folder)
        try FileManager.default.removeItem(atPath: "\(cache.path)/models--org--plain/.no_exist")
        var settings = client.settings
        settings.endpoint = "http://127.0.0.1:1"
        client = HubClient(settings: settings, observer: { event in told.withLock { $0.append(event) } })
        #expect(try await client.snapshot(of: "org/plain") == folder)
        #expect(told.withLock { $0.contains { if case .unconfirmed = $0 { true } else { false } } })
        client.policy.maxAttempts = 1
        let error = await #expect(throws: HubError.self) { try await client.snapshot(of: "org/bin") }
        let message = error.map { "\($0)" } ?? ""
        for part in ["http://127.0.0.1:1/", "no connection to it;", "HF_ENDPOINT", "a folder"] {
            #expect(message.contains(part), "what is wrong, and what to do: \(message)")
        }
    }

    @Test("fetches a file again that was damaged in the cache")
    func damagedCache() async throws {
        let folder = try await cache.client().pull("org/plain").folder
        for (name, damage) in [("model.safetensors", { $0.prefix(1000) }), ("vocab.txt", { Data($0.reversed()) })]
            as [(String, (Data) -> Data)]
        {
            let file = URL(filePath: "\(folder)/\(name)").resolvingSymlinksInPath()
            let content = try Data(contentsOf: file)
            try damage(content).write(to: file)
            _ = try await cache.client().pull("org/plain")
            #expect(try Data(contentsOf: URL(filePath: "\(folder)/\(name)")) == content, "\(name)")
        }
    }

    private static func sha256(_ data: Data) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "hash-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: path) }
        try data.write(to: path)
        let file = try PartialFile(path: path.path)
        return try #require(try file.hash(.sha256))
    }
}
