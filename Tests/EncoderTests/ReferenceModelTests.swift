import Checkpoint
import Compute
import Encoder
import LinearAlgebra
import Testing

@Suite("The engine against transformers in double precision")
struct ReferenceModelTests {
    /// The largest allowed error, as a fraction of the tensor's largest value; for 24 layers, of the unit's largest
    /// value over all cases.
    static let tolerance = 1e-5

    @Test(
        "on every backend each output errs by at most 1e-5 of its tensor's largest value",
        arguments: Reference.smallModels,
        Arithmetic.available
    )
    func smallModel(_ reference: ReferenceModel, _ backend: Backend) throws {
        let worst = try errors(of: reference, on: backend, perUnit: false)
        for (output, error) in worst { #expect(error <= Self.tolerance, "\(reference.name) \(output)") }
        if backend == .auto { report(reference, worst) }
    }

    @Test("models of every architecture and every head are among those compared")
    func coverage() {
        let heads = ["mlm", "tokens", "qa", "choice"]
        for name in ["mobilebert", "bert", "distilbert"] {
            for head in heads { #expect(Reference.committed.contains("\(name)-\(head)")) }
            #expect(Reference.committed.contains(name) && Reference.committed.contains("\(name)-sentiment"))
        }
    }

    @Test("24 layers err by at most 1e-5 of each hidden unit's range", arguments: Reference.fullModels)
    func fullModel(_ reference: ReferenceModel) throws {
        let worst = try errors(of: reference, on: .auto, perUnit: true)
        for (output, error) in worst { #expect(error <= Self.tolerance, "\(reference.name) \(output)") }
        report(reference, worst)
    }

    private func report(_ reference: ReferenceModel, _ worst: [String: Double]) {
        let figures = worst.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        print("\(reference.name): \(figures)")
    }

    /// The worst error of each output over all cases.
    private func errors(
        of reference: ReferenceModel,
        on backend: Backend,
        perUnit: Bool
    ) throws -> [String: Double] {
        let model = try EncoderModel(directory: reference.folder, options: ComputeOptions(backend: backend))
        let cases = try reference.cases()
        try #require(!cases.isEmpty)
        let workspace = model.makeWorkspace()
        var worst: [String: Double] = [:]
        let ranges = perUnit ? unitRanges(cases, width: model.configuration.hiddenSize) : [:]
        for reference in cases {
            let computed = try outputs(of: model, for: reference, workspace)
            for (name, expected) in reference.outputs {
                let values = try #require(computed[name], "\(name)")
                try #require(values.count == expected.values.count, "\(name)")
                let largest = Double(expected.values.map { abs($0) }.max() ?? 0)
                let group = name.split(separator: ".").first.map(String.init) ?? name
                for (index, value) in values.enumerated() {
                    let range = ranges[name].map { Double($0[index % $0.count]) } ?? largest
                    let error = abs(Double(value) - Double(expected.values[index])) / max(range, 1e-300)
                    worst[group] = max(worst[group] ?? 0, error)
                }
            }
        }
        try #require(!worst.isEmpty)
        return worst
    }

    /// For each hidden state tensor, each unit's largest value over all cases.
    private func unitRanges(_ cases: [ReferenceCase], width: Int) -> [String: [Float]] {
        var ranges: [String: [Float]] = [:]
        for reference in cases {
            for (name, expected) in reference.outputs where expected.shape.count == 3 {
                var range = ranges[name] ?? Array(repeating: 0, count: width)
                for (index, value) in expected.values.enumerated() {
                    range[index % width] = max(range[index % width], abs(value))
                }
                ranges[name] = range
            }
        }
        return ranges
    }

    /// The engine's outputs for a case, under transformers' names.
    private func outputs(
        of model: EncoderModel,
        for reference: ReferenceCase,
        _ workspace: Workspace
    ) throws -> [String: [Float]] {
        func rows(_ request: OutputRequest) throws -> [[Float]] {
            let batch = TestModels.batch(reference.texts, Array(repeating: request, count: reference.rows))
            return try model.run(batch, workspace: workspace).map { try $0.get().values }
        }
        func run(_ request: OutputRequest) throws -> [Float] { try rows(request).flatMap(\.self) }

        var outputs = ["last_hidden_state": try run(.lastHiddenState)]
        if model.hasPooler { outputs["pooler_output"] = try run(.pooled(.pooler)) }
        let all = try rows(.hiddenStates(layers: nil))
        let size = reference.length * model.configuration.hiddenSize
        for layer in 0...model.configuration.layerCount {
            outputs["hidden_states.\(layer)"] = all.flatMap { $0[layer * size..<(layer + 1) * size] }
        }
        let isPretraining = model.heads == [.maskedLanguageModel, .nextSentence]
        for head in model.heads {
            switch head {
            case .sequenceClassification, .multipleChoice:
                outputs["logits"] = try run(.logits)
            case .tokenClassification:
                outputs["logits"] = try run(.tokenLogits)
            case .questionAnswering:
                let logits = try run(.spanLogits)
                for (index, name) in ["start_logits", "end_logits"].enumerated() {
                    outputs[name] = stride(from: index, to: logits.count, by: 2).map { logits[$0] }
                }
            case .maskedLanguageModel:
                let positions = Array(0..<reference.length)
                let logits = try run(.maskedTokenLogits(positions: positions))
                outputs[isPretraining ? "prediction_logits" : "logits"] = logits
            case .nextSentence:
                outputs[isPretraining ? "seq_relationship_logits" : "logits"] = try run(.nextSentenceLogits)
            }
        }
        return outputs
    }
}
