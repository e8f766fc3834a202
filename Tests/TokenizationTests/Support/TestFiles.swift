import Foundation

@testable import Tokenization

/// The files that the tests read, and folders to write in.
enum TestFiles {
    /// The repository's root: four levels above this file.
    static let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    static let fixtures = root.appending(path: "Tests/Fixtures/tokenization")
    /// The bundled model's folder, with its vocabulary of 30,522 tokens.
    static let model = root.appending(path: "Models/mobilebert-mini").path
    static let vocabulary = model + "/vocab.txt"

    private static let loaded = Result { try Tokenizer(directory: model) }

    /// The tokenizer of the bundled vocabulary, read once.
    static func uncased() throws -> Tokenizer { try loaded.get() }

    /// The larger set of cases, which is not in the repository: `$SWIFTLET_REFERENCE`, or `../shared/reference`.
    static let reference: URL? = {
        let named = ProcessInfo.processInfo.environment["SWIFTLET_REFERENCE"].map { URL(fileURLWithPath: $0) }
        let folder = named ?? root.deletingLastPathComponent().appending(path: "shared/reference")
        let file = folder.appending(path: "tokens.jsonl")
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }()

    /// Calls `body` with a new folder that holds `files`, and removes it.
    @discardableResult
    static func withDirectory<Result>(_ files: [String: Data], _ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tokenization-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, data) in files { try data.write(to: folder.appending(path: name)) }
        return try body(folder.path)
    }

    @discardableResult
    static func withDirectory<Result>(_ files: [String: String], _ body: (String) throws -> Result) throws -> Result {
        try withDirectory(files.mapValues { Data($0.utf8) }, body)
    }
}
