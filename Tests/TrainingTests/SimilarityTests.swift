import Checkpoint
import Encoder
import Foundation
import JSON
import TestSupport
import Testing

@testable import Training

@Suite("Sentence similarity")
struct SimilarityTests {
    /// A folder of Tests/Fixtures/training, written by scripts/make_similarity_fixtures.py.
    private struct Fixture {
        static let names = [
            "similarity-bert-mean", "similarity-bert-cls", "similarity-distilbert-max", "similarity-mobilebert-mean",
            "similarity-mobilebert-joined",
        ]
        static let trainedNames = ["similarity-bert-mean", "similarity-distilbert-max", "similarity-mobilebert-mean"]

        let path: String
        let source: TrainableCheckpoint
        let batch: JSONValue

        init(_ name: String) throws {
            let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
            path = root.appending(path: "Tests/Fixtures/training/\(name)").path
            source = try TrainableCheckpoint(directory: path, head: nil)
            batch = try Self.json("\(path)/batch.json")
        }

        private static func json(_ path: String) throws -> JSONValue {
            try JSONParser.parse([UInt8](Data(contentsOf: URL(filePath: path))))
        }

        var run: JSONValue { get throws { try Self.json("\(path)/run.json") } }

        func model(_ examples: [TokenizedExample], members: Int = 1) throws -> TrainableModel {
            let poolings = (batch["poolings"]?.elements ?? []).compactMap(\.text).compactMap(Pooling.init)
            let model = try TrainableModel(
                source.configuration,
                source.training.withoutDropout,
                head: .sentenceEmbedding(poolings),
                capacity: TrainingSet(examples).capacity(batchSize: examples.count, members: members)
            )
            for parameter in model.parameters {
                try model.write(parameter) { values in
                    try source.read(parameter.name, shape: parameter.shape, into: &values)
                }
            }
            return model
        }

        func examples(_ json: JSONValue) throws -> [TokenizedExample] {
            let columns = try #require(batch["columns"]?.integer)
            let texts = (json["texts"]?.elements ?? []).map { text in
                TokenizedSequence(
                    ids: (text["ids"]?.numbers ?? []).map { Int32($0) },
                    typeIDs: (text["types"]?.numbers ?? []).map { Int32($0) }
                )
            }
            return (json["scores"]?.numbers ?? []).enumerated().map { number, score in
                TokenizedExample(
                    Array(texts[number * columns..<(number + 1) * columns]),
                    batch["has_scores"] == .boolean(true) ? .values([Float(score)]) : .none
                )
            }
        }
    }

    private static let loss = Loss(.similarity(scale: 20, measured: .scored))

    @Test(
        "has PyTorch's gradients in double precision, with sentence-transformers' poolings, normalization and losses",
        arguments: Fixture.names,
        [1, 2]
    )
    func autograd(name: String, members: Int) throws {
        let fixture = try Fixture(name)
        let examples = try fixture.examples(fixture.batch)
        let model = try fixture.model(examples, members: members)
        let loss = model.computeGradients(examples, Self.loss, dropoutSeed: nil)
        let expected = try #require(fixture.batch["loss"]?.double)
        #expect(abs(loss - expected) < 1e-5 * max(1, expected), "\(loss) for \(expected)")
        try expectGradients(model, of: fixture.source, in: fixture.path)
    }

    @Test("follows PyTorch for 200 steps of AdamW", arguments: Fixture.trainedNames)
    func steps(name: String) throws {
        let fixture = try Fixture(name)
        let run = try fixture.run
        let examples = try fixture.examples(run)
        try expectSteps(fixture.model(examples), examples, Self.loss, run, of: fixture.source, in: fixture.path)
    }

    /// Random vectors: `counts[i]` of example i.
    private func output(_ counts: [Int], columns: Int, seed: UInt64) -> HeadOutput {
        var random = SplitMix64(seed: seed)
        let values = (0..<counts.reduce(0, +) * columns).map { _ in Float(random.normal()) }
        var rows: [Range<Int>] = []
        for count in counts { rows.append((rows.last?.upperBound ?? 0)..<(rows.last?.upperBound ?? 0) + count) }
        return HeadOutput(values: values, columns: columns, rows: rows)
    }

    /// Examples that have these scores, or none.
    private func examples(_ counts: [Int], scores: [Float]?) -> [TokenizedExample] {
        counts.enumerated().map { number, count in
            let sequence = TokenizedSequence(ids: [1], typeIDs: [0])
            let target = scores.map { Target.values([$0[number]]) } ?? .none
            return TokenizedExample(Array(repeating: sequence, count: count), target)
        }
    }

    @Test(
        "losses' gradients are their slopes, also where some examples have no negative and some scores are equal",
        arguments: [[Float]?.none, [1, 3, 3, 0.5, 2], [1, 1, 1, 1, 1]]
    )
    func slopes(scores: [Float]?) {
        let counts = scores == nil ? [2, 3, 4, 2, 3] : [2, 2, 2, 2, 2]
        let (output, examples) = (output(counts, columns: 6, seed: 5), examples(counts, scores: scores))
        let found = Self.loss.evaluate(output, examples)
        for place in output.values.indices {
            var losses: [Double] = []
            var step: Float = 0
            for sign in [Float(-1), 1] {
                var values = output.values
                values[place] += sign / 256
                step = values[place] - output.values[place]
                let moved = HeadOutput(values: values, columns: output.columns, rows: output.rows)
                losses.append(Self.loss.evaluate(moved, examples).loss)
            }
            let slope = (losses[1] - losses[0]) / Double(2 * step)
            #expect(abs(slope - found.gradient[place]) < 5e-3, "\(place): \(found.gradient[place]) for \(slope)")
        }
        if scores == [1, 1, 1, 1, 1] { #expect(found.loss == 0 && found.gradient.allSatisfy { $0 == 0 }) }
    }

    @Test("a loss is finite for vectors of zeros")
    func zeros() {
        for scores in [[Float]?.none, [1, 2]] {
            let output = HeadOutput(values: Array(repeating: 0, count: 8), columns: 2, rows: [0..<2, 2..<4])
            let loss = Self.loss.evaluate(output, examples([2, 2], scores: scores))
            #expect(loss.loss.isFinite && loss.gradient.allSatisfy(\.isFinite))
        }
    }

    @Test("Spearman's and Pearson's correlations are SciPy's, with equal numbers among them")
    func correlations() throws {
        for name in ["similarity-bert-mean", "similarity-mobilebert-joined"] {
            let expected = try #require(try Fixture(name).batch["correlations"])
            let (found, scores) = (expected["found"]?.numbers ?? [], expected["expected"]?.numbers ?? [])
            #expect(found.count == 30)
            #expect(abs(Correlation.spearman(found, scores) - (expected["spearman"]?.double ?? 0)) < 1e-12)
            #expect(abs(Correlation.pearson(found, scores) - (expected["pearson"]?.double ?? 0)) < 1e-12)
        }
    }

    /// Examples of texts that have one token each, and the vectors of these tokens.
    private func retrieval(_ texts: [[Int32]], _ vectors: [Int32: [Float]]) -> Retrieval {
        let examples = texts.map { ids in
            TokenizedExample(ids.map { TokenizedSequence(ids: [$0], typeIDs: [0]) }, .none)
        }
        let outputs = texts.map { ids in
            ExampleOutput(values: ids.flatMap { vectors[$0] ?? [] }, columns: 2)
        }
        return Retrieval(outputs, of: examples)
    }

    @Test("retrieval ranks each anchor's positive among all positives and negatives, each text once")
    func ranks() {
        let vectors: [Int32: [Float]] = [
            1: [1, 0], 2: [0, 1], 3: [1, 1], 10: [2, 0.1], 11: [0.1, 5], 12: [3, 2], 13: [1, 0],
        ]
        // Anchor 1 finds 10 first, 2 finds 11, and 3 finds 12 first.
        let all = retrieval([[1, 10], [2, 11], [3, 12]], vectors)
        #expect(all.accuracyAt1 == 1 && all.reciprocalRankAt10 == 1)
        // A negative of one example is nearer to another's anchor.
        let negative = retrieval([[1, 10], [2, 11, 13], [3, 12]], vectors)
        #expect(abs(negative.accuracyAt1 - 2 / 3) < 1e-12 && abs(negative.reciprocalRankAt10 - 2.5 / 3) < 1e-12)
        // The same anchor twice has two positives, and is one anchor.
        let twice = retrieval([[1, 10], [1, 13], [2, 10]], vectors)
        #expect(abs(twice.accuracyAt1 - 1) < 1e-12, "\(twice)")
        let same = retrieval([[1, 10], [2, 11], [3, 12]], vectors.mapValues { _ in [1, 1] })
        #expect(same.accuracyAt1 == 0 && abs(same.reciprocalRankAt10 - 1 / 3) < 1e-12)
        let broken = retrieval([[1, 10], [2, 11]], vectors.mapValues { _ in [.nan, 1] })
        #expect(broken.accuracyAt1 == 0)
    }
}
