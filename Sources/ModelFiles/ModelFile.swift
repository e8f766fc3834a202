import JSON

/// A file of a model's folder that this program reads, writes or fetches.
///
/// This is the only list of them: what loads, fetches, copies or watches a folder names its files here.
package struct ModelFile: Sendable, Hashable {
    /// What a file is for.
    package enum Purpose: Sendable, CaseIterable {
        /// Sizes and settings of the encoder, of a head, or of a module of sentence-transformers.
        case configuration
        /// Tensors, or the index that says which file holds which tensor.
        case weights
        /// Vocabulary and rules of the tokenizer.
        case tokenizer
        /// What sentence-transformers adds: modules, prompts, the length of inputs.
        case sentenceTransformers
    }

    /// The name in the folder.
    package let name: String
    /// What it is for.
    package let purpose: Purpose
    /// Whether it lies in the model's own folder only, and never in one that `modules.json` names.
    package let isAtRootOnly: Bool

    private init(_ name: String, _ purpose: Purpose, isAtRootOnly: Bool = false) {
        self.name = name
        self.purpose = purpose
        self.isAtRootOnly = isAtRootOnly
    }

    /// The path of the file in a folder.
    package func path(in directory: String) -> String { "\(directory)/\(name)" }

    /// The configuration of the encoder and its head, or of a module.
    package static let configuration = ModelFile("config.json", .configuration)
    /// The tokenizer as Hugging Face's `tokenizers` writes it; preferred to ``vocabulary``.
    package static let tokenizer = ModelFile("tokenizer.json", .tokenizer)
    /// One token on each line.
    package static let vocabulary = ModelFile("vocab.txt", .tokenizer)
    /// How texts are treated, and the names of the special tokens.
    package static let tokenizerSettings = ModelFile("tokenizer_config.json", .tokenizer)
    /// The names of the special tokens, by their roles.
    package static let specialTokens = ModelFile("special_tokens_map.json", .tokenizer)
    /// Tokens beside the vocabulary with their ids, as early versions of transformers wrote them.
    package static let addedTokens = ModelFile("added_tokens.json", .tokenizer)
    /// The modules that a text goes through. Without it, the folder is an encoder alone.
    package static let modules = ModelFile("modules.json", .sentenceTransformers, isAtRootOnly: true)
    /// The prompts, by their names.
    package static let prompts = ModelFile(
        "config_sentence_transformers.json",
        .sentenceTransformers,
        isAtRootOnly: true
    )
    /// The longest input, and whether texts are put into lower case. Early versions of sentence-transformers named the
    /// file by the architecture; the first one that is there counts.
    package static let transformerSettings = ["bert", "roberta", "distilbert"].map {
        ModelFile("sentence_\($0)_config.json", .sentenceTransformers)
    }
    /// Where pooling is described in a folder without ``modules``: the first files of sentence-transformers.
    package static let poolingFolder = "1_Pooling"

    /// All weights in one file.
    package static let safetensors = ModelFile("model.safetensors", .weights)
    /// The files that can hold the weights or their index. The first one that is there counts, as for transformers:
    /// safetensors come first, because nothing in them is executed or interpreted.
    package static let weights = [
        safetensors, ModelFile("model.safetensors.index.json", .weights), ModelFile("pytorch_model.bin", .weights),
        ModelFile("pytorch_model.bin.index.json", .weights),
    ]

    /// Whether the file says which other files hold the weights.
    package var isIndex: Bool { name.ends(with: ".index.json") }

    /// The file of weights, or their index, that a config.json names as `transformers_weights`: it counts instead of
    /// those in ``weights``. Nil where the key is absent.
    ///
    /// - Throws: `wrongValue` for anything but safetensors in the same folder, as transformers does.
    package static func statedWeights(in configuration: JSONSection) throws(ModelError) -> ModelFile? {
        let key = "transformers_weights"
        guard let value = configuration.optional(key) else { return nil }
        guard case .string(let name) = value, let path = pathInside(name),
            [".safetensors", ".safetensors.index.json"].contains(where: { path.ends(with: $0) })
        else { throw configuration.wrong(key, value, expected: "a .safetensors file in the same folder, or its index") }
        return ModelFile(path, .weights)
    }

    /// A path that one of a folder's files gives of another, without parts that say nothing; nil if it may lead out of
    /// the folder.
    package static func pathInside(_ path: String) -> String? {
        let parts = path.pieces(separatedBy: "/").filter { !$0.isEmpty && $0 != "." }
        guard !path.begins(with: "/"), !path.utf8.contains(0), !parts.isEmpty, !parts.contains("..") else { return nil }
        return parts.joined(separator: "/")
    }

    /// The files that a tokenizer is made of.
    package static let tokenizerFiles = [vocabulary, tokenizer, tokenizerSettings, specialTokens, addedTokens]

    /// All files, but for the parts that an index names.
    package static let all =
        [modules, prompts] + tokenizerFiles + transformerSettings + [configuration] + weights

    /// Whether a file's name is that of weights, in one of the list's files or in a part of them.
    package static func isWeights(_ name: String) -> Bool {
        [".safetensors", ".bin"].contains { name.ends(with: $0) }
    }
}
