import Encoder
import TestSupport
import Testing

@Suite("The engine against a plain encoder in double precision, on made-up models")
struct RandomModelTests {
    /// The keys in which the configurations differ, sizes that fill no vector among them.
    static let variants: [[String: String]] = [
        [:],
        ["num_feedforward_networks": "1"],
        ["num_feedforward_networks": "4", "hidden_act": "\"gelu\""],
        ["normalization_type": "\"layer_norm\""],
        ["normalization_type": "\"layer_norm\"", "use_bottleneck_attention": "true", "layer_norm_eps": "0.001"],
        ["normalization_type": "\"layer_norm\"", "use_bottleneck": "false", "hidden_act": "\"silu\""],
        [
            "normalization_type": "\"layer_norm\"", "hidden_size": "36", "intra_bottleneck_size": "20",
            "embedding_size": "9",
        ],
        ["use_bottleneck_attention": "true"],
        ["use_bottleneck_attention": "true", "key_query_shared_bottleneck": "false"],
        ["use_bottleneck": "false"],
        ["use_bottleneck": "false", "use_bottleneck_attention": "true", "num_feedforward_networks": "1"],
        ["key_query_shared_bottleneck": "false", "intra_bottleneck_size": "32"],
        ["trigram_input": "false"],
        ["trigram_input": "false", "embedding_size": "32"],
        ["hidden_size": "30", "intra_bottleneck_size": "18", "intermediate_size": "23", "embedding_size": "5"],
        ["num_attention_heads": "1", "hidden_act": "\"tanh\""],
        ["num_attention_heads": "16", "num_hidden_layers": "1"],
        ["num_hidden_layers": "0"],
        ["classifier_activation": "false"],
        ["model_type": "\"bert\"", "type_vocab_size": "3", "layer_norm_eps": "0.01", "hidden_act": "\"gelu_new\""],
        ["model_type": "\"bert\"", "hidden_size": "42", "num_attention_heads": "3", "intermediate_size": "51"],
        ["model_type": "\"bert\"", "is_decoder": "true", "hidden_size": "42", "num_attention_heads": "3"],
        ["model_type": "\"distilbert\"", "hidden_size": "36", "num_attention_heads": "4", "num_hidden_layers": "3"],
    ]

    /// Lengths of one ragged batch: a single token, one more than a vector, and the longest that the models take.
    static let lengths = [3, 1, 40, 17, 2, 16]

    @Test("every hidden state and pooler output errs by at most 1e-5 of its unit's range", arguments: variants)
    func outputs(_ keys: [String: String]) throws {
        let configuration = try TestModels.configuration(keys)
        let (model, tensors) = try TestModels.model(configuration, seed: 11)
        try check(model, tensors)
    }

    @Test("norm weights that can't be folded (zero, tiny, huge) are applied as they are")
    func unfoldableNorms() throws {
        for value in [Float(0), 1e-20, 1e20, -1e-15] {
            for part in ["bottleneck.input", "bottleneck.attention", "attention.output", "ffn.0.output", "output"] {
                var (_, tensors) = try TestModels.model(TestModels.configuration())
                for layer in 0..<2 {
                    tensors.tensors["encoder.layer.\(layer).\(part).LayerNorm.weight"]?.values[3] = value
                }
                // The next weights of a huge unit are small, so that values stay in the range of floats.
                try check(
                    EncoderModel(configuration: TestModels.configuration(), tensors: tensors),
                    tensors,
                    lengths: [4, 1, 17],
                    allowingNonFinite: value > 1
                )
            }
        }
    }

    @Test("hidden units that grow by orders of magnitude from layer to layer keep their relative accuracy")
    func growingUnits() throws {
        let configuration = try TestModels.configuration(["num_hidden_layers": "6"])
        var (_, tensors) = try TestModels.model(configuration)
        for layer in 0..<6 {
            let name = "encoder.layer.\(layer)"
            tensors.tensors["\(name).output.bottleneck.LayerNorm.weight"]?.values[5] = -20
            for reader in ["bottleneck.input.dense", "bottleneck.attention.dense", "attention.self.value"] {
                for row in 0..<16 {
                    for _ in 0..<layer { tensors.tensors["\(name).\(reader).weight"]?.values[row * 32 + 5] /= 20 }
                }
            }
        }
        for row in 0..<32 { tensors.tensors["pooler.dense.weight"]?.values[row * 32 + 5] /= 6.4e7 }
        try check(EncoderModel(configuration: configuration, tensors: tensors), tensors)
    }

    /// Compares one ragged batch's outputs with the plain encoder's, layer by layer.
    private func check(
        _ model: EncoderModel,
        _ tensors: MemoryTensors,
        lengths: [Int] = lengths,
        allowingNonFinite: Bool = false
    ) throws {
        let reference = ReferenceEncoder(configuration: model.configuration, tensors: tensors)
        var generator = SeededGenerator(seed: 5)
        let texts = TestModels.texts(lengths, model.configuration, using: &generator)
        let hidden = model.results(texts, .hiddenStates(layers: nil))
        let pooled = model.hasPooler ? model.results(texts, .pooled(.pooler)) : []
        let (layers, width) = (model.configuration.layerCount + 1, model.configuration.hiddenSize)
        // One group for each layer's hidden states, and one for the pooler's outputs.
        var groups = Array(repeating: Comparison(width: width), count: layers + 1)
        for (row, text) in texts.enumerated() {
            if allowingNonFinite, hidden[row] == .failure(.nonFinite("hidden states")) { continue }
            let states = reference.hiddenStates(ids: text.ids, types: text.types)
            let output = try hidden[row].get()
            try #require(output.shape == [layers, text.ids.count, width])
            let size = text.ids.count * width
            for layer in 0..<layers {
                groups[layer].add(states[layer].flatMap { $0 }, output.values[layer * size..<(layer + 1) * size])
            }
            if allowingNonFinite || pooled.isEmpty { continue }
            groups[layers].add(reference.poolerOutput(states[layers - 1]), try pooled[row].get().values[...])
        }
        for group in groups { #expect(group.worst <= 1e-5) }
    }
}
