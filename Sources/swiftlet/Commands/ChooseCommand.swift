import ArgumentParser
import JSON
import Service

/// `swiftlet choose`: the choice that goes best with each text.
struct ChooseCommand: AsyncParsableCommand, TextCommand {
    static let configuration = CommandConfiguration(
        commandName: "choose",
        abstract: "Choose of several continuations or answers the one that goes best with each text.",
        discussion: """
            The model must have a head for multiple choice, as MobileBertForMultipleChoice.

            EXAMPLES
              swiftlet choose --model ./mobilebert-swag --choice "is cut." --choice "sings." "The bread"

            Each line of JSON is {"index": 0, "answer": {"index": 0, "choice": "…", "probabilities": [0.9, 0.1], \
            "logits": [2.1, -0.1]}}; index is the line's or the argument's number, and in answer the choice's, from 0.
            """
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var engineFlags: EngineFlags
    @OptionGroup var textOptions: TextOptions
    @OptionGroup var lengthOptions: LengthOptions

    @Option(
        name: .customLong("choice"),
        help: ArgumentHelp("What may go with each text; give at least two.", valueName: "text")
    )
    var choices: [String] = []

    func validate() throws {
        if choices.count < 2 { throw ValidationError("give --choice at least twice, not \(choices.count) times") }
    }

    func run() async throws {
        let inference = try await modelOptions.startInference(engine: engineFlags.options)
        let options = lengthOptions.inputOptions
        try await run(textOptions) { [choices] text in
            let question = ChoiceQuestion(prompt: text.content, choices: choices)
            let answers = try await inference.choose([question], options: options).value
            return answers[0]
        }
        await inference.shutDown()
    }

    func write(_ answer: ChoiceAnswer, of text: Text, to writer: inout JSONWriter) {
        writer.key("answer")
        writer.object { answer.write(choices: choices, to: &$0) }
    }

    func lines(_ answer: ChoiceAnswer, of text: Text) -> [String] {
        let rows = choices.indices.map { index in
            let share = answer.probabilities[index]
            return [
                index == answer.index ? "→" : "", Columns.shown(choices[index], width: 60),
                Decimals.fixed(share, digits: 4), Columns.bar(share),
            ]
        }
        return [Columns.shown(text.content)] + Columns.aligned(rows, alignedRight: [2])
    }
}
