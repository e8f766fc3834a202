import HTTPTypes
import JSON
import ModelFiles
import TestSupport
import Testing

@testable import Inference
@testable import Service

@Suite("Prompts")
struct PromptTests {
    private static let prompts = #"{"prompts":{"query":"query: ","passage":"passage: "},"default_prompt_name":null}"#
    private static let withDefault = #"{"prompts":{"query":"query: "},"default_prompt_name":"query"}"#

    /// A service on a model whose folder has a config_sentence_transformers.json.
    private func with(
        _ file: String?,
        change: (inout InferenceConfiguration) -> Void = { _ in },
        _ body: (TestService) async throws -> Void
    ) async throws {
        try await TestModels.with(
            modelOf: ModelFolder.withoutVocabulary,
            file.map { ["config_sentence_transformers.json": $0] } ?? [:],
            change: change,
            body
        )
    }

    @Test("a named prompt goes before each text, on every route that embeds or tokenizes")
    func named() async throws {
        try await with(Self.prompts) { service in
            for path in ["/embed", "/embed_all", "/tokenize"] {
                let prompted = try await service.post(path, #"{"inputs":["good","bad"],"prompt_name":"query"}"#)
                let spelled = try await service.post(path, #"{"inputs":["query: good","query: bad"]}"#)
                #expect(prompted == spelled, "\(path)")
                #expect(try await service.post(path, #"{"inputs":["good","bad"]}"#) != prompted, "\(path)")
            }
            let similar = try await service.post(
                "/similarity",
                #"{"inputs":{"source_sentence":"good","sentences":["bad"]},"parameters":{"prompt_name":"passage"}}"#
            )
            let spelled = try await service.post(
                "/similarity",
                #"{"inputs":{"source_sentence":"passage: good","sentences":["passage: bad"]}}"#
            )
            #expect(similar == spelled)
        }
    }

    @Test("the model's default prompt is used if none is named, and another can be named")
    func defaults() async throws {
        try await with(Self.withDefault) { service in
            let usual = try await service.post("/embed", #"{"inputs":"good"}"#)
            #expect(try await service.post("/embed", #"{"inputs":"good","prompt_name":"query"}"#) == usual)
            let ids = try await service.post("/tokenize", #"{"inputs":"good"}"#).elements[0].elements
            #expect(ids.compactMap { $0["text"]?.text } == ["[CLS]", "query", ":", "good", "[SEP]"])
            let given = try await service.post("/embed", #"{"inputs":[2,8,10,14,3]}"#)
            #expect(given == usual, "ids are what the model sees, without any prompt")
        }
        try await with(Self.withDefault, change: { $0.defaultPrompt = "passage: " }) { service in
            let ids = try await service.post("/tokenize", #"{"inputs":"good"}"#).elements[0].elements
            #expect(ids.compactMap { $0["text"]?.text } == ["[CLS]", "passage", ":", "good", "[SEP]"])
        }
    }

    @Test("characters are counted in the client's texts, tokens in the model's input")
    func counting() async throws {
        try await with(Self.withDefault) { service in
            let answer = try await service.send("POST", "/embed", #"{"inputs":"good"}"#)
            #expect(answer.fields[.computeCharacters] == "4" && answer.fields[.computeTokens] == "5")
        }
    }

    @Test(
        "a prompt that there is not, or that can go nowhere, is refused with those there are",
        arguments: [
            (#"{"inputs":"a","prompt_name":"other"}"#, "passage, query"),
            (#"{"inputs":[2,3],"prompt_name":"query"}"#, "ids"),
            (#"{"inputs":"a","prompt_name":7}"#, "`prompt_name` must be a text"),
        ]
    )
    func refusals(_ body: String, message: String) async throws {
        try await with(Self.prompts) { service in
            let answer = try await service.send("POST", "/embed", body)
            #expect(answer.status == 422 && answer.text.contains(message), "\(answer.text)")
        }
        try await with(nil) { service in
            let answer = try await service.send("POST", "/embed", #"{"inputs":"a","prompt_name":"query"}"#)
            #expect(answer.status == 422 && answer.text.contains("the model has no prompts"), "\(answer.text)")
        }
    }

    @Test(
        "a file that cannot be meant stops the start",
        arguments: [#"{"prompts":[]}"#, #"{"prompts":{"a":1}}"#, #"{"prompts":{},"default_prompt_name":"query"}"#, "["]
    )
    func badFiles(_ file: String) async throws {
        try await ModelFolder.with(
            modelOf: ModelFolder.withoutVocabulary,
            ["config_sentence_transformers.json": file]
        ) { folder in
            #expect(throws: ModelError.self) { try LoadedModel(directory: folder) }
        }
    }
}
