import Encoder
import Foundation
import Inference
import JSON
import TestSupport
import Testing
import Training

@testable import swiftlet

/// A folder for a test's files, which is removed with the value, beside a small model with a vocabulary.
private final class TaskFolder {
    private let url = FileManager.default.temporaryDirectory.appending(path: "swiftlet-task-\(UUID().uuidString)")
    var model: String { url.appending(path: "base").path }
    var output: String { url.appending(path: "out").path }

    init(_ model: String) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let fixtures = Program.root.appending(path: "Tests/Fixtures")
        let base = url.appending(path: "base")
        try FileManager.default.copyItem(at: fixtures.appending(path: "models/\(model)"), to: base)
        let file = base.appending(path: "vocab.txt")
        guard !FileManager.default.fileExists(atPath: file.path) else { return }
        try FileManager.default.copyItem(at: fixtures.appending(path: "tasks/vocab.txt"), to: file)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ text: String, as name: String) throws -> String {
        let file = url.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    /// Reads examples with the whole vocabulary of the fixtures.
    func tokenized(_ data: some TaskData, maxLength: Int) throws -> TrainingSet {
        try examples(data, maxLength: maxLength).set
    }

    func examples(_ data: some TaskData, maxLength: Int) throws -> TaskExamples {
        var configuration = try TrainableCheckpoint(directory: model, head: nil).configuration
        configuration.vocabularySize = 1000
        let tokenizer = try LoadedModel.tokenizer(directory: model)
        var examples = ExampleTokenizer(tokenizer, maxLength: maxLength, for: configuration)
        return try data.tokenized(&examples)
    }

    /// What is shown of the first example of a file for this output.
    func shown(_ data: some TaskData, _ output: [Float], columns: Int) throws -> ShownExample {
        let examples = try examples(data, maxLength: 20)
        return examples.shown(0, examples.set.examples[0], ExampleOutput(values: output, columns: columns))
    }
}

private func lines(_ objects: [[String: Any]]) throws -> String {
    try objects.map { String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self) + "\n" }.joined()
}

@Suite("Data of train's tasks")
struct TaskDataTests {
    @Test("has the windows of transformers' tokenizer, and in each the tokens of the answer")
    func windows() throws {
        let folder = try TaskFolder("bert")
        let file = Program.root.appending(path: "Tests/Fixtures/training/tasks.json")
        let cases = try JSONParser.parse([UInt8](Data(contentsOf: file)))["windows"]?.elements ?? []
        #expect(cases.count == 25)
        for one in cases {
            let (context, start) = (one["context"]?.text ?? "", one["start"]?.integer ?? 0)
            let answers: [String: Any] = ["text": [one["text"]?.text ?? ""], "answer_start": [start]]
            let line =
                ["context": context, "question": one["question"]?.text ?? "", "answers": answers] as [String: Any]
            let path = try folder.write(try lines([line]), as: "squad.jsonl")
            let data = try QuestionTexts(path: path, stride: 4)
            let set = try folder.tokenized(data, maxLength: one["limit"]?.integer ?? 0)
            let features = one["features"]?.elements ?? []
            #expect(set.examples.count == features.count)
            for (example, feature) in zip(set.examples, features) {
                let span = (feature["span"]?.numbers ?? []).map { Int($0) }
                #expect(example.sequences[0].ids.map { Double($0) } == feature["ids"]?.numbers)
                #expect(example.sequences[0].typeIDs.map { Double($0) } == feature["types"]?.numbers)
                #expect(example.target == .span(span[0]...span[1]), "\(context)")
            }
        }
    }

    @Test("is the same in CoNLL's columns and JSON Lines; the first token of a word has its label")
    func words() throws {
        let folder = try TaskFolder("bert")
        let columns = "-DOCSTART- O\n\nab NN B-X\nc NN O\r\n\n\nd\tNN\tI-X\n"
        let objects = try lines([
            ["words": ["ab", "c"], "tags": ["B-X", "O"]], ["words": ["d"], "tags": ["I-X"]],
        ])
        let format = (RecordFormat.txt, RecordFormat.jsonl)
        let one = try LabelledWords(
            path: try folder.write(columns, as: "a.conll"),
            format: format.0,
            keys: .init(),
            known: nil
        )
        let two = try LabelledWords(
            path: try folder.write(objects, as: "a.jsonl"),
            format: format.1,
            keys: .init(),
            known: nil
        )
        #expect(one.labels == ["B-X", "I-X", "O"] && two.labels == one.labels)
        let sets = (try folder.tokenized(one, maxLength: 9), try folder.tokenized(two, maxLength: 9))
        for (a, b) in zip(sets.0.examples, sets.1.examples) {
            #expect(a.sequences[0].ids == b.sequences[0].ids && a.target == b.target)
        }
        #expect(sets.0.examples.count == 2 && sets.0.examples[0].target == .tokenLabels([-100, 0, -100, 2, -100]))
    }

    @Test("of SWAG and RACE, and prompts with choices, are pairs")
    func choices() throws {
        let folder = try TaskFolder("bert")
        let path = try folder.write(
            try lines([
                ["prompt": "a", "choices": ["b", "c d"], "label": 1],
                ["sent1": "a", "sent2": "", "ending0": "b", "ending1": "c d", "label": 1],
                ["article": "a", "question": "", "options": ["b", "c d"], "answer": "B"],
            ]),
            as: "choices.jsonl"
        )
        let set = try folder.tokenized(try Choices(path: path, keys: .init()), maxLength: 9)
        for example in set.examples {
            #expect(example.target == .label(1) && example.sequences.count == 2)
            #expect(example.sequences.map(\.ids) == set.examples[0].sequences.map(\.ids))
            #expect(example.sequences[1].typeIDs == [0, 0, 0, 1, 1, 1])
        }
    }

    @Test("shows people what is right and what the model says")
    func shown() throws {
        let folder = try TaskFolder("bert")
        let words = try LabelledWords(
            path: try folder.write(try lines([["tokens": ["ab", "c"], "tags": ["X", "O"]]]), as: "words.jsonl"),
            format: .jsonl,
            keys: .init(),
            known: nil
        )
        let wrong = ShownExample("ab c", [("right", "ab: X"), ("predicted", "ab: O")])
        #expect(try folder.shown(words, [1, 0, 1, 0], columns: 2) == wrong)
        #expect(try folder.shown(words, [0, 1, 1, 0], columns: 2) == ShownExample("ab c", [("wrong", "none")]))

        let prompt: [String: Any] = ["prompt": "a", "choices": ["b", "c d"], "label": 1]
        let choices = try Choices(path: try folder.write(try lines([prompt]), as: "choices.jsonl"), keys: .init())
        #expect(
            try folder.shown(choices, [0, 0], columns: 1)
                == ShownExample("a", [("right", "c d"), ("chosen", "b (50.0 %)")])
        )

        let answers: [String: Any] = ["text": ["c d"], "answer_start": [4]]
        let question: [String: Any] = ["question": "a", "context": "a b c d", "answers": answers]
        let questions = try QuestionTexts(path: try folder.write(try lines([question]), as: "q.jsonl"), stride: 4)
        // [CLS] a [SEP] a b c d [SEP]
        let found = try folder.shown(questions, [0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 0, 0, 0, 0, 0, 0], columns: 2)
        #expect(found == ShownExample("a", [("right", "c d"), ("found", "b")]))
        let none = try folder.shown(questions, [9, 9] + [Float](repeating: 0, count: 14), columns: 2)
        #expect(none.facts.last?.value == "no answer")
    }

    @Test("has errors with file and line")
    func faults() throws {
        let folder = try TaskFolder("bert")
        func fault(_ text: String, _ name: String, _ read: (String) throws -> Void) throws -> String {
            let path = try folder.write(text, as: name)
            do {
                try read(path)
                return "none"
            } catch { return "\(error)" }
        }
        let words: (String) throws -> Void = {
            _ = try LabelledWords(path: $0, format: .init(path: $0), keys: .init(), known: nil)
        }
        let noTag = try fault("a B\nb O\n\nc\n", "a.conll", words)
        #expect(noTag.contains("line 4 of") && noTag.contains("a.conll"))
        let counts = try fault("{\"tokens\":[\"a\",\"b\"],\"ner_tags\":[\"O\"]}\n", "a.jsonl", words)
        #expect(counts.contains("line 1 of") && counts.contains("2 words with 1 labels"))
        let choice = try fault("\n{\"prompt\":\"a\",\"choices\":[\"b\",\"c\"],\"label\":2}\n", "c.jsonl") {
            _ = try Choices(path: $0, keys: .init())
        }
        #expect(choice.contains("line 2 of") && choice.contains("from 0 to 1"))
        let squad = """
            {"data": [{"paragraphs": [{"context": "a b", "qas": [
            {"id": "1", "question": "a", "answers": [{"text": "b", "answer_start": 2}]},
            {"id": "2", "question": "a", "answers": [{"text": "b", "answer_start": 1}]}]}]}]}
            """
        let questions: (String) throws -> Void = { _ = try QuestionTexts(path: $0, stride: 4) }
        let misplaced = try fault(squad, "q.json", questions)
        #expect(misplaced.contains("line 3 of") && misplaced.contains("\"b\" at 1"), "\(misplaced)")
        let broken = try fault("{\"data\":\n [}", "q.json", questions)
        #expect(broken.contains("line 2 of"), "\(broken)")
    }
}

@Suite("swiftlet train for other tasks")
struct TrainTaskProcessTests {
    private func train(_ folder: TaskFolder, _ task: String, _ data: String, _ options: String...) async throws
        -> [String: Any]
    {
        let result = try await Program.run(
            [
                "train", "--task", task, "--model", folder.model, "--data", data, "--output", folder.output,
                "--learning-rate", "3e-3", "--batch-size", "8",
            ] + options
        )
        #expect(result.status == 0, "\(result.errors)")
        return try #require(try result.objects().first)
    }

    @Test("labels words, and token-classify loads the folder")
    func tokens() async throws {
        let folder = try TaskFolder("mobilebert")
        let sentences = (0..<40).map { "a\tO\n\(["x", "y"][$0 % 2])\tB-\(["PER", "LOC"][$0 % 2])\nz\tO\n\n" }
        let data = try folder.write(sentences.joined(), as: "words.conll")
        let report = try await train(folder, "token-classification", data, "--epochs", "12")
        #expect(report["eval_f1"] as? Double == 1 && report["eval_accuracy"] as? Double == 1)
        #expect(report["labels"] as? [String] == ["B-LOC", "B-PER", "O"])
        let found = try await Program.run(["token-classify", "--model", folder.output, "a x z"])
        #expect(found.output.contains("B-PER") && !found.output.contains("B-LOC"), "\(found.output)\(found.errors)")
    }

    @Test("answers questions, and question-answering loads the folder")
    func answers() async throws {
        let folder = try TaskFolder("distilbert")
        let letters = ["b", "c", "d", "e", "f", "g", "h"]
        let objects = (0..<56).map { number -> [String: Any] in
            let (one, two) = (letters[number % 7], letters[number / 7 % 7])
            let answers: [String: Any] = ["text": [two], "answer_start": [4]]
            return ["context": "\(one) x \(two) y", "question": "x", "answers": answers]
        }
        let data = try folder.write(try lines(objects), as: "squad.jsonl")
        let report = try await train(folder, "question-answering", data, "--epochs", "15")
        #expect((report["eval_exact_match"] as? Double ?? 0) == 100, "\(report)")
        let found = try await Program.run([
            "question-answering", "--model", folder.output, "--question", "x", "b x g y",
        ])
        #expect(try (found.objects().first?["answers"] as? [[String: Any]])?.first?["answer"] as? String == "g")
    }

    @Test("guesses masked tokens to the same bits after an interruption, and fill-mask loads the folder")
    func masks() async throws {
        let folder = try TaskFolder("bert")
        let texts = (0..<48).map { "\(["a b c d", "e f g h"][$0 % 2])\n" }
        let data = try folder.write(texts.joined(), as: "texts.txt")
        let options = ["--epochs", "12", "--save-total-limit", "20", "--metric-for-best-model", "perplexity"]
        let report = try await train(
            folder,
            "masked-language-model",
            data,
            options[0],
            options[1],
            options[2],
            options[3],
            options[4],
            options[5]
        )
        #expect((report["eval_perplexity"] as? Double ?? 99) < 8, "\(report)")
        let found = try await Program.run(["fill-mask", "--model", folder.output, "a b [MASK] d"])
        #expect(found.output.contains("\"token_str\":\"c\""), "\(found.output)\(found.errors)")
        let manager = FileManager.default
        let names = try manager.contentsOfDirectory(atPath: folder.output).filter { $0.hasPrefix("checkpoint-") }
        let last = try #require(names.compactMap { Int($0.dropFirst(11)) }.max())
        let file = URL(filePath: "\(folder.output)/checkpoint-\(last)/optimizer.safetensors")
        let expected = try Data(contentsOf: file)
        for name in names where name != "checkpoint-12" { try manager.removeItem(atPath: "\(folder.output)/\(name)") }
        _ = try await train(
            folder,
            "masked-language-model",
            data,
            options[0],
            options[1],
            options[2],
            options[3],
            options[4],
            options[5],
            "--resume"
        )
        #expect(try Data(contentsOf: file) == expected)
    }

    @Test("chooses, and choose loads the folder")
    func choices() async throws {
        let folder = try TaskFolder("mobilebert")
        let objects = (0..<40).map { number -> [String: Any] in
            ["prompt": "a", "choices": number % 2 == 0 ? ["b", "c"] : ["c", "b"], "label": number % 2]
        }
        let data = try folder.write(try lines(objects), as: "choices.jsonl")
        let report = try await train(folder, "multiple-choice", data, "--epochs", "8")
        #expect(report["eval_accuracy"] as? Double == 1, "\(report)")
        let found = try await Program.run(
            ["choose", "--model", folder.output, "--choice", "c", "--choice", "b", "a"]
        )
        let answer = try found.objects().first?["answer"] as? [String: Any]
        #expect(answer?["choice"] as? String == "b", "\(found.output)\(found.errors)")
    }
}
