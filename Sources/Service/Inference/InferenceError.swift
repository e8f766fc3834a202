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
    case invalidDimensions(Int, hiddenSize: Int)
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
    case noClassifier(architecture: String)
    /// More token vectors than one answer carries.
    case resultTooLarge(tokens: Int, limit: Int)
    /// More tokens, padding included where it is asked for, than one answer carries.
    case tokenizationTooLarge(tokens: Int, limit: Int)
    /// So many token vectors are being sent that no more are computed now.
    case resultsHeldBack(limit: Int)
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
        case .invalidDimensions(let dimensions, let hiddenSize):
            "`dimensions` must be from 1 to \(hiddenSize). Given: \(dimensions)"
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
        case .noClassifier(let architecture):
            "this model (\(architecture)) has no classification head; load a MobileBertForSequenceClassification"
        case .resultTooLarge(let tokens, let limit):
            "token vectors for \(tokens) tokens are asked for, at most \(limit) fit one answer; send fewer inputs"
        case .tokenizationTooLarge(let tokens, let limit):
            "the answer would have \(tokens) tokens and more, at most \(limit) fit one; send less text, or `max_length`"
        case .resultsHeldBack(let limit):
            "answers with token vectors for \(limit) tokens are being sent already; try again later"
        case .inputFailed(let input, let reason):
            "input \(input) could not be computed: \(reason)"
        }
    }
}
