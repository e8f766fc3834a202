import TestSupport
import Testing

@testable import Inference
@testable import Service

/// Models that are not bundled, with a small vocabulary of their own.
enum TestModels {
    /// A WordPiece vocabulary with at most the fixtures' 1,000 ids.
    static let vocabulary = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words).joined(separator: "\n")
    private static let words = ["a", "b", "c", "query", "passage", ":", "film", "fine", "dull", "good", "bad", "the"]

    /// Calls `body` with a service on a fixture's model.
    /// - Parameter files: more files of the model's folder.
    static func with(
        modelOf source: String,
        _ files: [String: String] = [:],
        change: (inout InferenceConfiguration) -> Void = { _ in },
        _ body: (TestService) async throws -> Void
    ) async throws {
        let files = files.merging(["vocab.txt": vocabulary]) { given, _ in given }
        try await ModelFolder.with(modelOf: source, files) { folder in
            var configuration = InferenceConfiguration.patient(workers: 1)
            change(&configuration)
            let inference = InferenceService(model: try LoadedModel(directory: folder), configuration: configuration)
            try await body(TestService(inference))
            await inference.shutDown()
        }
    }
}
