/// The names of an architecture's tensors: the base model's as in its own class, and those of heads. ``ModelTensors``
/// finds them in a checkpoint. The names of dense layers and norms are without ".weight" and ".bias". The defaults are
/// BERT's. A part that an architecture lacks has no name.
struct TensorNames: Sendable {
    /// The bottlenecks of a layer, behind the layer's name. Each is a dense layer and a norm.
    struct Bottlenecks: Sendable {
        let input: String
        /// The bottleneck of queries and keys.
        let attention: String
        let output: String
    }

    // MARK: The base model

    var words = "embeddings.word_embeddings.weight"
    var positions = "embeddings.position_embeddings.weight"
    var types = "embeddings.token_type_embeddings.weight"
    /// The dense layer that makes word embeddings as wide as hidden states.
    var embeddingTransformation: String?
    var embeddingNorm = "embeddings.LayerNorm"
    /// The beginning of each layer's name, before its index.
    var layers = "encoder.layer"

    // MARK: A layer, behind the layer's name

    var query = "attention.self.query"
    var key = "attention.self.key"
    var value = "attention.self.value"
    var attentionOutput = "attention.output.dense"
    var attentionNorm = "attention.output.LayerNorm"
    var bottlenecks: Bottlenecks?
    /// The feed-forward networks before the last one, each with an index of its own.
    var networks: String?

    // MARK: A feed-forward network, behind the name of the layer or of one of its further networks

    var intermediate = "intermediate.dense"
    var output = "output.dense"
    var outputNorm = "output.LayerNorm"

    // MARK: Heads

    /// The dense layer over the first token.
    var pooler = "pooler.dense"
    var languageTransform = "cls.predictions.transform.dense"
    var languageNorm = "cls.predictions.transform.LayerNorm"
    /// The decoder's bias, beside or instead of the decoder's own ".bias"; transformers writes either or both. Most
    /// checkpoints leave the decoder's weight out, since it is the word embeddings.
    var decoderBias = "cls.predictions.bias"
    /// The decoder's matrix for the hidden units beyond the word embeddings' width.
    var decoderExtension: String?

    /// Tensors of which every checkpoint has at least one.
    var anchors: [String] { [positions, words] }

    /// The beginning of all names of layer `index`.
    func layer(_ index: Int) -> String { "\(layers).\(index)" }
}
