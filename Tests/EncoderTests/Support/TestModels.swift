import Checkpoint
import Compute
import Encoder
import ModelFiles
import TestSupport

/// Small configurations and batches that tests make up.
enum TestModels {
    /// DistilBERT's names of the keys below.
    private static let distilBERTKeys = [
        "hidden_size": "dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads",
        "intermediate_size": "hidden_dim",
    ]

    /// A configuration from keys and values, as MobileBERT and BERT call them; what isn't said is small.
    static func configuration(_ keys: [String: String] = [:]) throws -> EncoderConfiguration {
        var all = [
            "model_type": "\"mobilebert\"", "vocab_size": "50", "hidden_size": "32", "num_hidden_layers": "2",
            "num_attention_heads": "2", "intermediate_size": "24", "max_position_embeddings": "40",
            "embedding_size": "8", "intra_bottleneck_size": "16", "num_feedforward_networks": "2",
        ]
        all.merge(keys) { $1 }
        if all["model_type"] == "\"distilbert\"" {
            for (key, name) in distilBERTKeys { all[name] = all.removeValue(forKey: key) }
        }
        let text = "{" + all.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
        return try EncoderConfiguration(JSONSection(bytes: Array(text.utf8), path: "config.json"))
    }

    /// A configuration with most heads that the architecture has.
    static func withHeads(_ architecture: Architecture, _ keys: [String: String] = [:]) throws -> EncoderConfiguration {
        let own =
            architecture == .distilBERT
            ? ["MaskedLM", "SequenceClassification"] : ["PreTraining", "TokenClassification"]
        let classes = (own + ["QuestionAnswering"]).map { "\"\(architecture.family)For\($0)\"" }
        let type = [
            "model_type": "\"\(architecture.modelType)\"", "architectures": "[\(classes.joined(separator: ","))]",
        ]
        return try configuration(type.merging(keys) { $1 })
    }

    /// A configuration that makes a sequence classifier.
    static func classifier(_ keys: [String: String] = [:]) throws -> EncoderConfiguration {
        try configuration(keys.merging(["architectures": "[\"MobileBertForSequenceClassification\"]"]) { $1 })
    }

    /// A model with random weights.
    static func model(
        _ configuration: EncoderConfiguration,
        seed: UInt64 = 1,
        options: ComputeOptions = ComputeOptions()
    ) throws -> (model: EncoderModel, tensors: MemoryTensors) {
        var generator = SeededGenerator(seed: seed)
        let tensors = MemoryTensors.random(for: configuration, using: &generator)
        return (try EncoderModel(configuration: configuration, tensors: tensors, options: options), tensors)
    }

    /// Texts of the given lengths with random ids and types.
    static func texts(
        _ lengths: [Int],
        _ configuration: EncoderConfiguration,
        using generator: inout SeededGenerator
    ) -> [TestText] {
        lengths.map { length in
            let ids = (0..<length).map { _ in
                Int32.random(in: 0..<Int32(configuration.vocabularySize), using: &generator)
            }
            return (ids, (0..<length).map { _ in Int32.random(in: 0...1, using: &generator) })
        }
    }

    /// The texts as a batch; padding holds `filler`, which nothing may read.
    static func batch(
        _ texts: [TestText],
        _ requests: [OutputRequest],
        filler: Int32 = 0
    ) -> Batch<OutputRequest> {
        let sequences = zip(texts, requests).map { InputSequence(inputIDs: $0.ids, tokenTypeIDs: $0.types, task: $1) }
        return Batch(sequences, padTokenID: filler)
    }
}

/// The ids and type ids of a text.
typealias TestText = (ids: [Int32], types: [Int32])

extension EncoderModel {
    /// Runs texts as one batch, with one request for all, in a workspace of its own.
    func results(
        _ texts: [TestText],
        _ request: OutputRequest,
        filler: Int32 = 0
    ) -> [Result<EncoderOutput, EncoderError>] {
        run(TestModels.batch(texts, texts.map { _ in request }, filler: filler), workspace: makeWorkspace())
    }
}
