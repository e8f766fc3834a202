import Batching
import Budget
import Checkpoint
import Encoder
import HTTPTypes
import Inference
import JSON
import Tokenization

/// An answer that is not a result: a status, an error type, and a message for the client.
package struct ServiceError: Error, Equatable {
    /// text-embeddings-inference's error types, and our own for cases that it does not have.
    package enum Kind: String, Sendable {
        case empty = "Empty"
        case validation = "Validation"
        case tokenizer = "Tokenizer"
        case overloaded = "Overloaded"
        case backend = "Backend"
        case unhealthy = "Unhealthy"
        case unauthenticated = "Unauthenticated"
        case notFound = "NotFound"
        case methodNotAllowed = "MethodNotAllowed"
        case notAcceptable = "NotAcceptable"
        case unsupportedMediaType = "UnsupportedMediaType"
        case payloadTooLarge = "PayloadTooLarge"
        case timeout = "Timeout"
        case cancelled = "Cancelled"
    }

    /// HTTP's status code.
    package var status: Int
    /// The `error_type`.
    package var kind: Kind
    /// The message: what was given, what was expected and what to do.
    package var message: String
    /// The time after which a retry makes sense.
    package var retryAfter: Duration?
    /// The methods that the path takes.
    package var allow: String?
    /// The stage for which there was no memory, if that is the reason.
    var shortage: MemoryBudget.Stage?
    /// Further header fields of the answer.
    var fields = HTTPFields()

    init(_ status: Int, _ kind: Kind, _ message: String, retryAfter: Duration? = nil, allow: String? = nil) {
        self.status = status
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
        self.allow = allow
    }

    static func invalid(_ message: String) -> ServiceError {
        ServiceError(422, .validation, message)
    }

    /// A list that must not be empty.
    static func empty(_ key: String) -> ServiceError {
        ServiceError(400, .empty, "`\(key)` cannot be empty")
    }

    /// The refusal of a request that was read too late.
    static func behind(_ waited: Duration, _ longest: Duration) -> ServiceError {
        ServiceError(
            503,
            .overloaded,
            "the server reads requests late: this one had waited \(waited.milliseconds) ms, and "
                + "\(longest.milliseconds) ms are the most; try again",
            retryAfter: retryAfterHeldBack
        )
    }

    static let loading = ServiceError(
        503,
        .unhealthy,
        "loading: the model is not ready yet",
        retryAfter: retryAfterLoading
    )
}

// MARK: - The one place where the errors of other targets become statuses

extension ServiceError {
    /// The time to wait when too many answers are being sent: clients read their answers within about a second.
    private static let retryAfterHeldBack = Duration.seconds(1)
    /// The time to wait while the model is being loaded: loading takes about a second.
    static let retryAfterLoading = Duration.seconds(1)

    /// The answer to an error of another target. An error of an unknown type is our own fault.
    package init(_ error: any Error) {
        switch error {
        case let error as ServiceError: self = error
        case let error as JSONError: self.init(400, .validation, "the body is not valid JSON: \(error)")
        case let error as InferenceError: self.init(error)
        case let error as TaskError where error.isModelAtFault: self.init(424, .backend, "\(error)")
        case let error as TaskError: self.init(422, .validation, "Input validation error: \(error)")
        case let error as SchedulerError: self.init(error)
        case TokenizerError.truncationTooShort: self.init(422, .validation, "\(error)")
        case TokenizerError.abandoned:
            self.init(Task.isCancelled ? CancellationError() as any Error : SchedulerError.deadlineExceeded)
        case let error as TokenizerError: self.init(422, .tokenizer, "\(error)")
        case let error as EncoderError: self.init(424, .backend, "\(error)")
        case let error as MemoryShortage: self.init(error)
        case is CancellationError: self.init(499, .cancelled, "the client went away")
        default: self.init(500, .backend, "an unexpected failure: \(error)")
        }
    }

    private init(_ error: InferenceError) {
        switch error {
        case .noInputs:
            self.init(400, .empty, "\(error)")
        case .noTokenizer, .noPooler, .missingHead, .notReranker, .notCalibrated, .inputFailed:
            self.init(424, .backend, "\(error)")
        case .resultsHeldBack:
            self.init(429, .overloaded, "\(error)", retryAfter: Self.retryAfterHeldBack)
        case .tooManyInputs:
            self.init(422, .validation, "\(error)")
        case .tooLong, .emptyIDs, .nothingAttended, .noTokens, .unknownID, .unknownTypeID, .invalidMaxLength,
            .invalidDimensions, .invalidTopK, .calibratedOtherwise, .invalidTimeout, .invalidPriority, .unknownPrompt,
            .promptWithoutText,
            .resultTooLarge,
            .tokenizationTooLarge, .optionOutOfRange, .emptyText, .noCapacityForContext, .overlapTooLong,
            .tooManyWindows, .strideWithoutAggregation, .poolingDoesNotFit, .onlyPrompt:
            self.init(422, .validation, "Input validation error: \(error)")
        }
    }

    private init(_ error: MemoryShortage) {
        if error.isPermanent {
            self.init(413, .payloadTooLarge, "\(error)")
        } else {
            self.init(503, .overloaded, "\(error)", retryAfter: Self.retryAfterHeldBack)
        }
        shortage = error.stage
    }

    private init(_ error: SchedulerError) {
        switch error {
        case .overloaded(_, _, _, let retryAfter):
            self.init(429, .overloaded, "Model is overloaded: \(error)", retryAfter: retryAfter)
        case .deadlineExceeded: self.init(504, .timeout, "\(error)")
        case .stopping: self.init(503, .unhealthy, "\(error)", retryAfter: Self.retryAfterLoading)
        case .engineFailed: self.init(424, .backend, "\(error)")
        }
    }
}

extension HTTPRequest {
    /// The path that routes are found by: without the query, and without one slash at its end, which some clients and
    /// proxies append.
    var routePath: Substring {
        let path = (path ?? "").prefix { $0 != "?" }
        let shorter = path.dropLast()
        return path.last == "/" && !shorter.isEmpty && shorter.last != "/" ? shorter : path
    }
}

extension HTTPField.Name {
    /// Makes a name that HTTPTypes does not have.
    static func make(_ name: String) -> HTTPField.Name {
        guard let made = HTTPField.Name(name) else { preconditionFailure("\(name) is a valid field name") }
        return made
    }
}
