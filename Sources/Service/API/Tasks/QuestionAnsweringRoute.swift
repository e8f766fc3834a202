import HTTPProtocol
import Inference
import JSON
import Results

/// Answers questions about texts, in the form of Hugging Face's question answering pipeline and of the Hub's client.
enum QuestionAnsweringRoute {
    static let route = Route.post(
        "/question_answering",
        "/question-answering",
        roots: RoutePath.roots(ifBody: asksQuestion),
        errors: .tei,
        answer: answer
    )

    /// `{score, start, end, answer}`; if more than one is asked for, a list of them, best first. For a list of
    /// questions, a list of these answers.
    static func answer(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let questions = try Questions(fields)
        let options = try QuestionAnsweringOptions(fields)
        let outcome = try await context.inference.answers(to: questions.all, options: options)
        return try Response.json(outcome.value, isBatch: questions.isBatch) {
            $1.write(isList: options.topK > 1, to: &$0)
        }
        .noting(outcome.usage, of: request, in: context)
    }

    private static func asksQuestion(_ body: JSONObject) -> Bool {
        if body["question"] != nil { return body["context"] != nil }
        switch body["inputs"] {
        case .object(let question): return question["question"] != nil
        case .array(let questions):
            guard case .object(let question) = questions.first else { return false }
            return question["question"] != nil
        default: return false
        }
    }
}

/// The questions of a request. They stand in `inputs`, as a question with its context or as a list of them; or in the
/// keys `question` and `context`, which may be lists, and then one context may go with many questions.
private struct Questions {
    let all: [Question]
    let isBatch: Bool

    init(_ fields: RequestFields) throws {
        if case .object(let members) = fields.members["inputs"] {
            (all, isBatch) = ([try Question(RequestFields(members: members))], false)
            return
        }
        if let inputs = try fields.objects("inputs") {
            guard !inputs.isEmpty else { throw ServiceError.empty("inputs") }
            (all, isBatch) = (try inputs.map(Question.init), true)
            return
        }
        guard fields.members["question"] != nil, fields.members["context"] != nil else {
            throw ServiceError.invalid(
                "`inputs` is missing; give {\"question\": \"…\", \"context\": \"…\"} or a list of such objects"
            )
        }
        let questions = try fields.required("question", fields.strings("question"))
        let contexts = try fields.required("context", fields.strings("context"))
        guard !questions.isEmpty else { throw ServiceError.empty("question") }
        guard contexts.count == 1 || contexts.count == questions.count else {
            throw ServiceError.invalid(
                "`context` must be one text or one for each `question`. Given: \(contexts.count) for \(questions.count)"
            )
        }
        all = questions.enumerated().map { index, question in
            Question(question: question, context: contexts.count == 1 ? contexts[0] : contexts[index])
        }
        if case .array = fields.members["question"] { isBatch = true } else { isBatch = false }
    }
}

extension Question {
    fileprivate init(_ fields: RequestFields) throws {
        self.init(question: try fields.text("question"), context: try fields.text("context"))
    }
}

extension QuestionAnsweringOptions {
    /// The options, by the pipeline's names.
    init(_ fields: RequestFields) throws {
        self.init()
        topK = try fields.integer("top_k") ?? topK
        maxAnswerLength = try fields.integer("max_answer_len") ?? maxAnswerLength
        maxSequenceLength = try fields.integer("max_seq_len")
        documentStride = try fields.integer("doc_stride")
        maxQuestionLength = try fields.integer("max_question_len") ?? maxQuestionLength
        acceptsNoAnswer = try fields.boolean("handle_impossible_answer") ?? acceptsNoAnswer
        alignsToWords = try fields.boolean("align_to_words") ?? alignsToWords
    }
}

extension [Answer] {
    /// - Parameter isList: whether the request asked for more than one answer; then even one answer is a list.
    fileprivate func write(isList: Bool, to writer: inout JSONWriter) {
        if isList {
            writer.array(self) { $1.write(to: &$0) }
        } else {
            self[0].write(to: &writer)
        }
    }
}
