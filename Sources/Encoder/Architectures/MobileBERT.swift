internal import LinearAlgebra

extension Architecture {
    /// MobileBERT (arXiv 2004.02984): bottlenecks around several feed-forward networks, NoNorm, trigram embeddings.
    package static let mobileBERT = Architecture(
        modelType: "mobilebert",
        family: "MobileBert",
        keys: ConfigurationKeys(
            hiddenSize: .init("hidden_size", default: 512),
            layerCount: .init("num_hidden_layers", default: 24),
            headCount: .init("num_attention_heads", default: 4),
            intermediateSize: .init("intermediate_size", default: 512),
            activation: .init("hidden_act", default: "relu"),
            typeVocabularySize: .key("type_vocab_size", default: 2),
            layerNormEpsilon: .key("layer_norm_eps", default: 1e-12),
            // PyTorch's default.
            plainLayerNormEpsilon: 1e-5,
            normalization: .key("normalization_type", default: .noNorm),
            embeddingSize: .init("embedding_size", default: 128),
            usesTrigramInput: .key("trigram_input", default: true),
            usesBottleneck: .key("use_bottleneck", default: true),
            intraBottleneckSize: .init("intra_bottleneck_size", default: 128),
            usesBottleneckAttention: .key("use_bottleneck_attention", default: false),
            sharesKeyQueryBottleneck: .key("key_query_shared_bottleneck", default: true),
            feedForwardNetworkCount: .key("num_feedforward_networks", default: 4),
            activatesPooler: .key("classifier_activation", default: true),
            trueHiddenSize: "true_hidden_size"
        ),
        trainingKeys: TrainingKeys(hidden: .init("hidden_dropout_prob", default: 0)),
        // BERT's names, and those of the parts that BERT lacks.
        tensors: TensorNames(
            embeddingTransformation: "embeddings.embedding_transformation",
            bottlenecks: TensorNames.Bottlenecks(
                input: "bottleneck.input",
                attention: "bottleneck.attention",
                output: "output.bottleneck"
            ),
            networks: "ffn",
            decoderExtension: "cls.predictions.dense.weight"
        ),
        pooler: PoolerDescription(activation: .tanh, isOfBaseModel: true),
        heads: bert.heads,
        layersCanAverage: false
    )
}
