import Encoder
import Foundation
import JSON
import LinearAlgebra
import ModelFiles
import TestSupport
import Testing
import Tokenization

@testable import Inference

@Suite("A sentence-transformers folder")
struct SentenceTransformerTests {
    /// What sentence-transformers gives: scripts/make_sentence_fixtures.py.
    private struct Expected: Decodable {
        var texts: [String]
        /// By the prompt's name, "" for none.
        var vectors: [String: [[Float]]]
    }

    private static let fixtures = SentenceTransformerFixture.folder

    private static func expected(_ name: String) throws -> Expected {
        try JSONDecoder().decode(
            Expected.self,
            from: Data(contentsOf: fixtures.appending(path: "\(name)/expected.json"))
        )
    }

    @Test(
        "gives sentence-transformers' vectors to 1e-5: all poolings, joined ones, Dense, LayerNorm, Normalize, prompts",
        arguments: [
            ("normalize", "", 64), ("dense", "", 24), ("joined", "", 40), ("layer-norm", "", 128),
            ("prompts", "0_Transformer", 320), ("residual", "", 32),
        ]
    )
    func vectors(name: String, transformer: String, size: Int) async throws {
        let expected = try Self.expected(name)
        try await SentenceTransformerFixture.with(name, transformer: transformer) { folder in
            let inference = InferenceService(
                model: try LoadedModel(directory: folder),
                configuration: InferenceConfiguration(workers: 1)
            )
            #expect(inference.embeddingSize == size)
            for (prompt, vectors) in expected.vectors {
                var options = EmbedOptions()
                options.input.promptName = prompt.isEmpty ? nil : prompt
                let found = try await inference.embed(expected.texts.map(TextInput.text), options: options).value
                for (index, (found, wanted)) in zip(found, vectors).enumerated() {
                    let largest = wanted.reduce(1) { max($0, $1.magnitude) }
                    let error = zip(found, wanted).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
                    #expect(found.count == wanted.count && error <= 1e-5 * largest, "\(prompt) \(index): \(error)")
                    // The same bits, whatever goes with it.
                    let alone = try await inference.embed([.text(expected.texts[index])], options: options).value
                    #expect(alone == [found])
                }
            }
            await inference.shutDown()
        }
    }

    @Test("normalizes where its modules say so, and where the request does; sizes and cuts follow the last module")
    func defaults() async throws {
        try await SentenceTransformerFixture.with("dense") { folder in
            let inference = InferenceService(
                model: try LoadedModel(directory: folder),
                configuration: InferenceConfiguration(workers: 1)
            )
            func vector(_ change: (inout EmbedOptions) -> Void) async throws -> [Float] {
                var options = EmbedOptions()
                change(&options)
                return try await inference.embed([.text("a cat")], options: options).value[0]
            }
            func norm(_ vector: [Float]) -> Float { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            #expect(abs(norm(try await vector { _ in }) - 1) > 0.01)
            #expect(abs(norm(try await vector { $0.normalize = true }) - 1) < 1e-6)
            let cut = try await vector {
                $0.dimensions = 5
                $0.normalize = true
            }
            #expect(cut.count == 5 && abs(norm(cut) - 1) < 1e-6)
            await #expect(throws: InferenceError.invalidDimensions(25, limit: 24)) {
                try await vector { $0.dimensions = 25 }
            }
            // Any pooling of one vector fits this Dense.
            #expect(try await vector { $0.pooling = .max }.count == 24)
            await inference.shutDown()
        }
        try await SentenceTransformerFixture.with("joined") { folder in
            let inference = InferenceService(
                model: try LoadedModel(directory: folder),
                configuration: InferenceConfiguration(workers: 1)
            )
            var options = EmbedOptions()
            options.pooling = .cls
            let module = "\(folder)/2_Dense"
            await #expect(
                throws: InferenceError.poolingDoesNotFit([.cls], size: 64, module: module, expected: 192)
            ) {
                try await inference.embed([.text("a cat")], options: options)
            }
            await inference.shutDown()
        }
    }

    @Test("is read without its prompt where it says so, and a text of which only the prompt is left is refused")
    func promptAlone() async throws {
        try await SentenceTransformerFixture.with("prompts", transformer: "0_Transformer") { folder in
            let model = try LoadedModel(directory: folder)
            #expect(model.maxInputLength == 20 && model.transformerDirectory == folder + "/0_Transformer")
            let inference = InferenceService(model: model, configuration: InferenceConfiguration(workers: 1))
            var options = EmbedOptions()
            options.input = InputOptions(maxLength: 4, promptName: "query")
            await #expect(throws: InferenceError.onlyPrompt(input: 0, tokens: 5)) {
                try await inference.embed([.text("a cat")], options: options)
            }
            await inference.shutDown()
        }
    }

    @Test(
        "takes max_seq_length for the longest input, whatever the tokenizer says, and lowers case where it says so",
        arguments: [(#"{"max_seq_length": 40}"#, 40), (#"{"max_seq_length": 400}"#, 96), ("{}", 30)]
    )
    func transformerSettings(settings: String, length: Int) async throws {
        let isSaid = settings != "{}"
        let files = [
            "sentence_bert_config.json": isSaid ? settings.dropLast() + #", "do_lower_case": true}"# : settings,
            "tokenizer_config.json": #"{"model_max_length": 30, "do_lower_case": false}"#,
        ]
        try await SentenceTransformerFixture.with("normalize", files) { folder in
            let model = try LoadedModel(directory: folder)
            #expect(model.maxInputLength == length)
            let tokenizer = try LoadedModel.tokenizer(directory: folder)
            let unknown = try tokenizer.encode("RIVER").ids[1] == 1
            #expect(unknown != isSaid)
        }
    }

    @Test(
        "that asks for what is not supported is refused by file, key and value",
        arguments: [
            ("modules.json", #"[{"path": "", "type": "a.Transformer"}, {"path": "1", "type": "a.CNN"}]"#, "a.CNN"),
            ("modules.json", #"[{"path": "1_Pooling", "type": "a.Pooling"}]"#, "Transformer first"),
            ("modules.json", #"[{"type": "Transformer"}, {"path": "2", "type": "Dense"}]"#, "a Pooling behind"),
            ("modules.json", #"[{"path": "../..", "type": "Transformer"}]"#, "a folder in this one"),
            ("modules.json", "{}", "an array of objects"), ("modules.json", "[7]", "an object"),
            ("1_Pooling/config.json", #"{"pooling_mode": "attention"}"#, #"found "attention""#),
            ("1_Pooling/config.json", #"{"pooling_mode": []}"#, "an empty list"),
            (
                "1_Pooling/config.json", #"{"pooling_mode": ["mean", "cls"]}"#,
                #"2_Dense/config.json: "in_features": found 64, expected 128"#
            ),
            ("2_Dense/config.json", #"{"in_features": 64, "out_features": 32}"#, "expected [32, 64]"),
            (
                "2_Dense/config.json",
                #"{"in_features": 64, "out_features": 24, "activation_function": "mine.Tanh"}"#, "mine.Tanh"
            ),
            (
                "2_Dense/config.json",
                #"{"in_features": 64, "out_features": 24, "module_input_name": "token_embeddings"}"#, "token_embeddings"
            ),
            ("2_Dense/config.json", #"{"out_features": 24}"#, "in_features"),
            ("sentence_bert_config.json", #"{"max_seq_length": 0}"#, "max_seq_length"),
        ]
    )
    func refusals(file: String, text: String, reason: String) async throws {
        try await SentenceTransformerFixture.with("dense", [file: text]) { folder in
            let error = #expect(throws: ModelError.self) {
                let modules = try SentenceTransformerFolder(directory: folder)
                _ = try TransformerSettings(transformerDirectory: modules.transformerDirectory)
                _ = try SentenceEmbedding(modules, hiddenSize: 64, arithmetic: Arithmetic(.auto, for: .float32))
            }
            let message = try #require(error).description
            #expect(message.hasPrefix("\(folder)/") && message.contains(reason), "\(message)")
        }
    }
}
