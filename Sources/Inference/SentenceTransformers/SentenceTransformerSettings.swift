import Encoder
package import JSON
package import ModelFiles

/// The pooling of a sentence-transformers folder, from the config.json of its module Pooling.
struct PoolingConfiguration: Sendable, Equatable {
    /// The poolings, whose vectors are joined one behind the other; at least one.
    var poolings = [Pooling.mean]
    /// Whether the tokens of a prompt are pooled too.
    var includesPrompt = true

    /// The pooling without a file: the mean over all tokens.
    init() {}

    /// The key that switches each pooling on, in the order in which several vectors are joined.
    private static let switches: [(key: String, pooling: Pooling)] = [
        ("pooling_mode_cls_token", .cls), ("pooling_mode_max_tokens", .max), ("pooling_mode_mean_tokens", .mean),
        ("pooling_mode_mean_sqrt_len_tokens", .meanSqrtLength), ("pooling_mode_weightedmean_tokens", .weightedMean),
        ("pooling_mode_lasttoken", .lastToken),
    ]

    /// The names that later versions write as `pooling_mode`: one, or a list in the order of the vectors.
    private static let names: [(name: String, pooling: Pooling)] = [
        ("cls", .cls), ("max", .max), ("mean", .mean), ("mean_sqrt_len_tokens", .meanSqrtLength),
        ("weightedmean", .weightedMean), ("lasttoken", .lastToken),
    ]

    /// Reads a module's config.json.
    init(directory: String) throws(ModelError) {
        let file = try JSONSection(path: ModelFile.configuration.path(in: directory))
        let names = try file.oneOrMoreStrings("pooling_mode")
        var switched: [Pooling] = []
        for way in Self.switches where try file.boolean(way.key, default: false) { switched.append(way.pooling) }
        includesPrompt = try file.boolean("include_prompt", default: true)
        guard let names else {
            // All off, sentence-transformers takes the mean.
            poolings = switched.isEmpty ? [.mean] : switched
            return
        }
        poolings = []
        for name in names {
            guard let way = Self.names.first(where: { $0.name == name }) else {
                let known = Self.names.map { "\"\($0.name)\"" }.joined(separator: ", ")
                throw file.wrong("pooling_mode", .string(name), expected: "one or more of \(known)")
            }
            poolings.append(way.pooling)
        }
        guard !poolings.isEmpty else {
            let expected = "at least one name"
            throw .wrongValue(file: file.path, key: "pooling_mode", found: "an empty list", expected: expected)
        }
    }
}

extension [Pooling] {
    /// Their names in messages and in answers: "cls+mean" for vectors that are joined.
    package var name: String { map(\.rawValue).joined(separator: "+") }
}

/// The settings of sentence-transformers for a folder's transformer, from `sentence_bert_config.json`.
struct TransformerSettings: Sendable, Equatable {
    /// `max_seq_length`: most tokens of an input, which overrides the tokenizer's own files; nil if they decide.
    var maxSequenceLength: Int?
    /// `do_lower_case`: whether texts are put into lower case, also for a tokenizer that keeps case.
    var lowercases = false

    /// Reads the file, if there is one.
    init(transformerDirectory directory: String) throws(ModelError) {
        let paths = ModelFile.transformerSettings.map { $0.path(in: directory) }
        guard let path = paths.first(where: OpenFile.exists) else { return }
        let file = try JSONSection(path: path)
        if file.contains("max_seq_length") {
            maxSequenceLength = try file.integer("max_seq_length", in: 1...Int(Int32.max))
        }
        lowercases = try file.optionalBoolean("do_lower_case") ?? false
    }
}

/// The texts that a model expects before those of its users, such as `query: ` or `passage: `, by their names.
package struct Prompts: Sendable, Equatable {
    /// The prompts, by name.
    package private(set) var texts: [ExactText: String] = [:]
    /// The prompt for requests that name none.
    package private(set) var defaultText: String?

    /// No prompts.
    package init() {}

    /// `prompts` and `default_prompt_name` of sentence-transformers' config_sentence_transformers.json.
    /// - Throws: what is wrong with the file; without one there are no prompts.
    init(inModelDirectory directory: String) throws(ModelError) {
        let path = ModelFile.prompts.path(in: directory)
        guard OpenFile.exists(path) else { return }
        let file = try JSONSection(path: path)
        texts = try file.stringMap("prompts") ?? [:]
        if let name = try file.optionalString("default_prompt_name") {
            defaultText = try text(named: name, askedForBy: path)
        }
    }

    /// The names of the prompts, sorted.
    package var names: [String] { texts.keys.sortedTexts }

    /// The prompt of a name.
    ///
    /// - Parameter place: the file or option that asks, for the message.
    package func text(named name: String, askedForBy place: String) throws(ModelError) -> String {
        guard let text = texts[ExactText(name)] else { throw .unknownPrompt(name, askedForBy: place, known: names) }
        return text
    }
}
