import Compute
import Encoder
import LinearAlgebra
import TestSupport
import Testing

@Suite("Attention masks with holes and with padding on the left")
struct AttentionMaskTests {
    private typealias Masked = InputSequence<OutputRequest>

    private static let masked = Reference.smallModels.filter { (try? $0.maskedCases()) != nil }

    @Test("all architectures are among those compared with transformers")
    func coverage() {
        let names = Self.masked.map(\.name)
        for name in ["mobilebert", "bert", "distilbert"] {
            #expect(names.contains(name) && names.contains("\(name)-sentiment"))
        }
    }

    @Test(
        "every output errs by at most 1e-5 of its tensor's largest value, at masked positions too",
        arguments: masked,
        Arithmetic.available
    )
    func transformers(_ reference: ReferenceModel, _ backend: Backend) throws {
        let model = try EncoderModel(directory: reference.folder, options: ComputeOptions(backend: backend))
        let requests: [String: OutputRequest] = [
            "last_hidden_state": .lastHiddenState, "mean": .pooled(.mean), "pooler_output": .pooled(.pooler),
            "logits": model.heads.contains(.tokenClassification) ? .tokenLogits : .logits,
        ]
        let cases = try reference.maskedCases()
        for (name, request) in requests {
            let compared = cases.filter { $0.outputs[name] != nil }
            let results = run(compared.map { $0.sequence(request) }, on: model)
            for (reference, result) in zip(compared, results) {
                let expected = try #require(reference.outputs[name]).values
                let output = try result.get()
                let largest = expected.map(\.magnitude).max() ?? 0
                try #require(output.values.count == expected.count)
                let worst = zip(output.values, expected).map { abs($0 - $1) }.max() ?? .infinity
                #expect(worst <= 1e-5 * largest, "\(name) under \(reference.attentionMask ?? [])")
            }
        }
        #expect(cases.allSatisfy { !$0.outputs.isEmpty && $0.attentionMask?.contains(0) == true })
    }

    @Test(
        "narrow data types keep the direction of the mean",
        arguments: masked,
        [
            (DataType.bfloat16, 0.999), (.int8, 0.99),
        ]
    )
    func narrow(_ reference: ReferenceModel, _ expected: (DataType, Double)) throws {
        let model = try EncoderModel(directory: reference.folder, options: ComputeOptions(dataType: expected.0))
        let cases = try reference.maskedCases()
        let results = run(cases.map { $0.sequence(.pooled(.mean)) }, on: model)
        for (reference, result) in zip(cases, results) {
            let (right, found) = (try #require(reference.outputs["mean"]).values, try result.get().values)
            func product(_ a: [Float], _ b: [Float]) -> Double {
                zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            }
            let cosine = product(right, found) / (product(right, right) * product(found, found)).squareRoot()
            #expect(cosine >= expected.1, "\(reference.attentionMask ?? [])")
        }
    }

    @Test("random masks give what the plain encoder gives, on made-up models", arguments: RandomModelTests.variants)
    func random(_ keys: [String: String]) throws {
        let configuration = try TestModels.configuration(keys)
        let (model, tensors) = try TestModels.model(configuration, seed: 11)
        let reference = ReferenceEncoder(configuration: configuration, tensors: tensors)
        var generator = SeededGenerator(seed: 21)
        let sequences = Self.sequences([3, 9, 17, 40, 5, 33], .lastHiddenState, configuration, using: &generator)
        var comparison = Comparison(width: configuration.hiddenSize)
        var pooled = Comparison(width: configuration.hiddenSize)
        let states = run(sequences, on: model)
        let poolers = model.hasPooler ? run(sequences.map { $0.asking(.pooled(.pooler)) }, on: model) : []
        for (row, sequence) in sequences.enumerated() {
            let expected = reference.hiddenStates(
                ids: sequence.inputIDs,
                types: sequence.tokenTypeIDs,
                mask: sequence.attentionMask
            )
            let last = try #require(expected.last)
            comparison.add(last.flatMap { $0 }, try states[row].get().values[...])
            guard !poolers.isEmpty else { continue }
            pooled.add(reference.poolerOutput(last), try poolers[row].get().values[...])
        }
        #expect(comparison.worst <= 1e-5)
        if !poolers.isEmpty { #expect(pooled.worst <= 1e-5) }
    }

    @Test(
        "pooling counts what the mask lets through, at its own position; the first token may be masked",
        arguments: Pooling.allCases.filter { $0 != .pooler }
    )
    func poolings(_ pooling: Pooling) throws {
        for type in ["mobilebert", "bert"] {
            let (model, _) = try TestModels.model(TestModels.configuration(["model_type": "\"\(type)\""]))
            var generator = SeededGenerator(seed: 12)
            let sequences = Self.sequences([9, 4, 30], .lastHiddenState, model.configuration, using: &generator)
            for sequence in sequences {
                let state = try run([sequence], on: model)[0].get()
                for first in [0, 1, 3] {
                    let request = OutputRequest.jointlyPooled([pooling], from: first)
                    let found = try run([sequence.asking(request)], on: model)[0].get().values
                    let expected = Self.expected(pooling, state, sequence.attentionMask ?? [], from: first)
                    #expect(zip(found, expected).allSatisfy { abs(Double($0) - $1) <= 1e-5 }, "\(type) from \(first)")
                }
            }
        }
    }

    /// sentence-transformers' `Pooling` of the last hidden state under a mask, from position `first` on.
    private static func expected(
        _ pooling: Pooling,
        _ state: EncoderOutput,
        _ mask: [UInt8],
        from first: Int
    ) -> [Double] {
        let (width, kept) = (state.shape[1], mask.indices.filter { $0 >= first && mask[$0] == 1 })
        return (0..<width).map { unit in
            let values = kept.map { Double(state.values[$0 * width + unit]) }
            switch pooling {
            case .mean: return values.reduce(0, +) / Double(values.count)
            case .cls, .pooler: return Double(state.values[first * width + unit])
            case .max: return values.max() ?? .nan
            case .meanSqrtLength: return values.reduce(0, +) / Double(values.count).squareRoot()
            case .weightedMean:
                let weights = kept.map { Double($0 + 1) }
                return zip(values, weights).map(*).reduce(0, +) / weights.reduce(0, +)
            case .lastToken: return values[values.count - 1]
            }
        }
    }

    @Test(
        "a masked sequence's outputs are the same bits alone, beside any others and from any team, as are theirs",
        arguments: ComputeOptions.native,
        Architecture.all
    )
    func batches(_ options: ComputeOptions, _ architecture: Architecture) async throws {
        let configuration = try TestModels.withHeads(architecture, ["max_position_embeddings": "300"])
        let model = try TestModels.model(configuration, options: options).model
        var generator = SeededGenerator(seed: 31)
        let requests: [OutputRequest] = [
            .lastHiddenState, .pooled(.mean), .pooled(.weightedMean), .spanLogits, .hiddenStates(layers: [2, 0]),
            .maskedTokenLogits(positions: [1, 0, 1]),
        ]
        let lengths = [40, 2, 17, 3, 260, 64, 33, 9, 5, 80, 100, 12]
        let masked = Self.sequences(lengths, .lastHiddenState, configuration, using: &generator)
        let whole = masked.map { Masked(inputIDs: $0.inputIDs, tokenTypeIDs: $0.tokenTypeIDs, task: $0.task) }
        let all = (masked + whole).shuffled(using: &generator).enumerated().map { index, sequence in
            sequence.asking(requests[index % requests.count])
        }
        let alone = try all.map { try bits(run([$0], on: model)[0]) }
        for members in 1...3 {
            await Task.yield()
            let team = ThreadTeam(startingThreads: members, named: "team")
            defer { team.dismiss() }
            let results = model.run(Batch(all, padTokenID: 7), workspace: model.makeWorkspace(), team: team)
            for (row, result) in results.enumerated() {
                let isEqual = try bits(result) == alone[row]
                #expect(isEqual, "\(all[row].task), \(all[row].tokenCount) tokens, \(members) members")
            }
        }
        // A team on one short sequence divides columns.
        let short = Masked(
            inputIDs: [0, 9, 4, 7],
            tokenTypeIDs: [0, 0, 0, 0],
            attentionMask: [0, 1, 0, 1],
            task: .lastHiddenState
        )
        let single = try bits(run([short], on: model)[0])
        let team = ThreadTeam(startingThreads: 3, named: "team")
        defer { team.dismiss() }
        let divided = model.run(Batch([short], padTokenID: 0), workspace: model.makeWorkspace(), team: team)
        #expect(try bits(divided[0]) == single)
    }

    private func bits(_ result: Result<EncoderOutput, EncoderError>) throws -> [UInt32] {
        try result.get().values.map(\.bitPattern)
    }

    private func run(_ sequences: [Masked], on model: EncoderModel) -> [Result<EncoderOutput, EncoderError>] {
        model.run(Batch(sequences, padTokenID: 0), workspace: model.makeWorkspace())
    }

    /// Sequences of at least two tokens whose masks hide random positions; the first position of every other one.
    private static func sequences(
        _ lengths: [Int],
        _ request: OutputRequest,
        _ configuration: EncoderConfiguration,
        using generator: inout SeededGenerator
    ) -> [Masked] {
        TestModels.texts(lengths, configuration, using: &generator).enumerated().map { index, text in
            let length = text.ids.count
            var mask = (0..<length).map { _ in UInt8.random(in: 0...1, using: &generator) }
            mask[index.isMultiple(of: 2) ? 0 : (length - 1) / 2] = 0
            mask[length - 1] = 1
            // Before the first token that the mask lets through, a causal model's tokens attend to nothing.
            if configuration.isCausal { mask.replaceSubrange(0..<2, with: [1, 0]) }
            return Masked(inputIDs: text.ids, tokenTypeIDs: text.types, attentionMask: mask, task: request)
        }
    }
}

extension ReferenceCase {
    /// The case's one row, without its batch dimension.
    fileprivate func sequence(_ request: OutputRequest) -> InputSequence<OutputRequest> {
        InputSequence(inputIDs: inputIDs, tokenTypeIDs: tokenTypeIDs, attentionMask: attentionMask, task: request)
    }
}

extension InputSequence<OutputRequest> {
    /// The same tokens with another request.
    fileprivate func asking(_ request: OutputRequest) -> Self {
        Self(inputIDs: inputIDs, tokenTypeIDs: tokenTypeIDs, attentionMask: attentionMask, task: request)
    }
}
