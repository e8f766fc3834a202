import Batching
import Encoder
import Foundation
import Host
import Inference
import LinearAlgebra
import ModelCache
import ModelFiles

/// A model that turns text into embeddings, labels, answers and tokens.
///
/// A model is loaded once and then used from any number of tasks at a time. Texts of all calls share one queue: an idle
/// machine computes a text at once with all threads, and a busy one computes several in a batch. A text's result does
/// not depend on the others in its batch.
///
/// If the calling task is cancelled, texts that have not been computed yet are dropped, and the call throws
/// `CancellationError`. All other errors are ``SwiftletError``s.
///
/// The threads end when the model is released.
public final class TextModel: Sendable {
    /// The folder from which the model was loaded.
    public let folder: String
    /// What is odd about the folder but does no harm, one line each.
    public let warnings: [String]

    let service: InferenceService

    /// Loads a model, starts its threads and computes a short text, so that the first call is as fast as the others.
    ///
    /// Nothing is fetched. A model of the Hub has to be in huggingface_hub's cache already: `ModelHub.pull` of the
    /// library SwiftletHub puts it there, as do `swiftlet pull` and `hf download`.
    ///
    /// - Parameters:
    ///   - model: A folder with config.json, a vocabulary and weights; or an id on the Hub, such as
    ///     `google/mobilebert-uncased`. A folder of that name comes first.
    ///   - options: How the model computes.
    /// - Throws: ``SwiftletError`` of the kinds `modelNotFound`, `unusableModel` and `invalidInput`.
    public init(_ model: String, options: Options = Options()) async throws {
        do {
            let place = try ModelPlace(model, revision: options.revision)
            let configuration = try options.configuration()
            let loaded = try await Self.onOwnThread {
                try LoadedModel(
                    directory: place.folder,
                    servedName: place.id,
                    head: options.ability?.head,
                    engine: options.engine
                )
            }
            folder = loaded.directory
            warnings = loaded.warnings
            service = InferenceService(model: loaded, configuration: configuration)
            try await service.start()
        } catch {
            throw SwiftletError.of(error)
        }
    }

    deinit {
        Task { [service] in await service.shutDown() }
    }

    /// Finishes the calls that have begun and ends the threads. Later calls throw a ``SwiftletError`` of the kind
    /// `closed`. A model that is released does this by itself.
    public func close() async {
        await service.shutDown()
    }

    /// Runs something that takes long and does not suspend, away from the threads that run tasks.
    private static func onOwnThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
        }
    }

    /// Runs a call: its tokenization ends when its task is cancelled, and its errors are public ones.
    func run<Value>(_ work: () async throws -> Value) async throws -> Value {
        do { return try await RequestOptions().run(work) } catch { throw SwiftletError.of(error) }
    }
}

extension TextModel {
    /// The name of the folder, or the id on the Hub.
    public var name: String { service.model.name }

    /// The number of components of an embedding.
    public var embeddingSize: Int { service.embeddingSize }

    /// The most tokens of a text, special tokens such as [CLS] included. Longer texts are cut unless
    /// ``Options/truncatesInputs`` says otherwise.
    public var maxTokens: Int { service.maxInputLength }

    /// What the model can do besides embedding, by the heads of its checkpoint.
    public var abilities: Set<Ability> {
        Set(Ability.allCases.filter { service.model.encoder.heads.contains($0.head) })
    }

    /// The labels of ``classify(_:)-(String)`` and ``labelTokens(_:aggregation:overlap:)-(String,_,_)``, in the order
    /// of their ids.
    public var labels: [String] { service.model.encoder.configuration.labels }

    /// The names of the prompts that ``EmbeddingOptions/prompt`` takes.
    public var prompts: [String] { service.model.prompts.names }

    /// What a checkpoint's head is for.
    public enum Ability: String, Sendable, CaseIterable {
        /// ``TextModel/classify(_:)-(String)``; with one label, ``TextModel/rerank(_:for:)``; with labels of natural
        /// language inference, ``TextModel/zeroShot(_:labels:hypothesis:isMultiLabel:)-(String,_,_,_)``.
        case classification = "text-classification"
        /// ``TextModel/labelTokens(_:aggregation:overlap:)-(String,_,_)``.
        case tokenLabels = "token-classification"
        /// ``TextModel/answer(_:in:count:)``.
        case answers = "question-answering"
        /// ``TextModel/fillMask(_:count:targets:)``.
        case maskFilling = "fill-mask"
        /// ``TextModel/follows(_:after:)``.
        case nextSentence = "next-sentence-prediction"
        /// ``TextModel/choose(_:from:)``.
        case choice = "multiple-choice"

        /// The engine's name of the head.
        var head: Head {
            switch self {
            case .classification: .sequenceClassification
            case .tokenLabels: .tokenClassification
            case .answers: .questionAnswering
            case .maskFilling: .maskedLanguageModel
            case .nextSentence: .nextSentence
            case .choice: .multipleChoice
            }
        }
    }

    /// How a model computes. The defaults are exact and use all CPUs that the process may use.
    public struct Options: Sendable, Equatable {
        /// The numbers in which products are computed.
        public enum DataType: String, Sendable, CaseIterable {
            /// Exact to 1e-5 of a hidden unit's range.
            case float32
            /// Half the memory, and about half the time on CPUs that multiply bfloat16.
            case bfloat16
            /// A quarter of the memory, and the least time on CPUs that multiply int8.
            case int8
        }

        /// The type of the weights.
        public var dataType: DataType
        /// The number of threads that compute, 1 to 1024; nil for the CPUs that the process may use: those of its
        /// affinity mask and of its cgroup's quota.
        public var threads: Int?
        /// Whether texts with more than ``TextModel/maxTokens`` tokens are cut. Otherwise they are errors.
        public var truncatesInputs: Bool
        /// The head to load, for checkpoints that do not say which they have; nil to go by config.json and the weights.
        public var ability: Ability?
        /// The branch, tag or commit of a model of the Hub; nil for `main`.
        public var revision: String?

        /// The defaults, unless said otherwise.
        public init(
            dataType: DataType = .float32,
            threads: Int? = nil,
            truncatesInputs: Bool = true,
            ability: Ability? = nil,
            revision: String? = nil
        ) {
            self.dataType = dataType
            self.threads = threads
            self.truncatesInputs = truncatesInputs
            self.ability = ability
            self.revision = revision
        }
    }
}

extension TextModel.Options {
    /// Each thread takes memory of its own. No machine that this is for has more CPUs.
    private static let maxThreads = 1024

    fileprivate var engine: ComputeOptions {
        let dataType: LinearAlgebra.DataType =
            switch dataType {
            case .float32: .float32
            case .bfloat16: .bfloat16
            case .int8: .int8
            }
        return ComputeOptions(dataType: dataType)
    }

    /// A service refuses what would take too long or too much memory for clients it does not know. In a library the
    /// program itself decides what it asks for, so it has no such limits.
    fileprivate func configuration() throws(SwiftletError) -> InferenceConfiguration {
        let threads = threads ?? CPUBudget.current().count
        guard (1...Self.maxThreads).contains(threads) else {
            throw SwiftletError(.invalidInput, "`threads` must be from 1 to \(Self.maxThreads). Given: \(threads)")
        }
        var configuration = InferenceConfiguration(workers: threads)
        configuration.autoTruncate = truncatesInputs
        configuration.maxClientBatchSize = .max
        configuration.maxTokenVectorsHeld = .max
        configuration.maxTokenizedTokens = .max
        let unlimited = 1 << 40
        configuration.batching.maxQueueTokens = unlimited
        configuration.batching.maxQueueSequences = unlimited
        configuration.batching.maxHeldSequences = unlimited
        return configuration
    }
}

/// Where a model lies on this machine.
struct ModelPlace {
    let folder: String
    /// The id of a model of the Hub.
    let id: String?

    /// Finds a folder, or a model in the Hub's cache.
    ///
    /// - Throws: `modelNotFound`, and `HubError` for a name that can be neither or a wrong environment variable.
    init(
        _ name: String,
        revision: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        var isFolder = ObjCBool(false)
        if unsafe FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), isFolder.boolValue {
            guard revision == nil else {
                throw SwiftletError(.invalidInput, "\(name) is a folder: `revision` is for models of the Hub")
            }
            let files = [ModelFile.configuration, .modules].map { $0.path(in: name) }
            guard files.contains(where: FileManager.default.fileExists(atPath:)) else {
                throw SwiftletError(
                    .modelNotFound,
                    "\(name) holds no model: there is no \(ModelFile.configuration.name)"
                )
            }
            (folder, id) = (name, nil)
            return
        }
        let settings = try HubSettings(environment: environment)
        let wanted = try revision.map { try Revision($0) } ?? .main
        guard let snapshot = HubCache(root: settings.cache, id: try ModelID(name)).snapshot(of: wanted) else {
            throw SwiftletError(
                .modelNotFound,
                "there is no folder \(name), and \(name) at \(wanted) is not in the Hub's cache \(settings.cache); "
                    + "fetch it first, with ModelHub.pull of SwiftletHub or with `swiftlet pull \(name)`"
            )
        }
        (folder, id) = (snapshot.folder, name)
    }
}
