import JSON
import Training

/// Prompts with choices, of which one is right: the data of multiple choice.
struct Choices: TaskData {
    /// The keys of JSON objects, of which the first that is there counts.
    struct Keys {
        var prompt = ["prompt", "sent1", "article"]
        var choices = ["choices", "endings", "options"]
        var label = ["label", "answer"]
    }

    private struct Prompt {
        let line: Int
        let text: String
        let choices: [String]
        let right: Int
    }

    let labels: [String] = []
    private let file: LineFile
    private var prompts: [Prompt]

    /// Reads JSON Lines.
    ///
    /// - Throws: `unusableText` with file and line.
    init(path: String, keys: Keys) throws(CommandError) {
        let file = LineFile(path: path)
        var prompts: [Prompt] = []
        try file.forEachObject { line, object throws(CommandError) in
            let place = file.place(line)
            let text = try object.text(keys.prompt, place: place)
            let choices = try Self.choices(object, keys, place: place)
            guard choices.count > 1 else {
                throw .unusableText(place: place, reason: "\(choices.count) choices; expected at least 2")
            }
            let label = try object.value(keys.label, place: place)
            let right = try Self.right(label, among: choices, place: place)
            prompts.append(Prompt(line: line, text: text, choices: choices, right: right))
        }
        guard !prompts.isEmpty else { throw .unusableText(place: path, reason: "there are no prompts") }
        (self.file, self.prompts) = (file, prompts)
    }

    /// The choices: an array of texts, or `ending0`, `ending1`, … as in SWAG. The beginning that they share there
    /// (`sent2`), or RACE's question, stands before each.
    private static func choices(_ object: JSONObject, _ keys: Keys, place: String) throws(CommandError) -> [String] {
        var choices: [String] = []
        if object["ending0"] != nil, !keys.choices.contains(where: { object[$0] != nil }) {
            while object["ending\(choices.count)"] != nil {
                choices.append(try object.text(["ending\(choices.count)"], place: place))
            }
        } else {
            choices = try object.texts(keys.choices, place: place)
        }
        let beginnings = ["sent2", "question"].filter { object[$0] != nil && !keys.prompt.contains($0) }
        guard !beginnings.isEmpty else { return choices }
        let beginning = try object.text(beginnings, place: place)
        return choices.map { beginning.isEmpty ? $0 : "\(beginning) \($0)" }
    }

    /// The index of the right choice, which the label gives from 0 on, or as a letter from A on.
    private static func right(
        _ label: (key: String, value: JSONValue),
        among choices: [String],
        place: String
    ) throws(CommandError) -> Int {
        var index = label.value.integer
        if case .string(let text) = label.value {
            index = Int(text)
            if text.utf8.count == 1, let letter = text.utf8.first, letter >= UInt8(ascii: "A") {
                index = Int(letter) - Int(UInt8(ascii: "A"))
            }
        }
        if let index, choices.indices.contains(index) { return index }
        let reason = "\"\(label.key)\": expected the number of the right choice, from 0 to \(choices.count - 1)"
        throw .unusableText(place: place, reason: reason)
    }

    var classes: [Int] { Array(repeating: 0, count: prompts.count) }

    func subset(_ numbers: [Int]) -> Choices {
        var part = self
        part.prompts = numbers.map { prompts[$0] }
        return part
    }

    /// An example has a sequence for each choice: the prompt and the choice as a pair.
    func tokenized(_ tokenizer: inout ExampleTokenizer) throws(CommandError) -> TaskExamples {
        var examples: [TokenizedExample] = []
        for prompt in prompts {
            var sequences: [TokenizedSequence] = []
            for choice in prompt.choices {
                let place = file.place(prompt.line)
                sequences.append(try tokenizer.sequence(prompt.text, pair: choice, place: place))
            }
            examples.append(TokenizedExample(sequences, .label(prompt.right)))
        }
        return TaskExamples(set: TrainingSet(examples)) { number, _, output in
            let (prompt, best) = (prompts[number], ShownExample.best(output.values))
            return ShownExample(
                prompt.text,
                [("right", prompt.choices[prompt.right]), ("chosen", "\(prompt.choices[best.index]) (\(best.score))")]
            )
        }
    }
}
