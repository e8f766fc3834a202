import Encoder
import HTTPProtocol
import Inference
import JSON
import Results

/// Routes for tasks that need a head of their own, each in the form of its Hugging Face pipeline.
enum TaskRoutes {
    static let all: [Route] = [
        QuestionAnsweringRoute.route,
        TokenClassifyRoute.route,
        .post("/zero_shot", "/zero-shot", errors: .tei, answer: zeroShot),
        .post(
            "/zero-shot-classification",
            roots: RoutePath.roots { $0.option("candidate_labels") != nil },
            errors: .tei,
            answer: zeroShotClassification
        ),
        .post(
            "/multiple_choice",
            "/multiple-choice",
            roots: RoutePath.roots(ifBody: hasChoices),
            errors: .tei,
            answer: multipleChoice
        ),
        .post(
            "/next_sentence",
            "/next-sentence",
            roots: RoutePath.roots(forHead: .nextSentence, ifBody: TEIRoutes.hasPairs),
            errors: .tei,
            answer: nextSentence
        ),
        .post(
            "/fill_mask",
            "/fill-mask",
            roots: RoutePath.roots(forHead: .maskedLanguageModel, ifBody: asksForFilling),
            errors: .tei,
            answer: fillMask
        ),
    ]

    private static func hasChoices(_ body: JSONObject) -> Bool {
        switch body["inputs"] {
        case .object(let question): question["choices"] != nil
        case .array(let questions):
            if case .object(let question) = questions.first { question["choices"] != nil } else { false }
        default: body["choices"] != nil
        }
    }

    /// Whether the texts have masks, or the body comes from the Hub client's fill_mask, which always has `parameters`.
    private static func asksForFilling(_ body: JSONObject) -> Bool {
        let texts: [JSONValue]
        switch body["inputs"] {
        case .array(let elements): texts = elements
        case let input?: texts = [input]
        case nil: return false
        }
        guard case .string? = texts.first else { return false }
        return HubRoutes.asksForClasses(body)
            || texts.contains { if case .string(let text) = $0 { text.holds("[MASK]") } else { false } }
    }
}

extension JSONObject {
    /// An option, from the object itself or its `parameters`.
    fileprivate func option(_ key: String) -> JSONValue? {
        if let value = self[key] { return value }
        if case .object(let parameters) = self["parameters"] { return parameters[key] }
        return nil
    }
}

extension TaskRoutes {
    /// `[{score, token, token_str, sequence}]`, best first, for a text with one mask. A text with several masks gives a
    /// list of such lists, one for each mask. Several texts give a list with one of these for each text.
    static func fillMask(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        var options = FillMaskOptions()
        options.input = try fields.inputOptions()
        options.topK = try fields.integer("top_k") ?? options.topK
        options.targets = try fields.strings("targets")
        let outcome = try await context.inference.fillMasks(fields.inputs(), options: options)
        // As in the pipeline, a list with one text is answered like the text alone.
        return try Response.json(outcome.value, isBatch: outcome.value.count > 1) { write($1, to: &$0) }
            .noting(outcome.usage, of: request, in: context)
    }

    private static func write(_ masks: [[MaskCandidate]], to writer: inout JSONWriter) {
        if masks.count == 1 {
            writer.array(masks[0]) { $1.write(to: &$0) }
        } else {
            writer.array(masks) { writer, mask in writer.array(mask) { $1.write(to: &$0) } }
        }
    }
}

extension TaskRoutes {
    /// `{index, choice, probabilities, logits}` for a prompt with its choices; a list of such objects for several.
    static func multipleChoice(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let (questions, isBatch) = try fields.questions()
        let outcome = try await context.inference.choose(questions, options: fields.inputOptions())
        return try Response.json(Array(zip(questions, outcome.value)), isBatch: isBatch) { writer, result in
            let (question, answer) = result
            writer.object { answer.write(choices: question.choices, to: &$0) }
        }.noting(outcome.usage, of: request, in: context)
    }
}

extension RequestFields {
    /// Reads `prompt` and `choices`, from this object or from `inputs`, which may be a list of such objects.
    fileprivate func questions() throws -> (questions: [ChoiceQuestion], isBatch: Bool) {
        let expected = #"an object {"prompt": text, "choices": [text]}"#
        switch members["inputs"] {
        case nil, .null: return ([try question()], false)
        case .array(let elements):
            guard !elements.isEmpty else { throw ServiceError.empty("inputs") }
            let questions = try elements.enumerated().map { index, element in
                guard case .object(let members) = element else { throw wrong("`inputs[\(index)]`", expected, element) }
                return try RequestFields(members: members).question()
            }
            return (questions, true)
        default: return ([try object("inputs", expected).question()], false)
        }
    }

    private func question() throws -> ChoiceQuestion {
        ChoiceQuestion(prompt: try text("prompt"), choices: try texts("choices"))
    }
}

extension TaskRoutes {
    /// `{is_next, not_next, logits}` for a pair; a list of such objects for a batch.
    static func nextSentence(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let inputs = try PredictInputs(fields)
        let outcome = try await context.inference.nextSentence(inputs.all, options: fields.inputOptions())
        return try Response.json(outcome.value, isBatch: inputs.isBatch) { writer, answer in
            writer.object { answer.write(to: &$0) }
        }.noting(outcome.usage, of: request, in: context)
    }
}
