/// What a checkpoint has on top of the encoder and its pooler.
struct Heads: Sendable {
    /// The heads that are a dense layer.
    var dense: [Head: DenseHead] = [:]
    var languageModel: LanguageModelHead?

    /// All there are.
    var all: Set<Head> { Set(dense.keys).union(languageModel == nil ? [] : [.maskedLanguageModel]) }
}
