import ArgumentParser
import Encoder
import Foundation
import Service

/// Which model a command runs.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of the model (config.json, vocabulary, weights), or its id on the Hugging Face Hub.",
            discussion: """
                A model of the Hub that is not in the cache yet is fetched first, as by `swiftlet pull`. Without it: \
                $SWIFTLET_MODEL, else the bundled model.
                """,
            valueName: "dir|id"
        )
    )
    var model: String?

    @Option(help: ArgumentHelp("Branch, tag or commit of a model of the Hub. (default: main)", valueName: "revision"))
    var revision: String?

    /// The folder, which is known to hold a model's configuration.
    ///
    /// - Throws: `noModel`, `modelNotFound`, or `HubError`.
    func directory() async throws -> String {
        let folder = try await source.locate().folder
        try Self.check(folder)
        return folder
    }

    private var source: ModelSource { ModelSource(name: model, revision: revision) }

    /// Finds out whether a folder can be a model's.
    static func check(_ directory: String) throws {
        let transformer = try SentenceTransformerFolder(directory: directory).transformerDirectory
        guard FileManager.default.fileExists(atPath: transformer + "/config.json") else {
            throw CommandError.noModel(directory: directory, reason: "there is no config.json")
        }
    }

    /// Loads the model.
    ///
    /// - Throws: `noEngine` or `unusableModel` with the reason, besides what ``directory()`` throws.
    func load(engine: EngineOptions = EngineOptions()) async throws -> LoadedModel {
        try await Self.load(source, engine: engine)
    }

    /// The same for a model that was named elsewhere. One of the Hub is called by its id.
    static func load(_ source: ModelSource, engine: EngineOptions = EngineOptions()) async throws -> LoadedModel {
        let location = try await source.locate()
        try check(location.folder)
        do {
            return try LoadedModel(directory: location.folder, servedName: location.id, engine: engine)
        } catch EncoderError.backend(let error) {
            throw CommandError.noEngine("\(error)")
        } catch {
            throw CommandError.unusableModel("\(error)")
        }
    }

    /// Loads the model and starts an engine worker for every CPU of the budget.
    /// - Parameter prompt: what is put before each text that is embedded; nil leaves it to the model.
    func startInference(engine: EngineOptions, prompt: String? = nil) async throws -> InferenceService {
        var configuration = InferenceConfiguration(workers: CPUBudget.current().count)
        configuration.defaultPrompt = prompt
        return InferenceService(model: try await load(engine: engine), configuration: configuration)
    }
}
