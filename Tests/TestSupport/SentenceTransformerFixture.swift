package import Foundation

/// Model folders with sentence-transformers' modules.
package enum SentenceTransformerFixture {
    /// The fixtures' folder.
    package static let folder = URL(filePath: ModelFolder.repository).appending(
        path: "Tests/Fixtures/sentence-transformers"
    )

    /// Calls `body` with a folder that holds a fixture's modules and the transformer that they go with.
    package static func with(
        _ name: String,
        transformer: String = "",
        _ files: [String: String] = [:],
        _ body: (String) async throws -> Void
    ) async throws {
        try await ModelFolder.with(modelOf: nil, files) { copied in
            let target = URL(filePath: copied)
            let manager = FileManager.default
            for path in try manager.subpathsOfDirectory(atPath: folder.appending(path: name).path)
            where (path as NSString).pathExtension != "" {
                let copy = target.appending(path: path)
                try manager.createDirectory(at: copy.deletingLastPathComponent(), withIntermediateDirectories: true)
                if manager.fileExists(atPath: copy.path) { continue }
                try manager.copyItem(at: folder.appending(path: "\(name)/\(path)"), to: copy)
            }
            let place = target.appending(path: transformer)
            for file in ["config.json", "model.safetensors"] {
                try manager.createSymbolicLink(
                    at: place.appending(path: file),
                    withDestinationURL: URL(filePath: ModelFolder.withoutVocabulary).appending(path: file)
                )
            }
            try manager.copyItem(
                at: folder.appending(path: "vocab.txt"),
                to: place.appending(path: "vocab.txt")
            )
            try await body(copied)
        }
    }
}
