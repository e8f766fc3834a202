import Encoder
import Foundation
import Service

/// `swiftlet embed --output`: the vectors of all records of an input in a file, which has its name only when it is
/// whole. An interrupted run goes on where it was.
struct BulkEmbedding: Sendable {
    let source: TextSource
    let output: String
    let format: VectorFormat
    let inference: InferenceService
    let options: EmbedOptions

    /// - Throws: ``CommandError``, or what the engine throws.
    func run() async throws {
        // What an empty text gives says how long vectors are, whatever the model does behind its pooling.
        let columns = try await inference.embed([.text("")], options: options).value[0].count
        let stamp = source.path.flatMap(FileStamp.of)
        var file = try PartialFile(path: output, sources: sources(input: stamp))
        if file.discardsOther {
            StandardError.write("\(output).partial is of another input, model or options: beginning anew\n")
        }
        if file.isResumed { StandardError.write("going on behind \(file.state.rows) texts that are done\n") }
        // A header's length does not depend on the number of rows, which is not known yet.
        if file.state.bytes == 0 { try file.append(format.header(rows: 0, columns: columns), rows: 0, upTo: 0) }

        let size = source.path.flatMap(FileStamp.size)
        var progress = ProgressReporter(counting: "texts", of: size.map { max($0 - file.state.inputBytes, 0) })
        try await WindowPipeline.run(source, skipping: file.state.rows) { [inference, options, source] texts in
            do {
                return try await inference.embed(texts.map { .text($0.content) }, options: options).value
            } catch {
                throw placed(error, in: texts, of: source)
            }
        } advance: { count, bytes in
            progress.advance(by: count, size: bytes)
        } emit: { texts, vectors in
            var bytes: [UInt8] = []
            for (text, vector) in zip(texts, vectors) { format.append(vector, index: text.index, to: &bytes) }
            try file.append(bytes, rows: texts.count, upTo: texts.last?.endByte ?? 0)
        }
        guard source.path.flatMap(FileStamp.of) == stamp else {
            file.discard()
            throw CommandError.readFailed(path: source.path ?? "", reason: "it was changed while it was read")
        }
        let rows = file.state.rows
        try file.finish(header: format.header(rows: rows, columns: columns))
        progress.finish(always: true)
    }

    /// Files of a model's folder that vectors follow from, beside its weights.
    private static let modelFiles: Set = [
        "config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json",
        "added_tokens.json", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
    ]

    /// Everything that the vectors follow from. Options are told by all their fields, so that none is forgotten.
    private func sources(input: String?) throws -> [String] {
        let model = inference.model
        var files = Set([model.directory, model.transformerDirectory]).flatMap { directory in
            Self.files(in: directory) { name in
                Self.modelFiles.contains(name) || [".safetensors", ".bin"].contains { name.hasSuffix($0) }
            }
        }
        // Pooling's settings, and the settings and weights of Dense and LayerNorm, by whatever name.
        for directory in try SentenceTransformerFolder(directory: model.directory).moduleDirectories {
            files += Self.files(in: directory) { _ in true }
        }
        // A pipe's texts cannot be read again: no other run goes on with them.
        let texts = input ?? "standard input \(UInt64.random(in: .min ... .max))"
        return ["swiftlet \(SwiftletVersion.current)", texts, "\(source)", format.rawValue, "\(options)"]
            + ["\(model.encoder.engine)", "\(inference.configuration.defaultPrompt ?? "")"]
            + files.sorted().compactMap(FileStamp.of)
    }

    private static func files(in directory: String, where isWanted: (String) -> Bool) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter(isWanted).map { "\(directory)/\($0)" }
    }
}
