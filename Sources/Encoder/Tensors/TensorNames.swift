/// The names of an architecture's tensors: the base model's as in its own class, and those of heads. ``ModelTensors``
/// finds them in a checkpoint. The names of dense layers and norms are without ".weight" and ".bias". The defaults are
/// BERT's. A part that an architecture lacks has no name.
package struct TensorNames: Sendable {
    /// The bottlenecks of a layer, behind the layer's name. Each is a dense layer and a norm.
    package struct Bottlenecks: Sendable {
        /// The bottleneck of the layer's input.
        package let input: String
        /// The bottleneck of queries and keys.
        package let attention: String
        /// The bottleneck of the layer's output.
        package let output: String
    }

    // MARK: The base model

    /// Word embeddings.
    package var words = "embeddings.word_embeddings.weight"
    /// Position embeddings.
    package var positions = "embeddings.position_embeddings.weight"
    /// Token type embeddings.
    package var types = "embeddings.token_type_embeddings.weight"
    /// The dense layer that makes word embeddings as wide as hidden states.
    package var embeddingTransformation: String?
    /// The norm after the embeddings.
    package var embeddingNorm = "embeddings.LayerNorm"
    /// The beginning of each layer's name, before its index.
    package var layers = "encoder.layer"

    // MARK: A layer, behind the layer's name

    /// The queries' dense layer.
    package var query = "attention.self.query"
    /// The keys' dense layer.
    package var key = "attention.self.key"
    /// The values' dense layer.
    package var value = "attention.self.value"
    /// The dense layer after attention.
    package var attentionOutput = "attention.output.dense"
    /// The norm after attention.
    package var attentionNorm = "attention.output.LayerNorm"
    /// The bottlenecks of a layer; nil for an architecture without them.
    package var bottlenecks: Bottlenecks?
    /// The feed-forward networks before the last one, each with an index of its own.
    package var networks: String?

    // MARK: A feed-forward network, behind the name of the layer or of one of its further networks

    /// The first dense layer.
    package var intermediate = "intermediate.dense"
    /// The second dense layer.
    package var output = "output.dense"
    /// The norm after the network.
    package var outputNorm = "output.LayerNorm"

    // MARK: Heads

    /// The dense layer over the first token.
    package var pooler = "pooler.dense"
    /// The dense layer of a masked language model's head.
    package var languageTransform = "cls.predictions.transform.dense"
    /// The norm of a masked language model's head.
    package var languageNorm = "cls.predictions.transform.LayerNorm"
    /// The decoder's bias, beside or instead of the decoder's own ".bias"; transformers writes either or both. Most
    /// checkpoints leave the decoder's weight out, since it is the word embeddings.
    package var decoderBias = "cls.predictions.bias"
    /// The decoder's matrix for the hidden units beyond the word embeddings' width.
    package var decoderExtension: String?

    /// Tensors of which every checkpoint has at least one.
    var anchors: [String] { [positions, words] }

    /// The beginning of all names of layer `index`.
    package func layer(_ index: Int) -> String { "\(layers).\(index)" }
}
