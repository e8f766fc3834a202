package import Encoder
package import Tokenization

/// One input as a client gives it.
package enum TextInput: Sendable, Equatable {
    case text(String)
    /// Two texts that are encoded together, with type ids 0 and 1.
    case pair(String, String)
    /// input_ids as they go into the model, special tokens included.
    case ids([Int32])
}

/// How inputs longer than the model takes are treated.
package struct InputOptions: Sendable, Equatable {
    /// Cut (true) or refused (false); nil leaves it to the service's `auto_truncate`.
    package var truncate: Bool?
    /// The end that is cut.
    package var truncationDirection = TruncationDirection.right
    /// Which of the two texts of a pair are cut.
    package var truncationStrategy = TruncationStrategy.longestFirst
    /// Most tokens, special ones included; nil and larger values mean the model's own limit.
    package var maxLength: Int?
    /// Which of the model's prompts is put before each text; nil for the service's default.
    package var promptName: String?

    /// Everything left to the service, unless said otherwise.
    package init(
        truncate: Bool? = nil,
        truncationDirection: TruncationDirection = .right,
        maxLength: Int? = nil,
        promptName: String? = nil
    ) {
        self.truncate = truncate
        self.truncationDirection = truncationDirection
        self.maxLength = maxLength
        self.promptName = promptName
    }
}

/// What `/embed` makes of its inputs.
package struct EmbedOptions: Sendable, Equatable {
    /// What becomes of long inputs.
    package var input = InputOptions()
    /// Whether vectors are scaled to Euclidean length 1; nil leaves it to the model, which says yes unless it is a
    /// sentence-transformers folder without a Normalize.
    package var normalize: Bool?
    /// How token vectors become one; nil for the model's own way.
    package var pooling: Pooling?
    /// Leading components to keep, cut before normalisation; nil for all.
    package var dimensions: Int?

    /// Everything as `/embed` does it when nothing is said.
    package init() {}
}

/// What `/classify` makes of its inputs.
package struct ClassifyOptions: Sendable, Equatable {
    /// What becomes of long inputs.
    package var input = InputOptions()
    /// What makes scores of logits; nil for what the model's problem type asks for.
    package var function: ScoreFunction?
    /// How many labels to give for each input, best first; nil for all.
    package var topK: Int?

    /// Everything as `/classify` does it when nothing is said.
    package init() {}
}

/// One label of one input.
package struct Classification: Sendable, Equatable {
    /// config.json's name of the class.
    package let label: String
    /// What the logit becomes by the model's problem type, or by what the request asks for.
    package let score: Float
    /// The classification head's output as it is.
    package let logit: Float
}

/// What a request cost, beside its result.
package struct Usage: Sendable, Equatable {
    /// Unicode scalars of all texts as they were given, and ids where ids were given.
    package var characters = 0
    /// Tokens that went through the model, special tokens included.
    package var tokens = 0
    /// The tokens of each input.
    package var inputLengths: [Int] = []
    /// Whether a head was asked.
    package var isPrediction = false
    /// Inputs that were cut to fit.
    package var truncatedInputs = 0
    /// For the tokenization of all inputs.
    package var tokenizationTime = Duration.zero
    /// From submission until the last input was handed to a worker.
    package var queueTime = Duration.zero
    /// From then until the last input was computed.
    package var inferenceTime = Duration.zero

    /// Adds what a second run of the same inputs cost.
    mutating func add(_ other: Usage) {
        tokens += other.tokens
        tokenizationTime += other.tokenizationTime
        queueTime += other.queueTime
        inferenceTime += other.inferenceTime
    }
}

/// A result with what it cost.
package struct Outcome<Value: Sendable>: Sendable {
    /// The result.
    package let value: Value
    /// What it cost.
    package let usage: Usage
}
