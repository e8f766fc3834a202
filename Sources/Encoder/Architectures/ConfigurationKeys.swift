/// What an architecture's config.json calls the sizes that all have, and transformers' defaults where it is silent.
struct ConfigurationKeys {
    /// A key and its default.
    typealias Key<Value> = (name: String, fallback: Value)

    let hiddenSize: Key<Int>
    let layerCount: Key<Int>
    let headCount: Key<Int>
    let intermediateSize: Key<Int>
    let activation: Key<String>

    init(_ architecture: Architecture) {
        switch architecture {
        case .mobilebert:
            hiddenSize = ("hidden_size", 512)
            layerCount = ("num_hidden_layers", 24)
            headCount = ("num_attention_heads", 4)
            intermediateSize = ("intermediate_size", 512)
            activation = ("hidden_act", "relu")
        case .bert:
            hiddenSize = ("hidden_size", 768)
            layerCount = ("num_hidden_layers", 12)
            headCount = ("num_attention_heads", 12)
            intermediateSize = ("intermediate_size", 3_072)
            activation = ("hidden_act", "gelu")
        case .distilbert:
            hiddenSize = ("dim", 768)
            layerCount = ("n_layers", 6)
            headCount = ("n_heads", 12)
            intermediateSize = ("hidden_dim", 3_072)
            activation = ("activation", "gelu")
        }
    }
}
