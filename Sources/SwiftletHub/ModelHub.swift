import Foundation
import Host
import Hub
import ModelCache
import SwiftletKit

/// The Hugging Face Hub, for programs that fetch their models from it.
public enum ModelHub {
    /// The amount of a file that has been fetched.
    public struct Progress: Sendable, Equatable {
        /// The file's path in the repository.
        public let file: String
        /// The bytes that are there.
        public let bytes: Int
        /// The file's size; nil if it is unknown.
        public let total: Int?
    }

    /// Fetches a model into huggingface_hub's cache, or only its files that the cache lacks, and checks every byte.
    ///
    /// The environment variables of huggingface_hub count: `HF_TOKEN`, `HF_ENDPOINT`, `HF_HUB_CACHE`,
    /// `HF_HUB_OFFLINE` and others. Interrupted and cancelled pulls are continued by the next one.
    ///
    /// - Parameters:
    ///   - id: `name` or `namespace/name`.
    ///   - revision: A branch, a tag or a commit; nil for `main`.
    ///   - progress: Called on any thread while files are fetched.
    /// - Returns: The folder, for `TextModel`.
    /// - Throws: `SwiftletError` of the kinds `modelNotFound`, `unusableModel`, `invalidInput` and `hubFailed`;
    ///   `CancellationError`.
    public static func pull(
        _ id: String,
        revision: String? = nil,
        progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws -> String {
        do {
            var settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
            settings.userAgent = "swiftlet/\(SwiftletVersion.current)"
            let client = HubClient(settings: settings) { event in
                if case .progressed(let file, let bytes, let total) = event {
                    progress(Progress(file: file, bytes: bytes, total: total))
                }
            }
            return try await client.pull(id, revision: revision).folder
        } catch {
            throw SwiftletError.of(error)
        }
    }
}
