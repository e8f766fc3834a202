import Foundation
import JSON
import TestSupport
import Testing

@testable import Training

@Suite("Scores of tasks")
struct ScoreTests {
    private static func cases(_ key: String) throws -> [JSONValue] {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let file = try Data(contentsOf: root.appending(path: "Tests/Fixtures/training/tasks.json"))
        return try JSONParser.parse([UInt8](file))[key]?.elements ?? []
    }

    @Test("of entities are seqeval's")
    func entities() throws {
        let cases = try Self.cases("entities")
        #expect(cases.count == 40)
        for one in cases {
            let tags = { (key: String) in (one[key]?.elements ?? []).map { $0.elements.compactMap(\.text) } }
            let scores = EntityScores(truth: tags("truth"), predicted: tags("predicted"))
            #expect(abs(scores.precision - (one["precision"]?.double ?? -1)) < 1e-12)
            #expect(abs(scores.recall - (one["recall"]?.double ?? -1)) < 1e-12)
            #expect(abs(scores.f1 - (one["f1"]?.double ?? -1)) < 1e-12)
        }
        #expect(EntityScores.areEntities(["B-PER", "I-PER", "O"]))
        #expect(!EntityScores.areEntities(["SYM", "O"]) && !EntityScores.areEntities(["O"]))
    }

    @Test("of answers are those of SQuAD's script")
    func answers() throws {
        let cases = try Self.cases("answers")
        #expect(cases.count == 80)
        for one in cases {
            let (answer, right) = (one["answer"]?.text ?? "", (one["right"]?.elements ?? []).compactMap(\.text))
            #expect(AnswerScores.exactMatch(answer, right) == one["exact"]?.double, "\(answer) \(right)")
            #expect(abs(AnswerScores.f1(answer, right) - (one["f1"]?.double ?? -1)) < 1e-12, "\(answer) \(right)")
        }
    }

    @Test("take the best span of all windows, at most 30 tokens long, or none where that scores more")
    func spans() {
        let context = "ab cd ef"
        let bytes: [Range<Int32>] = [0..<2, 3..<5, 6..<8]
        let windows = [
            AnswerWindow(question: 0, first: 2, bytes: Array(bytes[..<2])),
            AnswerWindow(question: 0, first: 2, bytes: Array(bytes[1...])),
        ]
        // The largest logits stand at special tokens, and in the wrong order.
        let outputs = [
            ExampleOutput(values: [0, 0, 9, 9, 1, 2, 3, 1], columns: 2),
            ExampleOutput(values: [0, 0, 9, 9, 3, 0, 1, 4], columns: 2),
        ]
        let key = AnswerKey(context: context, answers: ["CD, ef"])
        #expect(AnswerScoring(windows, [key]).answers(outputs) == ["cd ef"])
        #expect(AnswerScoring(windows, [key]).metrics(outputs) == [.exactMatch: 100, .f1: 100])
        let (none, other) = (
            AnswerKey(context: context, answers: []), AnswerWindow(question: 1, first: 2, bytes: bytes)
        )
        let more = outputs + [ExampleOutput(values: [6, 6, 0, 0, 5, 1, 1, 1, 1, 5], columns: 2)]
        #expect(AnswerScoring(windows + [other], [key, none]).answers(more) == ["cd ef", ""])
    }
}

@Suite("Masking")
struct MaskingTests {
    private let masking = Masking(maskID: 3, vocabularySize: 1000)
    private let example = TokenizedExample(
        [TokenizedSequence(ids: [1] + Array(100..<300) + [2], typeIDs: Array(repeating: 0, count: 202))],
        .tokenLabels([-100] + Array(100..<300) + [-100])
    )

    @Test("takes 15 % of the tokens but no special ones, and makes 80 % of them the mask and 10 % random ones")
    func shares() {
        var (masks, same, others) = (0, 0, 0)
        for seed in 0..<200 {
            let masked = masking.masked(example, seed: UInt64(seed))
            guard case .tokenLabels(let labels) = masked.target else { continue }
            let ids = masked.sequences[0].ids
            let chosen = labels.indices.filter { labels[$0] != Target.ignored }
            #expect(chosen.count == 30 && labels[0] == Target.ignored && labels[201] == Target.ignored)
            for place in ids.indices where labels[place] == Target.ignored {
                #expect(ids[place] == example.sequences[0].ids[place])
            }
            for place in chosen {
                #expect(labels[place] == example.sequences[0].ids[place])
                if ids[place] == 3 { masks += 1 } else if ids[place] == labels[place] { same += 1 } else { others += 1 }
            }
        }
        // Of 6000; the standard deviations are 31 and 23.
        #expect(abs(masks - 4800) < 155 && abs(same - 600) < 116 && abs(others - 600) < 116)
    }

    @Test("is the same for a seed, another one for another seed, and takes a token of the shortest text")
    func seeds() {
        let ids = { (seed: UInt64) in masking.masked(example, seed: seed).sequences[0].ids }
        #expect(ids(5) == ids(5) && ids(5) != ids(6))
        let short = TokenizedExample(
            [TokenizedSequence(ids: [1, 9, 2], typeIDs: [0, 0, 0])],
            .tokenLabels([-100, 9, -100])
        )
        #expect(masking.masked(short, seed: 1).target == .tokenLabels([-100, 9, -100]))
        let set = masking.masked(TrainingSet([example, example]), seed: 1)
        #expect(set.examples[0].sequences[0].ids != set.examples[1].sequences[0].ids)
    }
}
