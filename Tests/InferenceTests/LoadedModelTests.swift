import Checkpoint
import Encoder
import Foundation
import ModelFiles
import TestSupport
import Testing

@testable import Inference

@Suite("A model folder")
struct LoadedModelTests {
    @Test("without a vocabulary takes ids and refuses text, and the operator is told")
    func withoutVocabulary() async throws {
        let model = try LoadedModel(directory: ModelFolder.withoutVocabulary)
        #expect(model.tokenizer == nil && model.maxInputLength == 96 && model.name == "mobilebert")
        #expect(try #require(model.warnings.first).contains("no vocab.txt or tokenizer.json"))
        let inference = InferenceService(model: model, configuration: InferenceConfiguration(workers: 1))
        let vectors = try await inference.embed([.ids([1, 2, 3])], options: EmbedOptions()).value
        #expect(vectors.map(\.count) == [64])
        await #expect(throws: InferenceError.noTokenizer(model: "mobilebert")) {
            try await inference.embed([.text("a")], options: EmbedOptions())
        }
        let missing = InferenceError.missingHead(
            needed: .sequenceClassification,
            available: [],
            architecture: "MobileBertModel"
        )
        await #expect(throws: missing) {
            try await inference.classify([.ids([1])], options: ClassifyOptions())
        }
        await inference.shutDown()
    }

    @Test("whose vocabulary is larger than the model's says so, and only texts with those tokens fail")
    func largeVocabulary() async throws {
        let vocabulary = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + (5..<1001).map { "t\($0)" })
            .joined(separator: "\n")
        let files = ["vocab.txt": vocabulary]
        try await ModelFolder.with(modelOf: ModelFolder.withoutVocabulary, files) { folder in
            let model = try LoadedModel(directory: folder, servedName: "mine")
            #expect(model.name == "mine")
            let warning = try #require(model.warnings.first)
            #expect(warning.contains("ids up to 1000"))
            let inference = InferenceService(model: model, configuration: InferenceConfiguration(workers: 1))
            _ = try await inference.embed([.text("t999")], options: EmbedOptions())
            await #expect(throws: InferenceError.self) {
                try await inference.embed([.text("t1000")], options: EmbedOptions())
            }
            await inference.shutDown()
        }
    }

    @Test(
        "whose weights are not finite is refused when it starts, with the tensor's name",
        arguments: [Float.nan, .infinity]
    )
    func nonFiniteWeights(_ value: Float) async throws {
        let tensor = "encoder.layer.0.attention.self.query.weight"
        let folder = URL(filePath: ModelFolder.withoutVocabulary)
        var file = try Data(contentsOf: folder.appending(path: "model.safetensors"))
        let headerEnd = 8 + file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try #require(try JSONSerialization.jsonObject(with: file[8..<headerEnd]) as? [String: Any])
        let entry = try #require(header[tensor] as? [String: Any])
        let offsets = try #require(entry["data_offsets"] as? [Int])
        try #require(entry["dtype"] as? String == "F32")
        let place = headerEnd + offsets[0]
        let bytes = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value.bitPattern >> $0) }
        file.replaceSubrange(place..<place + 4, with: bytes)
        let broken = file
        let configuration = try String(contentsOf: folder.appending(path: "config.json"), encoding: .utf8)
        try await ModelFolder.with(modelOf: nil, ["config.json": configuration]) { folder in
            let path = "\(folder)/model.safetensors"
            try broken.write(to: URL(filePath: path))
            let model = try LoadedModel(directory: folder)
            let inference = InferenceService(model: model, configuration: InferenceConfiguration(workers: 1))
            await #expect(throws: ModelError.nonFiniteWeights(file: path, tensor: tensor)) {
                try await inference.start()
            }
            await inference.shutDown()
        }
    }

    @Test("takes the tokenizer's length where it is less than the positions", arguments: [(64, 64), (4096, 96)])
    func length(stated: Int, used: Int) async throws {
        let files = [
            "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na",
            "tokenizer_config.json": #"{"model_max_length": \#(stated)}"#,
        ]
        try await ModelFolder.with(modelOf: ModelFolder.withoutVocabulary, files) { folder in
            let model = try LoadedModel(directory: folder)
            #expect(model.maxInputLength == used)
        }
    }

    @Test("of whose template nothing is left for an empty text refuses that text, not the process")
    func emptyWithoutSpecialTokens() async throws {
        let tokenizer = ##"""
            {"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"BertPreTokenizer"},
            "post_processor":null,"decoder":null,"model":{"type":"WordPiece","unk_token":"[UNK]",
            "continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[PAD]":0,"[UNK]":1,"a":2}}}
            """##
        // BertTokenizer would make its own template.
        let files = [
            "tokenizer.json": tokenizer,
            "tokenizer_config.json": #"{"tokenizer_class": "PreTrainedTokenizerFast"}"#,
        ]
        try await ModelFolder.with(modelOf: ModelFolder.withoutVocabulary, files) { folder in
            let inference = InferenceService(
                model: try LoadedModel(directory: folder),
                configuration: InferenceConfiguration(workers: 1)
            )
            let outcome = try await inference.embed([.text("a")], options: EmbedOptions())
            #expect(outcome.usage.tokens == 1)
            for text in ["", "  "] {
                await #expect(throws: InferenceError.noTokens(input: 1)) {
                    try await inference.embed([.text("a"), .text(text)], options: EmbedOptions())
                }
            }
            await inference.shutDown()
        }
    }

    @Test(
        "pools as 1_Pooling/config.json says, else by the mean",
        arguments: [
            (nil, [.mean]), ("{}", [.mean]),
            (#"{"pooling_mode_mean_tokens": true, "word_embedding_dimension": 64}"#, [.mean]),
            (#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#, [.cls]),
            (#"{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}"#, [.cls, .mean]),
        ] as [(String?, [Pooling])]
    )
    func pooling(configuration: String?, expected: [Pooling]) async throws {
        let files = configuration.map { ["1_Pooling/config.json": $0] } ?? [:]
        try await ModelFolder.with(modelOf: ModelFolder.withoutVocabulary, files) { folder in
            let model = try LoadedModel(directory: folder)
            #expect(model.embedding.poolings == expected && model.embedding.normalizes)
        }
    }

    @Test(
        "whose pooling cannot be done, or be read, is refused by the file's name",
        arguments: [
            #"{"pooling_mode": "attention"}"#, #"{"pooling_mode_mean_tokens": 1}"#, "[]", "{",
        ]
    )
    func unsupportedPooling(configuration: String) async throws {
        let files = ["1_Pooling/config.json": configuration]
        try await ModelFolder.with(modelOf: ModelFolder.withoutVocabulary, files) { folder in
            let error = #expect(throws: ModelError.self) { try LoadedModel(directory: folder) }
            let message = try #require(error).description
            #expect(message.contains("\(folder)/1_Pooling/config.json"))
        }
    }

    @Test("that is not one is refused by what is missing")
    func wrongFolders() async throws {
        let missing = #expect(throws: ModelError.self) { try LoadedModel(directory: "/nowhere") }
        #expect(try #require(missing).description.contains("/nowhere/config.json"))
        try await ModelFolder.with(modelOf: nil, ["config.json": #"{"model_type": "mobilebert"}"#]) { folder in
            let error = #expect(throws: ModelError.self) { try LoadedModel(directory: folder) }
            let message = try #require(error).description
            #expect(message.contains("found no checkpoint"))
        }
        try await ModelFolder.with(modelOf: nil, ["config.json": #"{"model_type": "gpt2"}"#]) { folder in
            #expect(throws: ModelError.self) { try LoadedModel(directory: folder) }
        }
    }

    @Test("whose configuration asks for sizes that its weights lack is refused before memory is asked for")
    func hugeConfiguration() async throws {
        let huge = #"{"model_type": "mobilebert", "vocab_size": 16777216, "embedding_size": 65536}"#
        try await ModelFolder.with(modelOf: nil, ["config.json": huge]) { folder in
            let weights = ModelFolder.withoutVocabulary + "/model.safetensors"
            let text = try JSONSection(path: folder + "/config.json")
            let error = #expect(throws: ModelError.self) {
                try EncoderModel(
                    configuration: EncoderConfiguration(text),
                    tensors: Checkpoint(file: weights)
                )
            }
            let message = try #require(error).description
            #expect(message.contains("expected [16777216, 65536]"))
        }
    }
}
