import Checkpoint
import Foundation

/// What sentence-transformers says of a folder's transformer, in `sentence_bert_config.json`.
struct TransformerSettings: Sendable, Equatable {
    /// `max_seq_length`: most tokens of an input, whatever the tokenizer's own files say; nil leaves it to them.
    var maxSequenceLength: Int?
    /// `do_lower_case`: whether texts are put into lower case, also for a tokenizer that keeps case.
    var lowercases = false

    /// Early versions named the file by the architecture.
    private static let fileNames = ["bert", "roberta", "distilbert"].map { "sentence_\($0)_config.json" }

    /// Reads the file, where there is one.
    init(transformerDirectory directory: String) throws(ModelError) {
        let paths = Self.fileNames.map { "\(directory)/\($0)" }
        guard let path = paths.first(where: FileManager.default.fileExists(atPath:)) else { return }
        do throws(CheckpointError) {
            let file = try ConfigurationFile(path: path)
            if file.contains("max_seq_length") {
                maxSequenceLength = try file.integer("max_seq_length", in: 1...Int(Int32.max))
            }
            lowercases = file.contains("do_lower_case") ? try file.boolean("do_lower_case") : false
        } catch {
            throw .unreadable(error)
        }
    }
}
