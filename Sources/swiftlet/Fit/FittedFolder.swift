import Checkpoint
import Encoder
import Foundation
import JSON
import ModelFiles

/// A model's folder that is being written. Until it is complete, it stands beside its final place under another name.
struct FittedFolder {
    private let destination: String
    /// The folder while it is being written.
    let path: String

    /// Makes an empty folder.
    ///
    /// - Parameter replaces: whether there may be something at `destination`.
    /// - Throws: `usage` if something is there and must not be replaced, `writeFailed`.
    init(destination: String, replaces: Bool) throws(CommandError) {
        let url = URL(fileURLWithPath: destination).standardizedFileURL
        self.destination = url.path
        guard replaces || !FileManager.default.fileExists(atPath: url.path) else {
            throw .usage("\(destination) is there already; --force replaces it")
        }
        let name = ".\(url.lastPathComponent).\(UUID().uuidString)"
        path = url.deletingLastPathComponent().appendingPathComponent(name).path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .writeFailed(reason: "\(destination): \(SystemError.text(error))")
        }
    }

    /// Copies the tokenizer, each file from the first folder that has it.
    ///
    /// - Parameter maxLength: the length that texts are cut to, which is written into the settings.
    func copyTokenizer(from directories: [String], maxLength: Int) throws {
        for file in ModelFile.tokenizerFiles {
            let found = directories.lazy.compactMap { FileManager.default.contents(atPath: file.path(in: $0)) }.first
            guard let data = found else { continue }
            let bytes = [UInt8](data)
            try write(file == .tokenizerSettings ? Self.settings(bytes, maxLength: maxLength) : bytes, as: file.name)
        }
    }

    /// A `tokenizer_config.json` with its `model_max_length` replaced.
    private static func settings(_ original: [UInt8], maxLength: Int) throws -> [UInt8] {
        let key = "model_max_length"
        guard case .object(let settings) = try JSONParser.parse(original) else { return original }
        var writer = JSONWriter()
        writer.object { writer in
            for member in settings.members where member.key != key {
                writer.key(member.key)
                writer.value(member.value)
            }
            writer.key(key)
            writer.integer(maxLength)
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// Writes configuration and weights. A second call replaces those of the first.
    func write(_ export: ClassifierExport, labels: [String], weight: [Float], bias: [Float]) throws {
        try write(export.configurationFile(labels: labels), as: ModelFile.configuration.name)
        let file = try OutputFile(path: ModelFile.safetensors.path(in: path))
        try file.truncate(to: 0)
        try SafetensorsWriter.write(export.tensors(weight: weight, bias: bias)) { try file.write($0) }
        try file.synchronize()
    }

    /// Writes a file.
    func write(_ bytes: [UInt8], as name: String) throws(CommandError) {
        let file = try OutputFile(path: "\(path)/\(name)")
        try file.truncate(to: 0)
        try file.write(bytes)
    }

    /// Moves the folder to its final place, and removes an older folder there.
    func finish() throws(CommandError) {
        let manager = FileManager.default
        let old = path + ".old"
        do {
            if manager.fileExists(atPath: destination) { try manager.moveItem(atPath: destination, toPath: old) }
            try manager.moveItem(atPath: path, toPath: destination)
        } catch {
            throw .writeFailed(reason: "\(destination): \(SystemError.text(error))")
        }
        try? manager.removeItem(atPath: old)
    }

    /// Removes the folder, if it cannot be completed.
    func discard() { try? FileManager.default.removeItem(atPath: path) }
}
