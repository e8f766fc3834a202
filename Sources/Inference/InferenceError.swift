package import Encoder
import JSON

/// Why inputs gave no results.
package enum InferenceError: Error, Equatable, CustomStringConvertible {
    case noInputs
    case tooManyInputs(count: Int, limit: Int)
    /// An input has more tokens than allowed and is not to be cut.
    case tooLong(input: Int, tokens: Int, limit: Int)
    case emptyIDs(input: Int)
    /// An attention mask without a 1, as given or after cutting.
    case nothingAttended(input: Int)
    /// A text from which the tokenizer makes no token.
    case noTokens(input: Int)
    case unknownID(input: Int, id: Int32, vocabularySize: Int)
    /// A token type that the model has no embedding for; the size is 0 for a model without types.
    case unknownTypeID(input: Int, id: Int32, typeVocabularySize: Int)
    case invalidMaxLength(Int, minimum: Int)
    case invalidDimensions(Int, limit: Int)
    case invalidTopK(Int)
    case unknownPrompt(String, known: [String])
    /// A prompt was named for an input that is not a single text.
    case promptWithoutText(input: Int)
    /// Ranking needs a head with one label.
    case notReranker(labels: Int)
    /// Calibrated scores take a temperature in config.json.
    case notCalibrated(isRegression: Bool)
    /// Scores are calibrated for the problem type's own function.
    case calibratedOtherwise(ScoreFunction, own: ScoreFunction)
    /// A time limit, in microseconds, that is out of range.
    case invalidTimeout(Int)
    case invalidPriority(Int)
    case noTokenizer(model: String)
    case noPooler
    /// The requested pooling gives vectors that do not fit the model's further modules.
    case poolingDoesNotFit([Pooling], size: Int, module: String, expected: Int)
    /// After cutting, only the prompt is left, which this model does not pool.
    case onlyPrompt(input: Int, tokens: Int)
    /// The checkpoint was not saved with the head that a task needs.
    case missingHead(needed: Head, available: [Head], architecture: String)
    /// More token vectors than one answer carries.
    case resultTooLarge(tokens: Int, limit: Int)
    /// More tokens, padding included if the request asks for it, than one answer carries.
    case tokenizationTooLarge(tokens: Int, limit: Int)
    /// Too many token vectors are being sent for more to be computed now.
    case resultsHeldBack(limit: Int)
    /// A number that is out of an option's range.
    case optionOutOfRange(_ option: String, given: Int, minimum: Int, maximum: Int?)
    /// A text that must not be empty, by its key.
    case emptyText(_ key: String, input: Int)
    /// A question so long that a window has no tokens left for the context.
    case noCapacityForContext(input: Int, question: Int, maxLength: Int)
    /// Windows that share so many tokens would not advance.
    case overlapTooLong(_ option: String, Int, capacity: Int)
    /// More windows than one request may have.
    case tooManyWindows(count: Int, limit: Int)
    /// Windows can only be merged if tokens are aggregated.
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
        case .nothingAttended(let input):
            """
            the attention_mask of input \(input) has no 1 within the model's length; give a 1 for each token that \
            counts
            """
        case .noTokens(let input):
            "input \(input) has no tokens; give a text that is not empty"
        case .unknownID(let input, let id, let vocabularySize):
            "input \(input) has the id \(id), which is not in the vocabulary (0 to \(vocabularySize - 1))"
        case .unknownTypeID(let input, let id, let typeVocabularySize):
            typeVocabularySize == 0
                ? "input \(input) has the token type \(id), but the model has no token types; "
                    + "leave token_type_ids out, or send zeros"
                : "input \(input) has the token type \(id), which the model does not have "
                    + "(0 to \(typeVocabularySize - 1))"
        case .invalidMaxLength(let length, let minimum):
            "`max_length` must be at least \(minimum). Given: \(length)"
        case .invalidDimensions(let dimensions, let limit):
            "`dimensions` must be from 1 to \(limit). Given: \(dimensions)"
        case .invalidTopK(let topK):
            "`top_k` must be at least 1. Given: \(topK)"
        case .unknownPrompt(let name, let known):
            "`prompt_name` is \"\(name.beginning(100))\", but the model "
                + (known.isEmpty ? "has no prompts" : "has only the prompts \(known.joined(separator: ", "))")
        case .promptWithoutText(let input):
            "`prompt_name` goes with texts; input \(input) is a pair of texts or a list of token ids"
        case .notReranker(let labels):
            "model is not a re-ranker model: ranking takes a head of one label, this one has \(labels)"
        case .notCalibrated(let isRegression):
            isRegression
                ? "this model is a regression, which has no probabilities to calibrate; leave `calibrated` out"
                : "calibrated scores take a model whose config.json has calibration_temperature, and this one has "
                    + "none; fit one with `swiftlet fit`, which writes it, or leave `calibrated` out"
        case .calibratedOtherwise(let function, let own):
            "calibrated scores are by \(own.rawValue), for which the temperature was measured, not by "
                + "\(function.rawValue); leave `raw_scores` and `function_to_apply` out, or `calibrated`"
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
        case .noCapacityForContext(let input, let question, let maxLength):
            """
            the question of input \(input) has \(question) tokens, which leave none of the \(maxLength) of a window \
            for the context; ask for a lower `max_question_len` or a higher `max_seq_len`
            """
        case .overlapTooLong(let option, let given, let capacity):
            "`\(option)` must be less than \(capacity), the tokens of the text that fit a window. Given: \(given)"
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
    /// The head's task, in words.
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

    /// A class of transformers whose checkpoints have the head, by its name in config.json's `architectures`.
    fileprivate var example: String { "MobileBertFor\(className)" }
}

/// Why one task fails on its own kind of input. Failures that all tasks share are ``InferenceError``s.
package enum TaskError: Error, Equatable, CustomStringConvertible {
    /// The tokenizer has no mask token.
    case noMaskToken(model: String)
    /// A text without a mask.
    case noMask(input: Int, mask: String)
    case tooManyTargets(count: Int, limit: Int)
    /// The tokenizer makes no token of any target.
    case noTargets
    /// The filled texts together would have more tokens than one answer carries.
    case fillingsTooLarge(tokens: Int, limit: Int)
    /// An input of a task for text pairs is not a pair.
    case pairExpected(input: Int)
    case noChoices(input: Int)
    case noLabels
    /// A label whose hypothesis alone has more tokens than the model takes.
    case labelTooLong(_ label: String, tokens: Int, limit: Int)
    case invalidTemplate(String)
    /// Natural language inference needs at least two labels.
    case notEntailmentModel
    case noLayers
    case invalidLayer(Int, layers: Int)

    /// Whether another model could do the task.
    package var isModelAtFault: Bool {
        switch self {
        case .noMaskToken, .notEntailmentModel: true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .noMaskToken(let model):
            "the tokenizer of \(model) has no mask token; load a model whose vocabulary has [MASK]"
        case .noMask(let input, let mask):
            "input \(input) has no \(mask) within the model's length; put \(mask) where a word is to be guessed"
        case .tooManyTargets(let count, let limit):
            "`targets` has \(count) texts, at most \(limit) are taken"
        case .noTargets:
            "`targets` must have at least one text that the tokenizer makes a token of"
        case .fillingsTooLarge(let tokens, let limit):
            "the filled texts would have \(tokens) tokens, at most \(limit) fit one answer; ask for a smaller `top_k`"
        case .pairExpected(let input):
            "input \(input) must be a pair of texts: [text, text] or {\"text\": …, \"text_pair\": …}"
        case .noChoices(let input):
            "question \(input) has no `choices`; give at least one"
        case .noLabels:
            "`candidate_labels` must have at least one label"
        case .labelTooLong(let label, let tokens, let limit):
            """
            the label "\(label.beginning(100))" makes a hypothesis of \(tokens) tokens, special tokens included, and \
            hypotheses are not cut; at most \(limit) are taken: shorten the label or `hypothesis_template`
            """
        case .invalidTemplate(let reason):
            "`hypothesis_template` cannot be used: \(reason)"
        case .notEntailmentModel:
            "this takes a model of natural language inference, whose labels are entailment and others; "
                + "the one loaded has a single label"
        case .noLayers:
            "`layers` must have at least one number, or be \"all\""
        case .invalidLayer(let layer, let layers):
            "`layers` must be numbers from \(-layers - 1) to \(layers), of which 0 is the embeddings' output. "
                + "Given: \(layer)"
        }
    }
}
