import Encoder
import TestSupport
import Testing

@Suite("Running batches")
struct RunningTests {
    @Test("outputs agree with each other: pooling with the last hidden state, that with all hidden states")
    func outputs() throws {
        let (model, _) = try TestModels.model(TestModels.classifier(["num_labels": "3"]))
        var generator = SeededGenerator(seed: 9)
        let batch = TestModels.batch(TestModels.texts([5, 1, 12], model.configuration, using: &generator))
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

    @Test("rows of one batch may ask for different outputs")
    func mixedRequests() throws {
        let (model, _) = try TestModels.model(TestModels.classifier())
        var generator = SeededGenerator(seed: 10)
        let batch = TestModels.batch(TestModels.texts([4, 6, 2, 8], model.configuration, using: &generator))
        let requests: [OutputRequest] = [.logits, .hiddenStates(layers: nil), .pooled(.pooler), .pooled(.mean)]
        let workspace = model.makeWorkspace()
        let mixed = try model.run(batch, requests: requests, workspace: workspace)
        for (row, request) in requests.enumerated() {
            #expect(try mixed[row] == model.results(batch, request)[row])
        }
    }

    @Test("a row at fault fails alone, with an error that says where")
    func faultyRows() throws {
        let (model, _) = try TestModels.model(TestModels.configuration())
        var batch = EncoderBatch(rows: 8, length: 42, inputIDs: [], tokenTypeIDs: [], attentionMask: [])
        batch.inputIDs = Array(repeating: 3, count: 8 * 42)
        batch.tokenTypeIDs = Array(repeating: 0, count: 8 * 42)
        let lengths = [2, 0, 41, 3, 3, 3, 3, 2]
        batch.attentionMask = lengths.flatMap { length in (0..<42).map { $0 < length ? 1 : 0 } }
        batch.inputIDs[3 * 42 + 1] = 50
        batch.inputIDs[4 * 42 + 2] = -1
        batch.tokenTypeIDs[5 * 42] = 2
        batch.attentionMask[6 * 42 + 1] = 0
        let results = try model.results(batch, .pooled(.mean))
        let expected: [EncoderError?] = [
            nil, .emptyInput, .inputTooLong(tokens: 41, limit: 40),
            .tokenIDOutOfRange(id: 50, position: 1, vocabularySize: 50),
            .tokenIDOutOfRange(id: -1, position: 2, vocabularySize: 50),
            .typeIDOutOfRange(id: 2, position: 0, typeVocabularySize: 2),
            .malformedMask(position: 1, value: 0), nil,
        ]
        for (row, error) in expected.enumerated() {
            switch (results[row], error) {
            case (.failure(let found), let error?): #expect(found == error)
            case (.success, nil): break
            default: Issue.record("row \(row): \(results[row])")
            }
        }
        let alone = try model.results(TestModels.batch([(ids: [3, 3], types: [0, 0])]), .pooled(.mean))
        #expect(try Comparison.worst(alone[0].get().values, results[0].get().values, width: 1) <= 1e-5)
        #expect(try Comparison.worst(results[0].get().values, results[7].get().values, width: 1) <= 1e-5)
    }

    @Test("a mask holds ones and zeros only")
    func maskValues() throws {
        let (model, _) = try TestModels.model(TestModels.configuration())
        var batch = TestModels.batch([(ids: [1, 2, 3], types: [0, 0, 0])])
        for (mask, error) in [
            ([1, 2, 1], EncoderError.malformedMask(position: 1, value: 2)),
            ([1, 0, 255], .malformedMask(position: 2, value: 255)),
            ([0, 1, 1], .malformedMask(position: 0, value: 0)),
        ] as [([UInt8], EncoderError)] {
            batch.attentionMask = mask
            #expect(try model.results(batch, .lastHiddenState) == [.failure(error)])
        }
    }

    @Test("a text whose values leave the range of a float fails alone")
    func nonFinite() throws {
        let configuration = try TestModels.configuration()
        var (_, tensors) = try TestModels.model(configuration)
        for column in 0..<8 { tensors.tensors["embeddings.word_embeddings.weight"]?.values[9 * 8 + column] = 3e38 }
        let model = try EncoderModel(configuration: configuration, tensors: tensors)
        let good = (ids: [Int32(2), 4, 5], types: [Int32(0), 0, 0])
        let bad = (ids: [Int32(2), 9], types: [Int32(0), 0])
        let expected = try model.results(TestModels.batch([good, good, good]), .lastHiddenState)
        let results = try model.results(TestModels.batch([good, bad, good]), .lastHiddenState)
        #expect(results[1] == .failure(.nonFinite("last hidden state")))
        for row in [0, 2] {
            #expect(try Comparison.worst(expected[row].get().values, results[row].get().values, width: 1) <= 1e-5)
        }
    }

    @Test("a batch whose parts don't fit each other is refused as a whole")
    func malformedBatches() throws {
        let (model, _) = try TestModels.model(TestModels.configuration())
        let good = TestModels.batch([(ids: [1, 2], types: [0, 0])])
        var batches = Array(repeating: good, count: 6)
        batches[0].inputIDs.removeLast()
        batches[1].tokenTypeIDs.append(0)
        batches[2].attentionMask = []
        batches[3].length = 3
        batches[4].length = .max
        batches[5].length = -2
        for batch in batches {
            #expect(throws: EncoderError.self) { try model.results(batch, .lastHiddenState) }
        }
        let workspace = model.makeWorkspace()
        #expect(throws: EncoderError.malformedBatch("0 requests for 1 rows")) {
            try model.run(good, requests: [], workspace: workspace)
        }
    }

    @Test("a batch without rows gives no results")
    func emptyBatch() throws {
        let (model, _) = try TestModels.model(TestModels.configuration())
        #expect(try model.results(TestModels.batch([]), .logits).isEmpty)
    }
}
