import Checkpoint
import Encoder
import Foundation
import JSON
import ModelFiles

/// A model's folder that is being written. Until it is complete, it stands beside its final place under another name.
/// The process that writes it owns it (``OwnedFolder``), so the next one can tell what a process that was killed has
/// left.
struct FittedFolder {
    private let destination: String
    /// The folder while it is being written.
    let path: String
    /// Nil on a file system without locks, where nothing is ever removed.
    private let owned: OwnedFolder?

    /// The end of the name of the folder that stood at the destination, until the new one has its place.
    private static let replacedEnding = ".old"

    /// Makes an empty folder, and removes those that runs with the same destination have left unfinished.
    ///
    /// - Parameter replaces: whether there may be something at `destination`.
    /// - Throws: `usage` if something is there and must not be replaced, `writeFailed`.
    init(destination: String, replaces: Bool) throws(CommandError) {
        let url = URL(fileURLWithPath: destination).standardizedFileURL
        self.destination = url.path
        Self.removeUnfinished(destination: url)
        guard replaces || !FileManager.default.fileExists(atPath: url.path) else {
            throw .usage("\(destination) is there already; --force replaces it")
        }
        var (path, owned) = ("", OwnedFolder?.none)
        // Until a folder is locked, another run may take it for one that was left and remove it.
        for _ in 0..<Self.attempts where owned == nil {
            if !path.isEmpty { try? FileManager.default.removeItem(atPath: path) }
            let name = Self.prefix(of: url) + UUID().uuidString
            path = url.deletingLastPathComponent().appendingPathComponent(name).path
            do {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            } catch {
                throw .writeFailed(reason: "\(destination): \(SystemError.text(error))")
            }
            owned = OwnedFolder(path)
        }
        (self.path, self.owned) = (path, owned)
    }

    /// Attempts to lock a new folder before the file system is taken for one without locks.
    private static let attempts = 3

    private static func prefix(of destination: URL) -> String { ".\(destination.lastPathComponent)." }

    /// Removes the folders of runs that have ended without finishing. A run that was killed between its last two steps
    /// has moved the older folder away and put nothing in its place: that folder is put back.
    private static func removeUnfinished(destination: URL) {
        let (manager, parent) = (FileManager.default, destination.deletingLastPathComponent())
        let prefix = prefix(of: destination)
        for name in (try? manager.contentsOfDirectory(atPath: parent.path)) ?? [] {
            guard let end = name.rest(after: prefix) else { continue }
            let (isReplaced, id) = (end.ends(with: replacedEnding), end.rest(before: replacedEnding) ?? end)
            let path = parent.appendingPathComponent(name).path
            guard UUID(uuidString: String(id)) != nil, let unfinished = OwnedFolder(path) else { continue }
            if isReplaced, !manager.fileExists(atPath: destination.path) {
                try? manager.moveItem(atPath: path, toPath: destination.path)
            } else {
                try? manager.removeItem(atPath: path)
            }
            withExtendedLifetime(unfinished) {}
        }
    }

    /// Copies the tokenizer, each file from the first folder that has it.
    ///
    /// - Parameter maxLength: the length that texts are cut to, which is written into the settings.
    func copyTokenizer(from directories: [String], maxLength: Int) throws {
        for (name, bytes) in try Self.tokenizerFiles(from: directories, maxLength: maxLength) {
            try write(bytes, as: name)
        }
    }

    /// The tokenizer's files, each from the first folder that has it.
    ///
    /// - Parameter maxLength: the length that texts are cut to, which the settings have.
    static func tokenizerFiles(
        from directories: [String],
        maxLength: Int
    ) throws -> [(name: String, bytes: [UInt8])] {
        try ModelFile.tokenizerFiles.compactMap { file in
            let found = directories.lazy.compactMap { FileManager.default.contents(atPath: file.path(in: $0)) }.first
            guard let data = found else { return nil }
            let bytes = [UInt8](data)
            return (file.name, file == .tokenizerSettings ? try settings(bytes, maxLength: maxLength) : bytes)
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
    func write(_ export: ClassifierExport, _ head: FittedHead) throws {
        let configuration = export.configurationFile(
            labels: head.labels,
            problemType: head.problemType,
            temperature: head.temperature
        )
        try write(configuration, as: ModelFile.configuration.name)
        let file = try OutputFile(path: ModelFile.safetensors.path(in: path))
        try file.truncate(to: 0)
        try SafetensorsWriter.write(export.tensors(weight: head.weight, bias: head.bias)) { try file.write($0) }
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
        let old = path + Self.replacedEnding
        // Owned until it is removed, so that no other run puts it back.
        let replaced = OwnedFolder(destination)
        defer { withExtendedLifetime((owned, replaced)) {} }
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
