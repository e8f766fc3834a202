package import Batching
package import Encoder
import JSON
package import Time
package import Tokenization

/// One input of a client. Texts are compared as ``ExactText``, because two encodings of "é" may give different tokens.
package enum TextInput: Sendable, Hashable {
    case text(String)
    /// Two texts that are encoded together, with type ids 0 and 1.
    case pair(String, String)
    /// The arrays that a tokenizer makes for the model, special tokens included.
    case arrays(InputArrays)

    /// The token ids for the model (input_ids), special tokens included, all of type 0 and attended to.
    package static func ids(_ ids: [Int32]) -> TextInput { .arrays(InputArrays(inputIDs: ids)) }

    /// Whether two inputs have the same bytes or ids.
    package static func == (a: TextInput, b: TextInput) -> Bool {
        switch (a, b) {
        case (.text(let a), .text(let b)): a.equals(b)
        case (.pair(let a, let a2), .pair(let b, let b2)): a.equals(b) && a2.equals(b2)
        case (.arrays(let a), .arrays(let b)): a == b
        default: false
        }
    }

    /// Hashes the bytes or ids.
    package func hash(into hasher: inout Hasher) {
        switch self {
        case .text(let text): hasher.combine(ExactText(text))
        case .pair(let text, let pair):
            hasher.combine(ExactText(text))
            hasher.combine(ExactText(pair))
        case .arrays(let arrays): hasher.combine(arrays)
        }
    }
}

/// The model's input arrays for one sequence, as a client has made them: an entry for each position.
package struct InputArrays: Sendable, Hashable {
    /// input_ids.
    package private(set) var inputIDs: [Int32]
    /// token_type_ids; nil for zeros.
    package private(set) var tokenTypeIDs: [Int32]?
    /// attention_mask, of zeros and ones; nil for ones.
    package private(set) var attentionMask: [UInt8]?

    /// Input arrays without their padding, which is what the mask hides behind its last 1. (What it hides elsewhere
    /// keeps its position.) Nothing is left of arrays whose mask has no 1.
    ///
    /// - Precondition: the arrays are equally long.
    package init(inputIDs: [Int32], tokenTypeIDs: [Int32]? = nil, attentionMask: [UInt8]? = nil) {
        precondition(tokenTypeIDs.map { $0.count == inputIDs.count } ?? true, "one type id for each token")
        precondition(attentionMask.map { $0.count == inputIDs.count } ?? true, "one mask entry for each token")
        self.inputIDs = inputIDs
        self.tokenTypeIDs = tokenTypeIDs
        self.attentionMask = attentionMask
        guard let attentionMask else { return }
        let length = attentionMask.unpaddedCount
        if length < inputIDs.count { self = keeping([0..<length]) }
        if length > 0, self.attentionMask?.contains(0) == false { self.attentionMask = nil }
    }

    /// The arrays of some positions, padding left out.
    func keeping(_ ranges: [Range<Int>]) -> InputArrays {
        func kept<Element>(_ array: [Element]) -> [Element] { ranges.flatMap { array[$0] } }
        return InputArrays(
            inputIDs: kept(inputIDs),
            tokenTypeIDs: tokenTypeIDs.map(kept),
            attentionMask: attentionMask.map(kept)
        )
    }
}

extension BidirectionalCollection<UInt8> where Index == Int {
    /// The number of entries of an attention mask up to its last 1.
    package var unpaddedCount: Int { lastIndex { $0 != 0 }.map { $0 - startIndex + 1 } ?? 0 }
}

/// How inputs longer than the model takes are treated.
package struct InputOptions: Sendable, Equatable {
    /// Whether they are cut (true) or refused (false); nil follows the service's `auto_truncate`.
    package var truncate: Bool?
    /// The end that is cut; nil for the side that the model's tokenizer says.
    package var truncationDirection: TruncationDirection?
    /// Which of the two texts of a pair are cut.
    package var truncationStrategy = TruncationStrategy.longestFirst
    /// Most tokens, special ones included; nil and larger values mean the model's own limit.
    package var maxLength: Int?
    /// The model's prompt that is put before each text; nil for the service's default.
    package var promptName: String?

    /// The service's defaults, unless said otherwise.
    package init(
        truncate: Bool? = nil,
        truncationDirection: TruncationDirection? = nil,
        maxLength: Int? = nil,
        promptName: String? = nil
    ) {
        self.truncate = truncate
        self.truncationDirection = truncationDirection
        self.maxLength = maxLength
        self.promptName = promptName
    }
}

/// The options of `/embed`.
package struct EmbedOptions: Sendable, Equatable {
    /// How long inputs are treated.
    package var input = InputOptions()
    /// Whether vectors are scaled to Euclidean length 1; nil follows the model, which says yes unless it is a
    /// sentence-transformers folder without a Normalize.
    package var normalize: Bool?
    /// How token vectors are pooled; nil for the model's own way.
    package var pooling: Pooling?
    /// Leading components to keep, cut before normalisation; nil for all.
    package var dimensions: Int?

    /// The defaults of `/embed`.
    package init() {}
}

/// The options of `/classify`.
package struct ClassifyOptions: Sendable, Equatable {
    /// How long inputs are treated.
    package var input = InputOptions()
    /// The function that makes scores of logits; nil for that of the model's problem type.
    package var function: ScoreFunction?
    /// Whether logits are divided by the model's temperature before that function, so that scores say how often they
    /// are right. The function must be the problem type's own.
    package var isCalibrated = false
    /// How many labels to give for each input, best first; nil for all.
    package var topK: Int?

    /// The defaults of `/classify`.
    package init() {}
}

/// One label of one input.
package struct Classification: Sendable, Equatable {
    /// config.json's name of the class.
    package let label: String
    /// The score that the model's problem type, or the request, makes of the logit.
    package let score: Float
    /// The classification head's output, unchanged.
    package let logit: Float
}

/// The cost of a request.
package struct Usage: Sendable, Equatable {
    /// Unicode scalars of all texts as they were given, and ids where ids were given.
    package var characters = 0
    /// Tokens that went through the model, special tokens included.
    package var tokens = 0
    /// The tokens of each input.
    package var inputLengths: [Int] = []
    /// Whether a head was used.
    package var isPrediction = false
    /// Inputs that were cut to fit.
    package var truncatedInputs = 0
    /// How long the tokenization of all inputs took.
    package var tokenizationTime = Duration.zero
    /// How long it took from submission until the last input was handed to a worker.
    package var queueTime = Duration.zero
    /// How long it took from then until the last input was computed.
    package var inferenceTime = Duration.zero

    /// A cost, of which nothing is known unless said otherwise.
    package init(
        characters: Int = 0,
        tokens: Int = 0,
        inputLengths: [Int] = [],
        isPrediction: Bool = false,
        truncatedInputs: Int = 0,
        tokenizationTime: Duration = .zero,
        queueTime: Duration = .zero,
        inferenceTime: Duration = .zero
    ) {
        self.characters = characters
        self.tokens = tokens
        self.inputLengths = inputLengths
        self.isPrediction = isPrediction
        self.truncatedInputs = truncatedInputs
        self.tokenizationTime = tokenizationTime
        self.queueTime = queueTime
        self.inferenceTime = inferenceTime
    }

    /// Adds what a second run of the same inputs cost.
    package mutating func add(_ other: Usage) {
        tokens += other.tokens
        tokenizationTime += other.tokenizationTime
        queueTime += other.queueTime
        inferenceTime += other.inferenceTime
    }
}

/// A result with its cost.
package struct Outcome<Value: Sendable>: Sendable {
    /// The result.
    package let value: Value
    /// The cost of the result.
    package let usage: Usage

    /// A result with its cost.
    package init(value: Value, usage: Usage) {
        self.value = value
        self.usage = usage
    }
}

/// How urgent a request is, by the client's fields or the service's settings, whatever the route.
///
/// The options go with the request's task, as its cancellation does. So no route has to pass them on, and none can
/// forget to.
package struct RequestOptions: Sendable, Equatable {
    /// When the answer becomes worthless; nil: never.
    package var deadline: Instant?
    /// The queue in which the request's texts wait.
    package var priority = Priority.high
    /// When the request had arrived; nil if that is unknown.
    package var received: Instant?

    /// The options of the request that the current task answers.
    @TaskLocal package static var current = RequestOptions()

    /// No deadline and high priority, unless said otherwise.
    package init(
        deadline: Instant? = nil,
        priority: Priority = .high,
        received: Instant? = nil
    ) {
        self.deadline = deadline
        self.priority = priority
        self.received = received
    }

    /// The options with KServe's request parameters, which never extend a deadline.
    /// - Parameters:
    ///   - timeout: microseconds from the request's arrival; nil and 0 leave the deadline as it is.
    ///   - level: 1 is the most urgent; 0 and nil leave the priority as it is, 2 and more mean low.
    package func limited(toMicroseconds timeout: Int?, priority level: Int?) throws(InferenceError) -> RequestOptions {
        var limited = self
        if let timeout, timeout != 0 {
            guard (1...Self.maxTimeoutMicroseconds).contains(timeout) else { throw .invalidTimeout(timeout) }
            let end = (received ?? .now) + .microseconds(timeout)
            limited.deadline = deadline.map { min($0, end) } ?? end
        }
        if let level, level != 0 {
            guard level > 0 else { throw .invalidPriority(level) }
            limited.priority = level == 1 ? .high : .low
        }
        return limited
    }

    /// Runs an operation under these options.
    package func run<Value>(_ operation: () async throws -> Value) async rethrows -> Value {
        try await Self.$current.withValue(self) {
            try await Tokenizer.$isAwaited.withValue(Self.isAwaited, operation: operation)
        }
    }

    /// Whether anybody still waits for what the current task does.
    private static let isAwaited: @Sendable () -> Bool = { (try? check()) != nil }

    /// Ends work that nobody waits for any more. Called in loops that take long without waiting.
    /// - Throws: `CancellationError`, `SchedulerError.deadlineExceeded`.
    package static func check() throws {
        try Task.checkCancellation()
        if let deadline = current.deadline, deadline <= .now { throw SchedulerError.deadlineExceeded }
    }

    /// A day. A higher limit would be none.
    package static var maxTimeoutMicroseconds: Int { 86_400_000_000 }
}
