package import Encoder

/// Why inputs did not give results.
package enum InferenceError: Error, Equatable, CustomStringConvertible {
    case noInputs
    case tooManyInputs(count: Int, limit: Int)
    /// An input has more tokens than allowed, and cutting it was not asked for.
    case tooLong(input: Int, tokens: Int, limit: Int)
    case emptyIDs(input: Int)
    /// A text of which the tokenizer makes nothing.
    case noTokens(input: Int)
    case unknownID(input: Int, id: Int32, vocabularySize: Int)
    case invalidMaxLength(Int, minimum: Int)
    case invalidDimensions(Int, limit: Int)
    case invalidTopK(Int)
    case unknownPrompt(String, known: [String])
    /// A prompt was named for an input that is no single text.
    case promptWithoutText(input: Int)
    /// Ranking takes a head of one label.
    case notReranker(labels: Int)
    /// Microseconds that are no time a request may take.
    case invalidTimeout(Int)
    case invalidPriority(Int)
    case noTokenizer(model: String)
    case noPooler
    /// The pooling asked for gives vectors that the model's further modules do not take.
    case poolingDoesNotFit([Pooling], size: Int, module: String, expected: Int)
    /// After cutting nothing but the prompt is left, which this model does not pool.
    case onlyPrompt(input: Int, tokens: Int)
    /// The checkpoint was not saved with the head that a task needs.
    case missingHead(needed: Head, available: [Head], architecture: String)
    /// More token vectors than one answer carries.
    case resultTooLarge(tokens: Int, limit: Int)
    /// More tokens, padding included where it is asked for, than one answer carries.
    case tokenizationTooLarge(tokens: Int, limit: Int)
    /// So many token vectors are being sent that no more are computed now.
    case resultsHeldBack(limit: Int)
    /// A number that an option cannot be.
    case optionOutOfRange(_ option: String, given: Int, minimum: Int, maximum: Int?)
    /// A text that must not be empty, by its key.
    case emptyText(_ key: String, input: Int)
    /// A question that leaves no room for its context.
    case noRoomForContext(input: Int, question: Int, maxLength: Int)
    /// Windows that share so many tokens would not get on.
    case overlapTooLong(_ option: String, Int, room: Int)
    /// More windows than one request may have.
    case tooManyWindows(count: Int, limit: Int)
    /// Windows are merged by what was aggregated.
    case strideWithoutAggregation
    /// The engine could not compute an input.
    case inputFailed(input: Int, reason: String)

    package var description: String {
        switch self {
        case .noInputs:
            "`inputs` cannot be empty"
        case .tooManyInputs(let count, let limit):
            "batch size \(count) > maximum allowed batch size \(limit)"
        case .tooLong(let input, let tokens, let limit):
            """
            `inputs` must have less than \(limit + 1) tokens. Given: \(tokens) (input \(input)); \
            shorten it or send "truncate": true
            """
        case .emptyIDs(let input):
            "input \(input) is an empty list of ids; give at least one"
        case .noTokens(let input):
            "input \(input) has no tokens; give a text that is not empty"
        case .unknownID(let input, let id, let vocabularySize):
            "input \(input) has the id \(id), which is not in the vocabulary (0 to \(vocabularySize - 1))"
        case .invalidMaxLength(let length, let minimum):
            "`max_length` must be at least \(minimum). Given: \(length)"
        case .invalidDimensions(let dimensions, let limit):
            "`dimensions` must be from 1 to \(limit). Given: \(dimensions)"
        case .invalidTopK(let topK):
            "`top_k` must be at least 1. Given: \(topK)"
        case .unknownPrompt(let name, let known):
            "`prompt_name` is \"\(name.prefix(100))\", but the model "
                + (known.isEmpty ? "has no prompts" : "has only the prompts \(known.joined(separator: ", "))")
        case .promptWithoutText(let input):
            "`prompt_name` goes with texts; input \(input) is a pair of texts or a list of token ids"
        case .notReranker(let labels):
            "model is not a re-ranker model: ranking takes a head of one label, this one has \(labels)"
        case .invalidTimeout(let timeout):
            "`timeout` must be from 1 to \(RequestOptions.maxTimeoutMicroseconds) microseconds. Given: \(timeout)"
        case .invalidPriority(let priority):
            "`priority` must be at least 0; 1 is the most urgent. Given: \(priority)"
        case .noTokenizer(let model):
            "the model \(model) has no vocabulary (vocab.txt or tokenizer.json); send token ids instead of text"
        case .noPooler:
            "this checkpoint has no pooler; use `pooling` mean or cls"
        case .poolingDoesNotFit(let poolings, let size, let module, let expected):
            "pooling by \(poolings.name) gives vectors of \(size) components, but the model's module in \(module) "
                + "takes \(expected); leave `pooling` to the model"
        case .onlyPrompt(let input, let tokens):
            "input \(input) has no tokens besides the \(tokens) of its prompt, and this model does not pool those; "
                + "allow more tokens"
        case .missingHead(let needed, let available, let architecture):
            "this takes a head for \(needed.task), but the model (\(architecture)) has "
                + (available.isEmpty ? "no head" : "only one for \(available.map(\.task).joined(separator: " and "))")
                + "; load a checkpoint that has it, such as a \(needed.example)"
        case .resultTooLarge(let tokens, let limit):
            "token vectors for \(tokens) tokens are asked for, at most \(limit) fit one answer; send fewer inputs"
        case .tokenizationTooLarge(let tokens, let limit):
            "the answer would have \(tokens) tokens and more, at most \(limit) fit one; send less text, or `max_length`"
        case .resultsHeldBack(let limit):
            "answers with token vectors for \(limit) tokens are being sent already; try again later"
        case .optionOutOfRange(let option, let given, let minimum, let maximum):
            "`\(option)` must be "
                + (maximum.map { "from \(minimum) to \($0)" } ?? "at least \(minimum)") + ". Given: \(given)"
        case .emptyText(let key, let input):
            "`\(key)` of input \(input) cannot be empty"
        case .noRoomForContext(let input, let question, let maxLength):
            """
            the question of input \(input) has \(question) tokens, which leave none of the \(maxLength) of a window \
            for the context; ask for a lower `max_question_len` or a higher `max_seq_len`
            """
        case .overlapTooLong(let option, let given, let room):
            "`\(option)` must be less than \(room), the tokens of the text that fit a window. Given: \(given)"
        case .tooManyWindows(let count, let limit):
            "the texts come to \(count) windows or more, at most \(limit) are computed; send less text, or less overlap"
        case .strideWithoutAggregation:
            "`stride` takes an `aggregation_strategy` other than none, by which windows are merged"
        case .inputFailed(let input, let reason):
            "input \(input) could not be computed: \(reason)"
        }
    }
}

extension Head {
    /// What it is for, in words.
    fileprivate var task: String {
        switch self {
        case .sequenceClassification: "sequence classification"
        case .tokenClassification: "token classification"
        case .questionAnswering: "question answering"
        case .maskedLanguageModel: "masked language modelling"
        case .nextSentence: "next sentence prediction"
        case .multipleChoice: "multiple choice"
        }
    }

    /// A class of transformers whose checkpoints have it, as config.json's `architectures` names it.
    fileprivate var example: String { "MobileBertFor\(className)" }
}
