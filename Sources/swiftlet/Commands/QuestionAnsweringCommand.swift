import ArgumentParser
import Encoder
import Inference
import JSON
import Results

/// `swiftlet question-answering`: finds the answer to a question in each text.
struct QuestionAnsweringCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "question-answering",
        abstract: "Find in each text the answer to a question.",
        discussion: """
            The model must have a head for question answering, such as MobileBertForQuestionAnswering. A text may be \
            of any length: it is read in windows that overlap.

            EXAMPLES
              swiftlet question-answering --model ./mobilebert-squad2 --question "Who wrote it?" --input pages.txt
              swiftlet question-answering --model ./mobilebert-squad2 --question "Who?" --no-answer "It rains."

            Each line of JSON is {"index": 0, "answers": [{"score": 0.9, "start": 11, "end": 16, "answer": "…"}, …]}; \
            start and end count Unicode scalars of the text; index is the number of the line or argument, from 0.
            """
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var engineFlags: EngineFlags
    @OptionGroup var textOptions: TextOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Question asked about each text.", valueName: "text"))
    var question: String

    @Option(help: ArgumentHelp("How many answers to give, best first.", valueName: "count"))
    var topK = 1

    @Option(help: ArgumentHelp("Most tokens of an answer.", valueName: "tokens"))
    var maxAnswerLen = 15

    @Option(
        help: ArgumentHelp(
            "Most tokens of a window. (default: 384, or fewer if the model takes fewer)",
            valueName: "tokens"
        )
    )
    var maxSeqLen: Int?

    @Option(
        help: ArgumentHelp(
            "Tokens that two windows have in common. (default: 128, or half of a short window)",
            valueName: "tokens"
        )
    )
    var docStride: Int?

    @Option(help: ArgumentHelp("Most tokens of the question; a longer one is cut.", valueName: "tokens"))
    var maxQuestionLen = 64

    @Flag(name: .customLong("no-answer"), help: "Accept that a text has no answer.")
    var acceptsNoAnswer = false

    @Flag(inversion: .prefixedNo, help: "Begin and end answers with whole words.")
    var alignToWords = true

    func validate() throws {
        if question.isEmpty { throw ValidationError("--question cannot be empty") }
        let limit = InferenceService.maxAnswers
        guard (1...limit).contains(topK) else { throw ValidationError("--top-k must be 1 to \(limit), not \(topK)") }
    }

    func run() async throws {
        let inference = try await modelOptions.startInference(engine: engineFlags.options)
        var options = QuestionAnsweringOptions()
        options.topK = topK
        options.maxAnswerLength = maxAnswerLen
        options.maxSequenceLength = maxSeqLen
        options.documentStride = docStride
        options.maxQuestionLength = maxQuestionLen
        options.acceptsNoAnswer = acceptsNoAnswer
        options.alignsToWords = alignToWords
        try await run(textOptions) { [options, question] text in
            let question = Question(question: question, context: text.content)
            return try await inference.answers(to: [question], options: options).value.first ?? []
        }
        await inference.shutDown()
    }

    func write(_ answers: [Answer], of text: Text, to writer: inout JSONWriter) {
        writer.key("answers")
        writer.array(answers) { writer, answer in answer.write(to: &writer) }
    }

    func lines(_ answers: [Answer], of text: Text) -> [String] {
        let rows = answers.map { answer in
            let shown = answer.text.isEmpty ? "(no answer)" : Columns.shown(answer.text)
            return ["", shown, Decimals.fixed(answer.score, digits: 4), "\(answer.start)–\(answer.end)"]
        }
        return [Columns.shown(text.content)] + Columns.aligned(rows, alignedRight: [2, 3])
    }
}
