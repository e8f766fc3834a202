/// The keys of an architecture's config.json, with transformers' defaults where the file is silent, and the values that
/// no file can change. Parts that only some architectures have are switched off unless an architecture says otherwise.
struct ConfigurationKeys: Sendable {
    /// A key that every file of the architecture may have.
    struct Key<Value: Sendable>: Sendable {
        let name: String
        /// Another name, which comes before ``name`` where a file has both: transformers' `attribute_map`.
        let otherName: String?
        let fallback: Value

        init(_ name: String, or otherName: String? = nil, default fallback: Value) {
            self.name = name
            self.otherName = otherName
            self.fallback = fallback
        }
    }

    /// A value that a key sets, or that is the same in all models of the architecture.
    enum Setting<Value: Sendable>: Sendable {
        case key(String, default: Value)
        case fixed(Value)

        /// The key, for messages; empty where there is none.
        var name: String {
            if case .key(let name, _) = self { name } else { "" }
        }

        /// Whether a config.json can set it.
        var isKey: Bool {
            if case .key = self { true } else { false }
        }
    }

    /// A value that a key must have, or be absent, in a checkpoint that has a tensor whose name ends like ``tensor``,
    /// because such a model does not run here. Without the tensor the key has no effect.
    struct Requirement: Sendable {
        let key: String
        let value: String
        let tensor: String
    }

    var vocabularySize = Key("vocab_size", default: 30_522)
    var hiddenSize: Key<Int>
    var layerCount: Key<Int>
    var headCount: Key<Int>
    var intermediateSize: Key<Int>
    var activation: Key<String>
    var maxPositionEmbeddings = Key("max_position_embeddings", default: 512)
    var hasSinusoidalPositions = Setting.fixed(false)
    /// Rows of the token type embeddings; 0 where there are none.
    var typeVocabularySize: Setting<Int>
    var layerNormEpsilon: Setting<Double>
    /// ``EncoderConfiguration/plainLayerNormEpsilon`` where it is another one.
    var plainLayerNormEpsilon: Double?
    var normalization = Setting<EncoderConfiguration.NormalizationType>.fixed(.layerNorm)
    /// The width of word embeddings where it is not that of hidden states.
    var embeddingSize: Key<Int>?
    var usesTrigramInput = Setting.fixed(false)
    var usesBottleneck = Setting.fixed(false)
    /// The width inside layers with bottlenecks.
    var intraBottleneckSize: Key<Int>?
    var usesBottleneckAttention = Setting.fixed(false)
    var sharesKeyQueryBottleneck = Setting.fixed(false)
    var feedForwardNetworkCount = Setting.fixed(1)
    var activatesPooler = Setting.fixed(true)
    var isCausal = Setting.fixed(false)
    var tiesWordEmbeddings = Key("tie_word_embeddings", default: true)
    /// A key that repeats the width inside layers.
    var trueHiddenSize: String?
    var requirements: [Requirement] = []
}
