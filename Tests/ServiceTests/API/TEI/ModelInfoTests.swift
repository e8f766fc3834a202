import Foundation
import HTTPProtocol
import HTTPTypes
import Host
import JSON
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("/info and the fields of answers")
struct ModelInfoTests {
    @Test("/info has every field of text-embeddings-inference's, and one kind of model")
    func fields() async throws {
        let info = try await TestService.bundled().send("GET", "/info").json
        for key in [
            "model_id", "model_sha", "model_dtype", "served_model_name", "model_type", "max_concurrent_requests",
            "max_input_length", "max_batch_tokens", "max_batch_requests", "max_client_batch_size", "auto_truncate",
            "tokenization_workers", "version", "sha", "docker_label",
        ] {
            #expect(info[key] != nil, "\(key)")
        }
        #expect(info["model_id"] == .string("mobilebert-mini") && info["model_sha"] == .null)
        #expect(info["version"]?.text == SwiftletVersion.current && info["sha"]?.text == SwiftletVersion.commit)
        #expect(info["tokenizer"] == .boolean(true))
        #expect(info["max_input_length"]?.integer == 512 && info["auto_truncate"] == .boolean(true))
        let labels: JSONValue = .object([
            "id2label": .object(["0": .string("NEGATIVE"), "1": .string("POSITIVE")]),
            "label2id": .object(["NEGATIVE": .number("0"), "POSITIVE": .number("1")]),
        ])
        #expect(info["model_type"] == .object(["classifier": labels]))
    }

    @Test("a head with one label makes a reranker, a model without a head an embedding model")
    func kinds() async throws {
        for (model, kind) in [(ModelFolder.regression, "reranker"), (ModelFolder.withoutVocabulary, "embedding")] {
            try await TestModels.with(modelOf: model) { service in
                guard case .object(let type)? = try await service.send("GET", "/info").json["model_type"] else {
                    Issue.record("no object")
                    return
                }
                #expect(type.members.map(\.key) == [kind])
            }
        }
    }

    @Test("mask_token is the tokenizer's own, and null without a tokenizer")
    func maskToken() async throws {
        for (model, settings, token) in [
            (ModelFolder.bundled, "{}", JSONValue.string("[MASK]")),
            (ModelFolder.bundled, #"{"mask_token":"film"}"#, .string("film")),
        ] {
            try await TestModels.with(modelOf: model, ["tokenizer_config.json": settings]) { service in
                let info = try await service.send("GET", "/info").json
                #expect(info["mask_token"] == token)
            }
        }
        let inference = InferenceService(
            model: try LoadedModel(directory: ModelFolder.withoutVocabulary),
            configuration: .patient(workers: 1)
        )
        #expect(try await TestService(inference).send("GET", "/info").json["mask_token"] == .null)
        await inference.shutDown()
    }

    @Test("heads, tasks and architecture are those of the checkpoint")
    func heads() async throws {
        let both = ["feature-extraction", "sentence-similarity"]
        for (model, architecture, heads, tasks) in [
            (
                "mobilebert-pretraining", "MobileBertForPreTraining", ["MaskedLM", "NextSentencePrediction"],
                ["fill-mask", "next-sentence-prediction"]
            ),
            (
                "mobilebert-regression", "MobileBertForSequenceClassification", ["SequenceClassification"],
                ["text-classification", "text-ranking"]
            ),
            ("distilbert-qa", "DistilBertForQuestionAnswering", ["QuestionAnswering"], ["question-answering"]),
            ("bert", "BertModel", [], []),
        ] as [(String, String, [String], [String])] {
            try await TestModels.with(modelOf: ModelFolder.fixture(model)) { service in
                let info = try await service.send("GET", "/info").json
                #expect(info["architecture"] == .string(architecture))
                #expect(info["heads"]?.elements.compactMap(\.text) == heads)
                #expect(info["tasks"]?.elements.compactMap(\.text) == both + tasks)
            }
        }
    }

    @Test("the revision is that of a Hub cache's folder, and of no other")
    func revision() async throws {
        let commit = String(repeating: "0123456789", count: 4)
        let root = FileManager.default.temporaryDirectory.appending(path: "revision-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, expected) in [("snapshots/\(commit)", commit), (commit, nil), ("snapshots/main", nil)] {
            let folder = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: folder.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try FileManager.default.copyItem(atPath: ModelFolder.regression, toPath: folder.path)
            #expect(try LoadedModel(directory: folder.path).revision == expected)
        }
    }

    @Test("every route that computes tells its cost")
    func costs() async throws {
        let service = try TestService.bundled()
        for (path, body, characters, tokens) in [
            ("/embed", #"{"inputs":["good","Café"]}"#, 8, 6), ("/embed_all", #"{"inputs":"good"}"#, 4, 3),
            ("/predict", #"{"inputs":["a","b"]}"#, 2, 5), ("/classify", #"{"inputs":[101,102]}"#, 2, 2),
            ("/similarity", #"{"inputs":{"source_sentence":"a","sentences":["b","c"]}}"#, 3, 9),
        ] {
            let fields = try await service.send("POST", path, body).fields
            #expect(fields[.computeType] == "cpu")
            #expect(fields[.computeCharacters] == "\(characters)" && fields[.computeTokens] == "\(tokens)", "\(path)")
            let times = [HTTPField.Name.totalTime, .computeTime, .tokenizationTime, .queueTime, .inferenceTime]
                .map { fields[$0].flatMap { Int($0) } ?? -1 }
            #expect(times.allSatisfy { $0 >= 0 } && times[0] == times[1], "\(path)")
            // Each time is rounded separately.
            #expect(times[2] + times[3] + times[4] <= times[0] + 2, "\(path): \(times)")
        }
    }

    @Test("GET / is /health, which some probes ask for")
    func root() async throws {
        let service = try TestService.bundled()
        #expect(try await service.send("GET", "/").status == service.send("GET", "/health").status)
        #expect(try await TestService.loading().send("GET", "/").status == 503)
    }
}
