import Foundation
import TestSupport
import Testing

@testable import SwiftletKit

/// Loading, sharing, cancelling and closing a model, by the public interface alone.
@Suite("A text model", .timeLimit(.minutes(10)))
struct TextModelTests {
    private static let folders = ModelFolder.repository + "/Tests/Fixtures/folders/"

    /// The error of loading something.
    private func error(of model: String, _ options: TextModel.Options = .init()) async throws -> SwiftletError {
        try await #require(throws: SwiftletError.self) { _ = try await TextModel(model, options: options) }
    }

    @Test("tells what it is")
    func facts() async throws {
        let model = try await TextModel(ModelFolder.bundled, options: .init(threads: 2))
        #expect(model.name == "mobilebert-mini" && model.folder == ModelFolder.bundled)
        #expect(model.abilities == [.classification] && model.labels == ["NEGATIVE", "POSITIVE"])
        #expect(model.embeddingSize > 0 && model.maxTokens > 2 && model.prompts.isEmpty)
        #expect(try await model.embed("a film").count == model.embeddingSize)
    }

    @Test("is not found in a folder that is not there, and says where it was searched and what puts it there")
    func missingFolder() async throws {
        let error = try await error(of: "no-such/model-anywhere")
        #expect(error.kind == .modelNotFound)
        #expect(error.message.contains("there is no folder no-such/model-anywhere"))
        #expect(error.message.contains("swiftlet pull no-such/model-anywhere"))
        #expect(error.localizedDescription == error.message)
    }

    @Test("is not found by a name that can be no id")
    func impossibleName() async throws {
        #expect(try await error(of: "/no/such/folder/at/all").kind == .modelNotFound)
    }

    @Test("is not made of a folder without a model, and says which file is missing")
    func emptyFolder() async throws {
        let folder = try TemporaryFolder()
        let error = try await error(of: folder.path)
        #expect(error.kind == .modelNotFound && error.message.contains("config.json"))
    }

    @Test("is not made of damaged weights, and says which file is damaged")
    func damagedWeights() async throws {
        try await ModelFolder.with(modelOf: ModelFolder.bundled, ["model.safetensors": "damaged"]) { folder in
            let error = try await error(of: folder)
            #expect(error.kind == .unusableModel && error.message.contains("model.safetensors"))
        }
    }

    @Test("is found in the Hub's cache by its id, at the revision that is asked for")
    func cachedModel() async throws {
        let cache = try TemporaryFolder()
        let commit = String(repeating: "0123456789", count: 4)
        let folder = "\(cache.path)/models--org--mini"
        for name in ["refs", "snapshots"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        try Data(commit.utf8).write(to: URL(filePath: "\(folder)/refs/v1"))
        let snapshot = "\(folder)/snapshots/\(commit)"
        try FileManager.default.createSymbolicLink(atPath: snapshot, withDestinationPath: ModelFolder.bundled)
        let environment = ["HF_HUB_CACHE": cache.path]
        for revision in ["v1", commit] {
            let place = try ModelPlace("org/mini", revision: revision, environment: environment)
            #expect(place.folder == snapshot && place.id == "org/mini")
        }
        let error = #expect(throws: SwiftletError.self) {
            try ModelPlace("org/mini", revision: nil, environment: environment)
        }
        #expect(error?.kind == .modelNotFound && error?.message.contains("at main is not in") == true)
    }

    @Test("refuses options that cannot be", arguments: [0, -1, 1025])
    func impossibleThreads(threads: Int) async throws {
        let error = try await error(of: ModelFolder.bundled, .init(threads: threads))
        #expect(error.kind == .invalidInput && error.message.contains("Given: \(threads)"))
        #expect(try await self.error(of: ModelFolder.bundled, .init(revision: "main")).kind == .invalidInput)
    }

    @Test("computes in each data type", arguments: TextModel.Options.DataType.allCases)
    func dataTypes(dataType: TextModel.Options.DataType) async throws {
        let exact = try await TextModel(ModelFolder.bundled, options: .init(threads: 1)).embed("a witty film")
        let model = try await TextModel(ModelFolder.bundled, options: .init(dataType: dataType, threads: 1))
        let vector = try await model.embed("a witty film")
        let cosine = zip(exact, vector).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(cosine > 0.95 && (dataType == .float32) == (vector == exact))
    }

    @Test("gives each of many concurrent calls its own result")
    func concurrency() async throws {
        let model = try await TextModel(ModelFolder.bundled, options: .init(threads: 2))
        let texts = (0..<8).map { String(repeating: "a dull film ", count: $0 + 1) }
        let expected = try await model.embed(texts)
        try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            for call in 0..<200 {
                group.addTask { (call % texts.count, try await model.embed(texts[call % texts.count])) }
            }
            for try await (index, vector) in group { #expect(vector == expected[index]) }
        }
    }

    @Test("takes more texts at once than a service's request may have")
    func manyTexts() async throws {
        let model = try await TextModel(ModelFolder.bundled, options: .init(threads: 2))
        let vectors = try await model.embed(Array(repeating: "a", count: 20_000))
        #expect(vectors.count == 20_000 && Set(vectors).count == 1)
    }

    @Test("ends cancelled calls with CancellationError, and goes on with the others")
    func cancellation() async throws {
        let model = try await TextModel(ModelFolder.bundled, options: .init(threads: 1))
        let tasks = (0..<16).map { index in
            let texts = (0..<32).map { String(repeating: "dull ", count: 100) + "\(index) \($0)" }
            let task = Task { try await model.embed(texts).count }
            if index.isMultiple(of: 2) { task.cancel() }
            return task
        }
        var cancelled = 0
        for (index, task) in tasks.enumerated() {
            switch await task.result {
            case .success(let count): #expect(count == 32)
            case .failure(let error):
                #expect(error is CancellationError && index.isMultiple(of: 2), "\(error)")
                cancelled += 1
            }
        }
        #expect(cancelled > 0)
        #expect(try await model.embed("still here").count == model.embeddingSize)
    }

    @Test("refuses calls once it is closed")
    func closing() async throws {
        let model = try await TextModel(ModelFolder.bundled, options: .init(threads: 1))
        await model.close()
        let error = await #expect(throws: SwiftletError.self) { _ = try await model.embed("a") }
        #expect(error?.kind == .closed)
        await model.close()
    }

    @Test("ends its threads when it is released")
    func release() async throws {
        func threads() throws -> Int {
            let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
            return tasks.count { id in
                (try? String(contentsOfFile: "/proc/self/task/\(id)/comm", encoding: .utf8))?.hasPrefix("engine-60")
                    == true
            }
        }
        // No other test has so many workers that a thread has this name.
        var model: TextModel? = try await TextModel(ModelFolder.bundled, options: .init(threads: 61))
        _ = try await model?.embed("a")
        #expect(try threads() == 1)
        model = nil
        for _ in 0..<200 where try threads() > 0 { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try threads() == 0)
    }

    @Test(
        "says which head is missing, and which there is",
        arguments: [
            ("020-bert-answers", TextModel.Ability.answers), ("000-bert-masked", .maskFilling),
            ("018-distilbert-tokens", .tokenLabels), ("013-bert-next", .nextSentence), ("005-bert-choice", .choice),
        ]
    )
    func missingHeads(folder: String, ability: TextModel.Ability) async throws {
        let model = try await TextModel(Self.folders + folder, options: .init(threads: 1))
        #expect(model.abilities == [ability])
        let calls: [(TextModel.Ability, () async throws -> Void)] = [
            (.classification, { _ = try await model.classify("a") }),
            (.classification, { _ = try await model.rerank(["a"], for: "b") }),
            (.classification, { _ = try await model.zeroShot("a", labels: ["b"]) }),
            (.tokenLabels, { _ = try await model.labelTokens("a") }),
            (.answers, { _ = try await model.answer("a", in: "b") }),
            (.maskFilling, { _ = try await model.fillMask("a [MASK]") }),
            (.nextSentence, { _ = try await model.follows("a", after: "b") }),
            (.choice, { _ = try await model.choose("a", from: ["b"]) }),
        ]
        for (needed, call) in calls where needed != ability {
            let error = try await #require(throws: SwiftletError.self) { try await call() }
            #expect(error.kind == .missingAbility && error.message.contains("has only one for"), "\(error)")
        }
    }

    @Test("speaks of its own options when it refuses inputs")
    func invalidInputs() async throws {
        let model = try await TextModel(ModelFolder.bundled, options: .init(threads: 1, truncatesInputs: false))
        let long = String(repeating: "a ", count: 2 * model.maxTokens)
        let calls: [(String, () async throws -> Void)] = [
            ("truncatesInputs", { _ = try await model.embed(["a", long]) }),
            ("dimensions", { _ = try await model.embed("a", options: .init(dimensions: 0)) }),
            ("there is no prompt \"query\"", { _ = try await model.embed("a", options: .init(prompt: "query")) }),
            ("`labels`", { _ = try await model.zeroShot("a", labels: []) }),
            ("`hypothesis`", { _ = try await model.zeroShot("a", labels: ["b"], hypothesis: "c") }),
            ("no token has the id", { _ = try await model.decode([1 << 40]) }),
            ("no token has the id", { _ = try await model.decode([-1]) }),
        ]
        for (text, call) in calls {
            let error = try await #require(throws: SwiftletError.self) { try await call() }
            #expect(error.kind == .invalidInput && error.message.contains(text), "\(error)")
        }
    }

    @Test("gives nothing for no texts")
    func noTexts() async throws {
        let model = try await TextModel(ModelFolder.bundled, options: .init(threads: 1))
        #expect(try await model.embed([]).isEmpty)
        #expect(try await model.classify([]).isEmpty)
        #expect(try await model.similarity(of: "a", to: []).isEmpty)
        #expect(try await model.rerank([], for: "a").isEmpty)
        #expect(try await model.labelTokens([]).isEmpty)
        #expect(try await model.zeroShot([], labels: ["a"]).isEmpty)
    }
}
