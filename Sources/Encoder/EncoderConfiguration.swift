package import LinearAlgebra

/// An encoder's `config.json`: every field of transformers' `MobileBertConfig`, `BertConfig` or `DistilBertConfig` that
/// inference depends on, with transformers' defaults for the absent ones.
///
/// One description serves all architectures: BERT is the layer without bottlenecks, of one feed-forward network, with
/// LayerNorm; DistilBERT lacks token types, too. The comments name the keys as MobileBERT and BERT do.
package struct EncoderConfiguration: Sendable {
    /// transformers' `normalization_type`.
    package enum NormalizationType: String, Sendable, CaseIterable {
        /// `NoNorm`: x * weight + bias.
        case noNorm = "no_norm"
        /// LayerNorm.
        case layerNorm = "layer_norm"
    }

    /// `model_type`.
    package var architecture: Architecture
    /// `vocab_size`: rows of the word embedding table.
    package var vocabularySize: Int
    /// `hidden_size`: width of the hidden states between layers.
    package var hiddenSize: Int
    /// `num_hidden_layers`.
    package var layerCount: Int
    /// `num_attention_heads`.
    package var headCount: Int
    /// `intermediate_size`: width inside each feed-forward network.
    package var intermediateSize: Int
    /// `hidden_act`: the feed-forward networks' activation.
    package var activation: Activation
    /// `max_position_embeddings`: the longest input, in tokens.
    package var maxPositionEmbeddings: Int
    /// `sinusoidal_pos_embds`: whether the position embeddings are sines and cosines, which a file need not hold.
    package var hasSinusoidalPositions: Bool
    /// `type_vocab_size`: rows of the token type embedding table; 0 where there is none, and token types are ignored.
    package var typeVocabularySize: Int
    /// `layer_norm_eps`: of all LayerNorms except those with ``plainLayerNormEpsilon``.
    package var layerNormEpsilon: Double
    /// The epsilon of the LayerNorms after the embeddings and at the end of the last feed-forward network, which
    /// transformers builds in MobileBERT without `layer_norm_eps`.
    package var plainLayerNormEpsilon: Double
    /// `embedding_size`: width of the word embeddings.
    package var embeddingSize: Int
    /// `trigram_input`: whether a token's embedding is joined with its neighbours'.
    package var usesTrigramInput: Bool
    /// `use_bottleneck`: whether layers work at `intra_bottleneck_size` instead of `hidden_size`.
    package var usesBottleneck: Bool
    /// `intra_bottleneck_size`.
    package var intraBottleneckSize: Int
    /// `use_bottleneck_attention`: whether queries, keys and values all come from the layer's input bottleneck.
    package var usesBottleneckAttention: Bool
    /// `key_query_shared_bottleneck`: whether queries and keys come from a bottleneck of their own.
    package var sharesKeyQueryBottleneck: Bool
    /// `num_feedforward_networks`: feed-forward networks in a layer, the last one included.
    package var feedForwardNetworkCount: Int
    /// `normalization_type`: of every norm inside the encoder; the masked language model's is always LayerNorm.
    package var normalization: NormalizationType
    /// `classifier_activation`: whether the pooler is a dense layer with tanh, or the first token's hidden state.
    package var activatesPooler: Bool
    /// `is_decoder`: whether a token attends only to itself and to those before it.
    package var isCausal: Bool
    /// `tie_word_embeddings`: whether a masked language model's decoder is the word embeddings.
    package var tiesWordEmbeddings: Bool
    /// `architectures`: the classes that the checkpoint was saved from, mostly transformers'.
    package var architectures: [String]
    /// `id2label`, or `LABEL_i` for each of `num_labels` ids; in id order.
    package var labels: [String]
    /// `label2id` in the file's order, which may contradict ``labels``; their own ids where it does not count.
    package var labelIDs: [(label: String, id: Int)]
    /// Parts of the file that are there and do not count.
    var warnings: [String] = []
    /// `id2label` with its own count of labels, where `num_labels` is another. transformers 5 goes by `num_labels`, and
    /// 4 by `id2label`; the head's tensors tell which was meant (``withLabels(ofHead:_:)``).
    var otherLabels: Labels?
    /// `problem_type`, or transformers' default for it.
    package var problemType: SequenceClassifier.ProblemType
    /// `calibration_temperature`, a key of our own: what logits are divided by for calibrated scores; nil without it.
    package var calibrationTemperature: Double?
    /// The file that this was read from, for messages.
    package var path: String

    /// Labels with their ids.
    typealias Labels = (labels: [String], labelIDs: [(label: String, id: Int)])

    /// `true_hidden_size`: the width inside a layer.
    package var trueHiddenSize: Int { usesBottleneck ? intraBottleneckSize : hiddenSize }
    /// Values in each attention head.
    package var headSize: Int { trueHiddenSize / headCount }
    /// The heads that ``architectures`` says the checkpoint has.
    package var statedHeads: [Head] {
        Head.allCases.filter { head in architecture.classes(with: head).contains(where: architectures.contains) }
    }
}
