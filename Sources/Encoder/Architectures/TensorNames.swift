/// What an architecture's checkpoints call their tensors; of a dense layer or a norm, without ".weight" and ".bias".
struct TensorNames: Sendable {
    private let architecture: Architecture
    /// The base model's attribute in transformers' classes with a head, and so the prefix of its tensors there; empty
    /// in a base model's own checkpoint.
    private let prefix: String

    /// The names in a checkpoint that holds `tensors`, with the prefix or without, whichever they have.
    init(_ architecture: Architecture, in tensors: some Sequence<String>) {
        self.architecture = architecture
        let attribute = "\(architecture.rawValue)."
        prefix = tensors.contains { $0.hasPrefix(attribute) } ? attribute : ""
    }

    private var isDistilBERT: Bool { architecture == .distilbert }

    // MARK: Embeddings

    var words: String { "\(prefix)embeddings.word_embeddings.weight" }
    var positions: String { "\(prefix)embeddings.position_embeddings.weight" }
    var types: String { "\(prefix)embeddings.token_type_embeddings.weight" }
    /// MobileBERT's, which makes word embeddings as wide as hidden states.
    var embeddingTransformation: String { "\(prefix)embeddings.embedding_transformation" }
    var embeddingNorm: String { "\(prefix)embeddings.LayerNorm" }

    // MARK: Layers

    /// What all names of layer `index` begin with.
    func layer(_ index: Int) -> String {
        isDistilBERT ? "\(prefix)transformer.layer.\(index)" : "\(prefix)encoder.layer.\(index)"
    }

    // Each of the following goes behind a layer's name, the last three also behind that of a network inside of it.

    var query: String { isDistilBERT ? "attention.q_lin" : "attention.self.query" }
    var key: String { isDistilBERT ? "attention.k_lin" : "attention.self.key" }
    var value: String { isDistilBERT ? "attention.v_lin" : "attention.self.value" }
    var attentionOutput: String { isDistilBERT ? "attention.out_lin" : "attention.output.dense" }
    var attentionNorm: String { isDistilBERT ? "sa_layer_norm" : "attention.output.LayerNorm" }
    var intermediate: String { isDistilBERT ? "ffn.lin1" : "intermediate.dense" }
    var output: String { isDistilBERT ? "ffn.lin2" : "output.dense" }
    var outputNorm: String { isDistilBERT ? "output_layer_norm" : "output.LayerNorm" }

    // MARK: Heads

    /// The dense layer over the first token.
    var pooler: String { isDistilBERT ? "pre_classifier" : "\(prefix)pooler.dense" }
    /// Of sequences, tokens or choices.
    let classifier = "classifier"
    let questionAnswering = "qa_outputs"
    let nextSentence = "cls.seq_relationship"
    var languageTransform: String { isDistilBERT ? "vocab_transform" : "cls.predictions.transform.dense" }
    var languageNorm: String { isDistilBERT ? "vocab_layer_norm" : "cls.predictions.transform.LayerNorm" }
    /// Its weight is mostly left out, being the word embeddings.
    var decoder: String { isDistilBERT ? "vocab_projector" : "cls.predictions.decoder" }
    /// The decoder's bias where it is not the decoder's by name; transformers writes either or both.
    var decoderBias: String { isDistilBERT ? "\(decoder).bias" : "cls.predictions.bias" }
    /// MobileBERT's, for the hidden units that the word embeddings lack.
    let decoderExtension = "cls.predictions.dense.weight"

    /// What a checkpoint may hold although the configured model has no use for it: heads, and a buffer of old versions
    /// of transformers.
    var optional: Set<String> {
        let layers = [
            pooler, embeddingTransformation, classifier, questionAnswering, nextSentence, languageTransform,
            languageNorm, decoder,
        ]
        var names: Set<String> = [decoderBias, decoderExtension, "\(prefix)embeddings.position_ids"]
        for layer in layers { names.formUnion(["\(layer).weight", "\(layer).bias"]) }
        names.formUnion(["\(languageNorm).gamma", "\(languageNorm).beta"])
        return names
    }
}
