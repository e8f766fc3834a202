import HTTPServer
package import JSON

extension TaskRoutes {
    /// `{index, choice, probabilities, logits}` for a prompt with its choices, a list of such for several.
    static func multipleChoice(_ request: RouteRequest, _ context: RouteContext) async throws -> Response {
        let fields = try request.fields()
        let (questions, isBatch) = try fields.questions()
        let outcome = try await context.inference.choose(questions, options: fields.inputOptions())
        return Response.json(Array(zip(questions, outcome.value)), isBatch: isBatch) { writer, result in
            let (question, answer) = result
            writer.object { answer.write(choices: question.choices, to: &$0) }
        }.noting(outcome.usage, of: request, in: context)
    }
}

extension RequestFields {
    /// `prompt` and `choices`, here or in `inputs`, which may be a list of such objects.
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

extension ChoiceAnswer {
    /// Writes the members `index`, `choice`, `probabilities` and `logits` of an object.
    package func write(choices: [String], to writer: inout JSONWriter) {
        writer.key("index")
        writer.integer(index)
        writer.member("choice", choices[index])
        writer.key("probabilities")
        writer.numbers(probabilities)
        writer.key("logits")
        writer.numbers(logits)
    }
}
