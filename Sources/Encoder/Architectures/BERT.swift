internal import LinearAlgebra

extension Architecture {
    /// BERT (arXiv 1810.04805): the layer without bottlenecks, with one feed-forward network and LayerNorm.
    package static let bert = Architecture(
        modelType: "bert",
        family: "Bert",
        keys: ConfigurationKeys(
            hiddenSize: .init("hidden_size", default: 768),
            layerCount: .init("num_hidden_layers", default: 12),
            headCount: .init("num_attention_heads", default: 12),
            intermediateSize: .init("intermediate_size", default: 3_072),
            activation: .init("hidden_act", default: "gelu"),
            typeVocabularySize: .key("type_vocab_size", default: 2),
            layerNormEpsilon: .key("layer_norm_eps", default: 1e-12),
            isCausal: .key("is_decoder", default: false),
            // An option that makes something else of a BERT.
            requirements: [
                .init(key: "position_embedding_type", value: "absolute", tensor: "distance_embedding.weight")
            ]
        ),
        trainingKeys: TrainingKeys(),
        tensors: TensorNames(),
        pooler: PoolerDescription(activation: .tanh, isOfBaseModel: true),
        heads: [
            .sequenceClassification: HeadDescription(layer: "classifier"),
            .tokenClassification: HeadDescription(layer: "classifier"),
            .questionAnswering: HeadDescription(layer: "qa_outputs"),
            .maskedLanguageModel: HeadDescription(layer: "cls.predictions.decoder", otherClasses: ["PreTraining"]),
            .nextSentence: HeadDescription(layer: "cls.seq_relationship", otherClasses: ["PreTraining"]),
            .multipleChoice: HeadDescription(layer: "classifier"),
        ],
        layersCanAverage: true
    )
}
