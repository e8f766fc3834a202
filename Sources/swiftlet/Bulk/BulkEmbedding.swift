import Encoder
import Foundation
import Host
import Inference
import ModelFiles
import TLS

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `swiftlet embed --output`: writes the vectors of all records of an input to a file. The file gets its final name
/// when it is complete. The next run continues an interrupted one.
struct BulkEmbedding: Sendable {
    let source: TextSource
    let output: String
    let format: VectorFormat
    let inference: InferenceService
    let options: EmbedOptions

    /// - Throws: ``CommandError``, or the engine's error.
    func run() async throws {
        // The vector of an empty text shows the size of all vectors, whatever modules follow the model's pooling.
        let columns = try await inference.embed([.text("")], options: options).value[0].count
        let stamp = source.path.flatMap(FileStamp.of)
        var file = try PartialFile(path: output, sources: sources(input: stamp))
        if file.discardsOther {
            StandardError.write("\(output).partial belongs to another input, model or options: starting again\n")
        }
        if file.isResumed { StandardError.write("continuing after \(file.state.rows) texts that are done\n") }
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

    /// The files of a model's folder that vectors depend on, except the parts of its weights.
    private static let modelFiles = Set(ModelFile.all.map(\.name))

    /// Everything that the vectors depend on. Options are printed with all their fields, so that none is forgotten.
    private func sources(input: String?) -> [String] {
        let model = inference.model
        var files = Set([model.directory, model.transformerDirectory]).flatMap { directory in
            Self.files(in: directory) { name in
                Self.modelFiles.contains(name) || ModelFile.isWeights(name)
            }
        }
        files.append(model.encoder.source)
        // The settings of Pooling, and the settings and weights of Dense and LayerNorm, whatever their names.
        for directory in model.folder.moduleDirectories {
            files += Self.files(in: directory) { _ in true }
        }
        // The texts of a pipe cannot be read again: no other run can continue this one.
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

/// A stamp that shows whether a file was changed or replaced, for which little of the file is read.
enum FileStamp {
    /// Bytes of a block of ``checksum(_:_:)``, and blocks of a file.
    private static let (blockBytes, blocks) = (64 << 10, 16)

    /// Path, size, time of the last change and a checksum; nil for anything but a regular file, such as a pipe. The
    /// checksum tells contents apart that were copied with their time, as `cp -p` and `rsync` do.
    static func of(_ path: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        let checksum = checksum(path, Int(status.st_size))
        return "\(absolute(path)), \(status.st_size) bytes, \(time.tv_sec).\(time.tv_nsec), \(checksum)"
    }

    /// A checksum of a file's first and last blocks and of some at equal distances between them; of the whole file, if
    /// it is no larger. Empty if the file cannot be read.
    private static func checksum(_ path: String, _ size: Int) -> String {
        guard var hash = ContentHash(.sha256), let file = try? OpenFile(path: path) else { return "" }
        var block = [UInt8](repeating: 0, count: blockBytes)
        let starts =
            size > blocks * blockBytes
            ? (0..<blocks).map { (size - blockBytes) * $0 / (blocks - 1) }
            : Array(stride(from: 0, to: size, by: blockBytes))
        for start in starts {
            let count = min(blockBytes, size - start)
            guard (try? file.read(from: start, count, into: &block)) != nil else { return "" }
            unsafe block.withUnsafeBytes { unsafe hash.add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        return hash.finish().map { Data($0).base64EncodedString() } ?? ""
    }

    /// The size of a regular file; nil for anything else.
    static func size(of path: String) -> Int? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// The path with symbolic links resolved.
    static func absolute(_ path: String) -> String {
        guard let resolved = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
