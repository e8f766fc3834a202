import ArgumentParser
import Inference
import JSON
import Results

/// `swiftlet next-sentence`: tells whether one text continues with another.
struct NextSentenceCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "next-sentence",
        abstract: "Predict for pairs of texts whether the second follows the first.",
        discussion: """
            The model must have a head for next sentence prediction, such as MobileBertForNextSentencePrediction or \
            MobileBertForPreTraining. A pair is a text with --pair, or one text with a tab between the two.

            EXAMPLES
              swiftlet next-sentence --model google/mobilebert-uncased --pair "It was late." "She went home."
              swiftlet next-sentence --model google/mobilebert-uncased --input pairs.txt > answers.jsonl

            Each line of JSON is {"index": 0, "is_next": 0.98, "not_next": 0.02, "logits": [3.1, -0.8]}; index is the \
            number of the line or argument, from 0.
            """
    )

    @OptionGroup var task: TaskOptions

    @Option(
        help: ArgumentHelp("Second text of each pair. (default: the text after the tab)", valueName: "text")
    )
    var pair: String?

    func run() async throws {
        let options = task.length.inputOptions
        let source = task.texts.source
        try await run(task) { [pair] inference, text in
            guard let input = Self.pair(text, pair) else {
                let reason = "it is not a pair of texts; give --pair, or a tab between the two"
                throw CommandError.unusableText(place: source.place(of: text), reason: reason)
            }
            let answers = try await inference.nextSentence([input], options: options).value
            return answers[0]
        }
    }

    /// A text with its second text; nil if there is no second text.
    private static func pair(_ text: Text, _ pair: String?) -> TextInput? {
        if let pair { return .pair(text.content, pair) }
        let parts = text.content.pieces(separatedBy: "\t", most: 1)
        return parts.count == 2 ? .pair(String(parts[0]), String(parts[1])) : nil
    }

    func write(_ answer: NextSentence, of text: Text, to writer: inout JSONWriter) { answer.write(to: &writer) }

    func lines(_ answer: NextSentence, of text: Text) -> [String] {
        let rows = [("is next", answer.isNext), ("is not", answer.notNext)].map { name, fraction in
            ["", name, Decimals.fixed(fraction, digits: 4), Columns.bar(fraction)]
        }
        return [Columns.shown(text.content)] + Columns.aligned(rows, alignedRight: [2])
    }
}

/// `swiftlet choose`: finds the best of several choices for each text.
struct ChooseCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "choose",
        abstract: "Choose the best of several continuations or answers for each text.",
        discussion: """
            The model must have a head for multiple choice, such as MobileBertForMultipleChoice.

            EXAMPLES
              swiftlet choose --model ./mobilebert-swag --choice "is cut." --choice "sings." "The bread"

            Each line of JSON is {"index": 0, "answer": {"index": 0, "choice": "…", "probabilities": [0.9, 0.1], \
            "logits": [2.1, -0.1]}}; index is the number of the line or argument, from 0; in answer, index is the \
            number of the choice.
            """
    )

    @OptionGroup var task: TaskOptions

    @Option(
        name: .customLong("choice"),
        help: ArgumentHelp("A continuation or answer to choose from; give at least two.", valueName: "text")
    )
    var choices: [String] = []

    func validate() throws {
        if choices.count < 2 { throw ValidationError("give --choice at least twice, not \(choices.count) times") }
    }

    func run() async throws {
        let options = task.length.inputOptions
        try await run(task) { [choices] inference, text in
            let question = ChoiceQuestion(prompt: text.content, choices: choices)
            let answers = try await inference.choose([question], options: options).value
            return answers[0]
        }
    }

    func write(_ answer: ChoiceAnswer, of text: Text, to writer: inout JSONWriter) {
        writer.key("answer")
        writer.object { answer.write(choices: choices, to: &$0) }
    }

    func lines(_ answer: ChoiceAnswer, of text: Text) -> [String] {
        let rows = choices.indices.map { index in
            let fraction = answer.probabilities[index]
            return [
                index == answer.index ? "→" : "", Columns.shown(choices[index], width: 60),
                Decimals.fixed(fraction, digits: 4), Columns.bar(fraction),
            ]
        }
        return [Columns.shown(text.content)] + Columns.aligned(rows, alignedRight: [2])
    }
}
