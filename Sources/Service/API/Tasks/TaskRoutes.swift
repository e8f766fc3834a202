import Encoder
import JSON

/// Tasks of Hugging Face's pipelines that need a head of their own, each in its pipeline's form.
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
            roots: RoutePath.roots(forHead: .nextSentence, ifBody: hasPairs),
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

    private static func hasPairs(_ body: JSONObject) -> Bool {
        switch body["inputs"] {
        case .object(let pair): pair["text_pair"] != nil
        case .array(let inputs):
            switch inputs.first {
            case .object(let pair): pair["text_pair"] != nil
            case .array(let pair): if case .string = pair.first { true } else { false }
            default: false
            }
        default: false
        }
    }

    /// Whether texts have masks, or are those of the Hub client's fill_mask, which always has `parameters`.
    private static func asksForFilling(_ body: JSONObject) -> Bool {
        let texts: [JSONValue]
        switch body["inputs"] {
        case .array(let elements): texts = elements
        case let input?: texts = [input]
        case nil: return false
        }
        guard case .string? = texts.first else { return false }
        return HubRoutes.asksForClasses(body)
            || texts.contains { if case .string(let text) = $0 { text.contains("[MASK]") } else { false } }
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
