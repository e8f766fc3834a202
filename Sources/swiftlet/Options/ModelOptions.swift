import ArgumentParser
import Encoder
import Foundation
import Host
import Hub
import Inference
import LinearAlgebra
import ModelCache
import ModelFiles
import Tokenization

/// The options that name a model.
struct ModelNameOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of the model (config.json, vocabulary, weights), or its id on the Hugging Face Hub.",
            discussion: """
                A model on the Hub that is not in the cache yet is fetched first, as by `swiftlet pull`. Without \
                --model: $SWIFTLET_MODEL, else the bundled model.
                """,
            valueName: "dir|id"
        )
    )
    var model: String?

    @Option(help: ArgumentHelp("Branch, tag or commit of a model on the Hub. (default: main)", valueName: "revision"))
    var revision: String?

    /// The model's folder, after a check that it holds a configuration.
    ///
    /// - Throws: `noModel`, `ModelNotFound`, or `HubError`.
    func directory() async throws -> String {
        let folder = try await source.locate().folder
        try ModelOptions.check(folder)
        return folder
    }

    fileprivate var source: ModelSource { ModelSource(name: model, revision: revision) }
}

/// The options that choose a command's model.
struct ModelOptions: ParsableArguments {
    @OptionGroup var name: ModelNameOptions

    @Option(
        help: """
            Task of the model's head, whatever its config.json says. (default: that of the class in `architectures`, \
            else what the weights tell)
            """
    )
    var task: Head?

    /// The model's tokenizer, without its weights.
    ///
    /// - Throws: `unusableModel` with the reason, besides what ``ModelNameOptions/directory()`` throws.
    func tokenizer() async throws -> Tokenizer {
        let directory = try await name.directory()
        do {
            let tokenizer = try LoadedModel.tokenizer(directory: directory)
            StandardError.write(warnings: tokenizer.warnings)
            return tokenizer
        } catch {
            throw CommandError.unusableModel("\(error)")
        }
    }

    /// Checks that a folder can be a model's folder, and gives what it holds.
    @discardableResult
    static func check(_ directory: String) throws -> SentenceTransformerFolder {
        let folder = try SentenceTransformerFolder(directory: directory)
        let configuration = ModelFile.configuration.path(in: folder.transformerDirectory)
        guard FileManager.default.fileExists(atPath: configuration) else {
            throw CommandError.noModel(
                directory: directory,
                reason: "there is no \(ModelFile.configuration.name); a model's folder has that file, a vocabulary "
                    + "and weights"
            )
        }
        return folder
    }

    /// Loads the model.
    ///
    /// - Throws: `noEngine` or `unusableModel` with the reason, and the errors of ``ModelNameOptions/directory()``.
    func load(engine: ComputeOptions = ComputeOptions()) async throws -> LoadedModel {
        try await Self.load(name.source, head: task, engine: engine)
    }

    /// Loads the model that `source` names, and writes its warnings to standard error. A model of the Hub is served
    /// under its id.
    static func load(
        _ source: ModelSource,
        head: Head? = nil,
        engine: ComputeOptions = ComputeOptions()
    ) async throws -> LoadedModel {
        let location = try await source.locate()
        let folder = try check(location.folder)
        do {
            let model = try LoadedModel(
                directory: location.folder,
                folder: folder,
                servedName: location.id,
                head: head,
                engine: engine
            )
            StandardError.write(warnings: model.warnings)
            return model
        } catch let error as BackendError {
            throw CommandError.noEngine("\(error)")
        } catch {
            throw CommandError.unusableModel("\(error)")
        }
    }

    /// Loads the model and starts an engine worker for every CPU of the budget.
    /// - Parameter prompt: the text put before each text that is embedded; nil for the model's own.
    func startInference(engine: ComputeOptions, prompt: String? = nil) async throws -> InferenceService {
        var configuration = InferenceConfiguration(workers: CPUBudget.current().count)
        configuration.defaultPrompt = prompt
        return InferenceService(model: try await load(engine: engine), configuration: configuration)
    }
}

extension Head: ExpressibleByArgument {}
extension DataType: ExpressibleByArgument {}
extension Backend: ExpressibleByArgument {}

/// The options for the arithmetic of a command's model.
struct EngineFlags: ParsableArguments {
    @Option(
        help: "Type of the matrix products: bfloat16 and int8 take half and a quarter of float32's memory."
    )
    var dtype = ComputeOptions().dataType

    @Option(help: "Kernels that do the arithmetic; auto is the fastest for this CPU. openblas is for float32 only.")
    var backend = ComputeOptions().backend

    func validate() throws {
        if let conflict = options.conflict { throw ValidationError(conflict) }
    }

    var options: ComputeOptions {
        var options = ComputeOptions(dataType: dtype, backend: backend)
        options.memoryLimit = MemoryLimit.current().bytes
        options.onPacked = LoadingProgress.observer()
        return options
    }
}

/// Finds a model by the name that the user gives: a folder, or an id on the Hub.
struct ModelSource {
    /// The name that the user gives; nil for the bundled model.
    let name: String?
    /// The branch, tag or commit of a model of the Hub; nil: `main`.
    let revision: String?

    /// The meaning of a name.
    enum Place: Equatable {
        case folder(String)
        case hub(id: String, revision: String?)
    }

    /// A model's folder, with the id that it was fetched by.
    struct Location: Equatable, Sendable {
        let folder: String
        let id: String?
    }

    /// Decides what the name means: an existing folder, else an id on the Hub.
    ///
    /// - Throws: `noModel`, `usage` for a revision of a folder, or `modelNotFound`.
    func place() throws -> Place {
        let environment = ProcessInfo.processInfo.environment
        // Without a name on the command line, name and revision may come from the environment.
        let variable = name == nil ? environment["SWIFTLET_REVISION"] : nil
        let revision = [revision, variable].compactMap(\.self).first { !$0.isEmpty }
        let name = try name ?? BundledModel.locate()
        var isFolder = ObjCBool(false)
        if unsafe FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), isFolder.boolValue {
            guard revision == nil else {
                throw CommandError.usage("\(name) is a folder: --revision is for models of the Hub")
            }
            return .folder(name)
        }
        guard (try? ModelID(name)) != nil else {
            throw CommandError.noModel(
                directory: name,
                reason:
                    "there is no such folder; give one that holds a model, or the id of a model on the Hub, such as "
                    + "google/mobilebert-uncased"
            )
        }
        return .hub(id: name, revision: revision)
    }

    /// Checks, without fetching anything, whether ``locate(observer:)`` can succeed.
    func check() throws {
        guard case .hub(let id, let revision) = try place() else { return }
        let settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
        let cached = try HubClient(settings: settings).cachedFolder(of: id, revision: revision)
        if settings.isOffline, cached == nil {
            throw HubError.notCached(id: id, revision: revision ?? "main", cache: settings.cache)
        }
    }

    /// The model's folder. The model is fetched first if it is not in the cache.
    ///
    /// - Parameter observer: gets the events of a pull; nil shows the events as progress bars on standard error.
    /// - Throws: `HubError`, and the errors of ``place()``.
    func locate(
        observer: @autoclosure () -> PullObserver = PullProgress.observer()
    ) async throws -> Location {
        switch try place() {
        case .folder(let folder): return Location(folder: folder, id: nil)
        case .hub(let id, let revision):
            let client = try Self.client(observer: observer())
            return Location(folder: try await client.snapshot(of: id, revision: revision), id: id)
        }
    }

    /// The Hub's settings from the environment.
    static func client(limits: HubLimits = HubLimits(), observer: @escaping PullObserver) throws -> HubClient {
        var settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
        settings.userAgent = "swiftlet/\(SwiftletVersion.current)"
        settings.limits = limits
        return HubClient(settings: settings, observer: observer)
    }
}
