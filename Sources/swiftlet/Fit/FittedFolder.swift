import Checkpoint
import Encoder
import Foundation

/// A model's folder in the making: beside its place, until it is whole.
struct FittedFolder {
    /// What a folder needs beside weights, configuration and card, where the base model has it.
    private static let tokenizerFiles = [
        "vocab.txt", "tokenizer.json", settingsFile, "special_tokens_map.json", "added_tokens.json",
    ]

    private static let settingsFile = "tokenizer_config.json"

    private let destination: String
    /// Where it is made.
    let path: String

    /// Makes an empty one.
    ///
    /// - Parameter replaces: whether there may be something at `destination`.
    /// - Throws: `usage` where there is, `writeFailed`.
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
            throw .writeFailed(reason: "\(destination): \(systemErrorText(error))")
        }
    }

    /// Copies the tokenizer, each file from the first folder that has it.
    ///
    /// - Parameter maxLength: the length that texts are cut to, for whoever loads the folder.
    func copyTokenizer(from directories: [String], maxLength: Int) throws {
        for name in Self.tokenizerFiles {
            let found = directories.lazy.compactMap { FileManager.default.contents(atPath: "\($0)/\(name)") }.first
            guard let data = found else { continue }
            let bytes = [UInt8](data)
            let isSettings = name == Self.settingsFile
            try write(isSettings ? TokenizerSettings.bytes(bytes, maxLength: maxLength) : bytes, as: name)
        }
    }

    /// Writes configuration and weights, over those of a call before.
    func write(_ export: ClassifierExport, labels: [String], weight: [Float], bias: [Float]) throws {
        try write(export.configurationFile(labels: labels), as: "config.json")
        let file = try OutputFile(path: "\(path)/model.safetensors")
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

    /// Puts the folder in its place, and removes what was there.
    func finish() throws(CommandError) {
        let manager = FileManager.default
        let old = path + ".old"
        do {
            if manager.fileExists(atPath: destination) { try manager.moveItem(atPath: destination, toPath: old) }
            try manager.moveItem(atPath: path, toPath: destination)
        } catch {
            throw .writeFailed(reason: "\(destination): \(systemErrorText(error))")
        }
        try? manager.removeItem(atPath: old)
    }

    /// Removes it: it will not be whole.
    func discard() { try? FileManager.default.removeItem(atPath: path) }
}
