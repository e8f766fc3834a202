import Batching
import Encoder
public import Foundation
import Inference
import LinearAlgebra
import ModelCache
import ModelFiles
import Tokenization

/// Why a model could not be loaded or a call gave no result. Cancelled calls throw `CancellationError` instead.
public struct SwiftletError: Error, Equatable, Sendable {
    /// What a program may want to tell apart.
    public enum Kind: String, Sendable, CaseIterable {
        /// There is no such folder, and no such model in the Hub's cache or on the Hub.
        case modelNotFound
        /// The model's files cannot be used: the text names the file, what it has and what was expected.
        case unusableModel
        /// The model lacks the head, or the kind of labels, that the call needs.
        case missingAbility
        /// A text or an option that the model cannot use.
        case invalidInput
        /// The Hub cannot be reached or does not give the model; trying again later may help.
        case hubFailed
        /// The engine could not compute.
        case engineFailed
        /// The model was closed.
        case closed
    }

    /// The kind of error.
    public let kind: Kind
    /// What was given, what was expected and what to do, in a sentence.
    public let message: String

    /// An error with its text.
    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension SwiftletError: CustomStringConvertible, LocalizedError {
    /// The message.
    public var description: String { message }
    /// The message.
    public var errorDescription: String? { message }
}

extension SwiftletError {
    /// The public form of an error of the targets below; `CancellationError` stays as it is.
    package static func of(_ error: any Error) -> any Error {
        switch error {
        case is CancellationError, is SwiftletError: error
        case TokenizerError.abandoned: CancellationError()
        case let error as InferenceError: SwiftletError(kind(of: error), message(of: error))
        case let error as TaskError:
            SwiftletError(error.isModelAtFault ? .missingAbility : .invalidInput, message(of: error))
        case is TokenizerError: SwiftletError(.invalidInput, "\(error)")
        case SchedulerError.stopping: SwiftletError(.closed, "the model is closed; load it again")
        case is ModelError, is BackendError: SwiftletError(.unusableModel, "\(error)")
        case let error as HubError: SwiftletError(kind(of: error), "\(error)")
        default: SwiftletError(.engineFailed, "\(error)")
        }
    }

    private static func kind(of error: InferenceError) -> Kind {
        switch error {
        case .missingHead, .notReranker, .noTokenizer, .noPooler: .missingAbility
        case .inputFailed: .engineFailed
        default: .invalidInput
        }
    }

    private static func kind(of error: HubError) -> Kind {
        switch error {
        case .invalidID, .notCached, .noRepository, .noRevision: .modelNotFound
        case .noFile, .notAModel: .unusableModel
        case .invalidRevision, .invalidSetting: .invalidInput
        default: .hubFailed
        }
    }

    /// The text of an error. Those that name a key of the service's JSON have another text, with this library's names.
    private static func message(of error: InferenceError) -> String {
        switch error {
        case .tooLong(let input, let tokens, let limit):
            "text \(input) has \(tokens) tokens, at most \(limit) are taken; shorten it, or load the model with "
                + "`truncatesInputs`"
        case .invalidTopK(let count): "`count` must be at least 1. Given: \(count)"
        case .optionOutOfRange(let option, let given, let minimum, let maximum):
            "`\(names[option] ?? option)` must be "
                + (maximum.map { "from \(minimum) to \($0)" } ?? "at least \(minimum)") + ". Given: \(given)"
        case .overlapTooLong(_, let given, let capacity):
            "`overlap` must be less than \(capacity), the tokens of the text that fit a window. Given: \(given)"
        case .strideWithoutAggregation: "`overlap` takes an `aggregation` other than none, by which windows are merged"
        case .noTokenizer(let model):
            "the model \(model) has no vocabulary (vocab.txt or tokenizer.json), so it cannot read text"
        case .unknownPrompt(let name, let known):
            "there is no prompt \"\(name.prefix(100))\"; the model has "
                + (known.isEmpty ? "none" : known.joined(separator: ", "))
        case .noCapacityForContext(_, let question, let maxLength):
            "the question has \(question) tokens, which leave none of the \(maxLength) of a window for the context; "
                + "ask a shorter question"
        default: "\(error)"
        }
    }

    private static func message(of error: TaskError) -> String {
        switch error {
        case .noLabels: "`labels` must have at least one label"
        case .noChoices: "`choices` must have at least one text"
        case .invalidTemplate(let reason): "`hypothesis` cannot be used: \(reason)"
        case .labelTooLong(let label, let tokens, let limit):
            "the label \"\(label.prefix(100))\" makes a hypothesis of \(tokens) tokens, and hypotheses are not cut; at "
                + "most \(limit) are taken: shorten the label or `hypothesis`"
        default: "\(error)"
        }
    }

    /// This library's names of options.
    private static let names = ["top_k": "count", "stride": "overlap"]
}
