import Foundation

/// Model folders that these tests load.
package enum ModelFolder {
    /// The repository's root: three levels above this file.
    private static let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    /// The repository's root as a path.
    package static let repository = root.path
    /// The bundled classifier, with its vocabulary.
    package static let bundled = root.appending(path: "Models/mobilebert-mini").path
    /// A MobileBERT with random weights, 1,000 ids, 96 positions and no vocabulary.
    package static let withoutVocabulary = fixture("mobilebert")
    /// A MobileBERT like ``withoutVocabulary`` with a head of one label, for regression.
    package static let regression = fixture("mobilebert-regression")
    /// A MobileBERT like ``withoutVocabulary`` with a head of four labels, of which any number may apply.
    package static let multiLabel = fixture("mobilebert-multilabel")

    /// A folder of Tests/Fixtures/models.
    package static func fixture(_ name: String) -> String { root.appending(path: "Tests/Fixtures/models/\(name)").path }

    /// Calls `body` with a folder that holds the model of another folder and the additional `files`, and then removes
    /// the folder.
    package static func with(
        modelOf source: String?,
        _ files: [String: String] = [:],
        _ body: (String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "service-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        if let source {
            for name in ["config.json", "model.safetensors"] where files[name] == nil {
                try FileManager.default.createSymbolicLink(
                    at: folder.appending(path: name),
                    withDestinationURL: URL(filePath: source).appending(path: name)
                )
            }
        }
        for (name, text) in files {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: file)
        }
        try await body(folder.path)
    }
}
