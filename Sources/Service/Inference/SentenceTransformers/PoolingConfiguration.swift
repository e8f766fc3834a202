import Checkpoint
import Encoder

/// What a sentence-transformers folder says of pooling: its module Pooling's config.json.
struct PoolingConfiguration: Sendable, Equatable {
    /// Whose vectors are put one behind the other; at least one.
    var poolings = [Pooling.mean]
    /// Whether the tokens of a prompt count.
    var includesPrompt = true

    /// Without a file: the mean over all tokens.
    init() {}

    /// The switch of each way, in the order in which the vectors of several are joined.
    private static let switches: [(key: String, pooling: Pooling)] = [
        ("pooling_mode_cls_token", .cls), ("pooling_mode_max_tokens", .max), ("pooling_mode_mean_tokens", .mean),
        ("pooling_mode_mean_sqrt_len_tokens", .meanSqrtLength), ("pooling_mode_weightedmean_tokens", .weightedMean),
        ("pooling_mode_lasttoken", .lastToken),
    ]

    /// The names that later versions write as `pooling_mode`, one or a list in the order of the vectors.
    private static let names: [(name: String, pooling: Pooling)] = [
        ("cls", .cls), ("max", .max), ("mean", .mean), ("mean_sqrt_len_tokens", .meanSqrtLength),
        ("weightedmean", .weightedMean), ("lasttoken", .lastToken),
    ]

    /// Reads a module's config.json.
    init(directory: String) throws(ModelError) {
        let path = directory + "/config.json"
        let file: ConfigurationFile
        let names: [String]?
        var switched: [Pooling] = []
        do throws(CheckpointError) {
            file = try ConfigurationFile(path: path)
            names = try file.oneOrMoreStrings("pooling_mode")
            for way in Self.switches where try file.boolean(way.key, default: false) { switched.append(way.pooling) }
            includesPrompt = try file.boolean("include_prompt", default: true)
        } catch {
            throw .unreadable(error)
        }
        guard let names else {
            // All off, sentence-transformers takes the mean.
            poolings = switched.isEmpty ? [.mean] : switched
            return
        }
        poolings = []
        for name in names {
            guard let way = Self.names.first(where: { $0.name == name }) else {
                let known = Self.names.map { "\"\($0.name)\"" }.joined(separator: ", ")
                throw .unsupported(
                    file: path,
                    key: "pooling_mode",
                    found: "\"\(name)\"",
                    expected: "one or more of \(known)"
                )
            }
            poolings.append(way.pooling)
        }
        guard !poolings.isEmpty else {
            throw .unsupported(file: path, key: "pooling_mode", found: "an empty list", expected: "at least one name")
        }
    }
}

extension [Pooling] {
    /// Their names in messages and in answers: "cls+mean" for vectors that are joined.
    package var name: String { map(\.rawValue).joined(separator: "+") }
}
