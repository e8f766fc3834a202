import Compute
import Encoder
import TestSupport
import Testing

@Suite("Running batches")
struct RunningTests {
    @Test("outputs agree with each other: pooling with the last hidden state, that with all hidden states")
    func outputs() throws {
        let (model, _) = try TestModels.model(TestModels.classifier(["num_labels": "3"]))
        var generator = SeededGenerator(seed: 9)
        let batch = TestModels.texts([5, 1, 12], model.configuration, using: &generator)
        let last = try model.results(batch, .lastHiddenState).map { try $0.get() }
        let all = try model.results(batch, .hiddenStates(layers: nil)).map { try $0.get() }
        let cls = try model.results(batch, .pooled(.cls)).map { try $0.get() }
        let mean = try model.results(batch, .pooled(.mean)).map { try $0.get() }
        let logits = try model.results(batch, .logits).map { try $0.get() }
        for (row, length) in [5, 1, 12].enumerated() {
            #expect(last[row].shape == [length, 32])
            #expect(all[row].shape == [3, length, 32])
            #expect(Array(all[row].values.suffix(length * 32)) == last[row].values)
            #expect(cls[row].shape == [32])
            #expect(cls[row].values == Array(last[row].values.prefix(32)))
            #expect(logits[row].shape == [3])
            for unit in 0..<32 {
                let sum = (0..<length).reduce(0.0) { $0 + Double(last[row].values[$1 * 32 + unit]) }
                #expect(abs(Double(mean[row].values[unit]) - sum / Double(length)) < 1e-6)
            }
        }
    }

    @Test("sequences of one batch may ask for different outputs")
    func mixedRequests() throws {
        let (model, _) = try TestModels.model(TestModels.classifier())
        var generator = SeededGenerator(seed: 10)
        let batch = TestModels.texts([4, 6, 2, 8], model.configuration, using: &generator)
        let requests: [OutputRequest] = [.logits, .hiddenStates(layers: nil), .pooled(.pooler), .pooled(.mean)]
        let workspace = model.makeWorkspace()
        let mixed = model.run(TestModels.batch(batch, requests), workspace: workspace)
        for (row, request) in requests.enumerated() {
            #expect(mixed[row] == model.results(batch, request)[row])
        }
    }

    @Test("a sequence at fault fails alone, with an error that says where")
    func faultySequences() throws {
        let (model, _) = try TestModels.model(TestModels.configuration())
        func text(_ ids: [Int32], types: [Int32]? = nil) -> TestText { (ids, types ?? ids.map { _ in 0 }) }
        let texts = [
            text([3, 3]), text([]), text(Array(repeating: 3, count: 41)), text([3, 50, 3]), text([3, 3, -1]),
            text([3, 3, 3], types: [2, 0, 0]), text([3, 3]),
        ]
        let results = model.results(texts, .pooled(.mean))
        let expected: [EncoderError?] = [
            nil, .emptyInput, .inputTooLong(tokens: 41, limit: 40),
            .tokenIDOutOfRange(id: 50, position: 1, vocabularySize: 50),
            .tokenIDOutOfRange(id: -1, position: 2, vocabularySize: 50),
            .typeIDOutOfRange(id: 2, position: 0, typeVocabularySize: 2), nil,
        ]
        for (index, error) in expected.enumerated() {
            switch (results[index], error) {
            case (.failure(let found), let error?): #expect(found == error)
            case (.success, nil): break
            default: Issue.record("sequence \(index): \(results[index])")
            }
        }
        let alone = model.results([text([3, 3])], .pooled(.mean))
        #expect(try Comparison.worst(alone[0].get().values, results[0].get().values, width: 1) <= 1e-5)
        #expect(try Comparison.worst(results[0].get().values, results[6].get().values, width: 1) <= 1e-5)
        #expect(model.results([text([]), text([50])], .lastHiddenState).allSatisfy { (try? $0.get()) == nil })
    }

    @Test("a text whose values leave the range of a float fails alone")
    func nonFinite() throws {
        let configuration = try TestModels.configuration()
        var (_, tensors) = try TestModels.model(configuration)
        for column in 0..<8 { tensors.tensors["embeddings.word_embeddings.weight"]?.values[9 * 8 + column] = 3e38 }
        let model = try EncoderModel(configuration: configuration, tensors: tensors)
        let good = (ids: [Int32(2), 4, 5], types: [Int32(0), 0, 0])
        let bad = (ids: [Int32(2), 9], types: [Int32(0), 0])
        let expected = model.results([good, good, good], .lastHiddenState)
        let results = model.results([good, bad, good], .lastHiddenState)
        #expect(results[1] == .failure(.nonFinite("last hidden state")))
        for row in [0, 2] {
            #expect(try Comparison.worst(expected[row].get().values, results[row].get().values, width: 1) <= 1e-5)
        }
    }

    @Test("a batch without sequences gives no results")
    func emptyBatch() throws {
        let (model, _) = try TestModels.model(TestModels.configuration())
        #expect(model.results([], .logits).isEmpty)
    }
}
