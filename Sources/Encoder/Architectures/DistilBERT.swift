internal import LinearAlgebra

extension Architecture {
    /// DistilBERT (arXiv 1910.01108): BERT with half of the layers, without token types and pooler.
    package static let distilBERT = Architecture(
        modelType: "distilbert",
        family: "DistilBert",
        keys: ConfigurationKeys(
            hiddenSize: .init("dim", or: "hidden_size", default: 768),
            layerCount: .init("n_layers", or: "num_hidden_layers", default: 6),
            headCount: .init("n_heads", or: "num_attention_heads", default: 12),
            intermediateSize: .init("hidden_dim", default: 3_072),
            activation: .init("activation", default: "gelu"),
            hasSinusoidalPositions: .key("sinusoidal_pos_embds", default: false),
            typeVocabularySize: .fixed(0),
            layerNormEpsilon: .fixed(1e-12)
        ),
        trainingKeys: TrainingKeys(
            hidden: .init("dropout", default: 0.1),
            attention: .init("attention_dropout", default: 0.1),
            dropsAttentionOutput: false,
            classifier: .init("seq_classif_dropout", default: 0.2),
            tokenClassifier: .init("dropout", default: nil),
            answers: .init("qa_dropout", default: 0.1)
        ),
        tensors: TensorNames(
            layers: "transformer.layer",
            query: "attention.q_lin",
            key: "attention.k_lin",
            value: "attention.v_lin",
            attentionOutput: "attention.out_lin",
            attentionNorm: "sa_layer_norm",
            intermediate: "ffn.lin1",
            output: "ffn.lin2",
            outputNorm: "output_layer_norm",
            pooler: "pre_classifier",
            languageTransform: "vocab_transform",
            languageNorm: "vocab_layer_norm",
            decoderBias: "vocab_projector.bias"
        ),
        pooler: PoolerDescription(activation: .relu, isOfBaseModel: false),
        heads: bert.heads.merging([.maskedLanguageModel: HeadDescription(layer: "vocab_projector")]) { $1 },
        layersCanAverage: true
    )
}
