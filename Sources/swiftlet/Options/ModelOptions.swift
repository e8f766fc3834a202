import ArgumentParser
import Encoder
import Foundation
import Service

/// Which model a command runs.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of the model: config.json, vocab.txt or tokenizer.json, and the weights.",
            discussion: "Without it: $SWIFTLET_MODEL, else the bundled sentiment model.",
            valueName: "dir"
        )
    )
    var model: String?

    /// The folder, which is known to hold a model's configuration.
    ///
    /// - Throws: `noModel`, or `modelNotFound`.
    func directory() throws -> String {
        try Self.directory(named: model)
    }

    /// The same for a folder that was named elsewhere; nil stands for the bundled model.
    static func directory(named name: String?) throws -> String {
        let directory = try name ?? BundledModel.locate()
        guard FileManager.default.fileExists(atPath: directory + "/config.json") else {
            throw CommandError.noModel(directory: directory, reason: "there is no config.json")
        }
        return directory
    }

    /// Loads the model.
    ///
    /// - Throws: `noEngine` or `unusableModel` with the reason, besides what ``directory()`` throws.
    func load(engine: EngineOptions = EngineOptions()) throws -> LoadedModel {
        let directory = try directory()
        do {
            return try LoadedModel(directory: directory, engine: engine)
        } catch EncoderError.backend(let error) {
            throw CommandError.noEngine("\(error)")
        } catch {
            throw CommandError.unusableModel("\(error)")
        }
    }

    /// Loads the model and starts an engine worker for every CPU of the budget.
    func startInference(engine: EngineOptions) throws -> InferenceService {
        let configuration = InferenceConfiguration(workers: CPUBudget.current().count)
        return InferenceService(model: try load(engine: engine), configuration: configuration)
    }
}
