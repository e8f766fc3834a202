import Encoder
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@Suite("Narrow data types against float32")
struct DataTypeTests {
    /// The lowest cosine of any token's hidden state between two results, over the units in `units`.
    private func lowestCosine(_ exact: [Float], _ narrow: [Float], width: Int, units: [Int]) -> Double {
        var lowest = 1.0
        for start in stride(from: 0, to: exact.count, by: width) {
            var (product, first, second) = (0.0, 0.0, 0.0)
            for unit in units {
                let (x, y) = (Double(exact[start + unit]), Double(narrow[start + unit]))
                product += x * y
                first += x * x
                second += y * y
            }
            // Written so that NaN counts as the lowest.
            let cosine = product / (first * second).squareRoot()
            if !(cosine >= lowest) { lowest = cosine }
        }
        return lowest
    }

    @Test("every backend errs by no more than rounding does", arguments: ComputeOptions.allOfThisMachine)
    func backends(_ options: ComputeOptions) throws {
        let configuration = try TestModels.configuration(["hidden_size": "96", "intra_bottleneck_size": "32"])
        let exact = try TestModels.model(configuration, options: ComputeOptions(backend: .scalar)).model
        let model = try TestModels.model(configuration, options: options).model
        var generator = SeededGenerator(seed: 8)
        let batch = TestModels.texts([40, 3, 17], configuration, using: &generator)
        let limit: Double = [DataType.float32: 0.999_999_999, .bfloat16: 0.9999, .int8: 0.998][options.dataType] ?? 1
        try compare(model, exact, batch, floor: limit)
    }

    /// The least cosine with float32 that BERT and DistilBERT must have.
    private static let layerNormFloors: [(DataType, Double)] = [(.bfloat16, 0.9999), (.int8, 0.999)]

    @Test(
        "six layers with LayerNorm keep the direction of every token's hidden state",
        arguments: ["bert", "distilbert"],
        layerNormFloors
    )
    func layerNorm(_ type: String, _ expected: (DataType, Double)) throws {
        let configuration = try TestModels.configuration([
            "model_type": "\"\(type)\"", "hidden_size": "96", "num_attention_heads": "3", "intermediate_size": "192",
            "num_hidden_layers": "6",
        ])
        let (exact, tensors) = try TestModels.model(configuration)
        let options = ComputeOptions(dataType: expected.0)
        let model = try EncoderModel(configuration: configuration, tensors: tensors, options: options)
        var generator = SeededGenerator(seed: 14)
        let batch = TestModels.texts([40, 3, 17, 1], configuration, using: &generator)
        try compare(model, exact, batch, floor: expected.1)
    }

    @Test(
        "the fixtures' BERT and DistilBERT keep the direction of every token's hidden state",
        arguments: Reference.smallModels.filter { ["bert", "distilbert"].contains($0.name) },
        layerNormFloors
    )
    func layerNormFixtures(_ reference: ReferenceModel, _ expected: (DataType, Double)) throws {
        let exact = try EncoderModel(directory: reference.folder)
        let model = try EncoderModel(directory: reference.folder, options: ComputeOptions(dataType: expected.0))
        for reference in try reference.cases() { try compare(model, exact, reference.texts, floor: expected.1) }
    }

    private func compare(_ model: EncoderModel, _ exact: EncoderModel, _ batch: [TestText], floor: Double) throws {
        let width = exact.configuration.hiddenSize
        for (reference, result) in zip(
            exact.results(batch, .lastHiddenState),
            model.results(batch, .lastHiddenState)
        ) {
            let cosine: Double = lowestCosine(
                try reference.get().values,
                try result.get().values,
                width: width,
                units: Array(0..<width)
            )
            #expect(cosine >= floor)
        }
    }

    @Test(
        "a masked language model's logits err by a hundredth of their range, in int8 by four",
        arguments: [Architecture.bert, .distilBERT]
    )
    func maskedTokenLogits(_ architecture: Architecture) throws {
        let configuration = try TestModels.withHeads(architecture, ["hidden_size": "96", "intermediate_size": "192"])
        let (exact, tensors) = try TestModels.model(configuration)
        var generator = SeededGenerator(seed: 15)
        let batch = TestModels.texts([40, 3], configuration, using: &generator)
        let expected = try exact.results(batch, .maskedTokenLogits(positions: [0, 2])).map { try $0.get().values }
        let range = expected.joined().map(abs).max() ?? 0
        for (type, share) in [(DataType.bfloat16, Float(0.01)), (.int8, 0.04)] {
            let options = ComputeOptions(dataType: type)
            let model = try EncoderModel(configuration: configuration, tensors: tensors, options: options)
            let logits = try model.results(batch, .maskedTokenLogits(positions: [0, 2])).map { try $0.get().values }
            let errors = zip(expected.joined(), logits.joined()).map { abs($0 - $1) }
            #expect(errors.count == 200 && errors.allSatisfy { $0 <= share * range }, "\(type)")
        }
    }

    @Test(
        "24 layers keep the direction of every token's hidden state",
        arguments: Reference.fullModels,
        [(DataType.bfloat16, 0.9999), (.int8, 0.9995)]
    )
    func fullSize(_ reference: ReferenceModel, _ expected: (DataType, Double)) throws {
        let exact = try EncoderModel(directory: reference.folder)
        let model = try EncoderModel(
            directory: reference.folder,
            options: ComputeOptions(dataType: expected.0)
        )
        var generator = SeededGenerator(seed: 9)
        let batch = TestModels.texts([512, 25, 64, 3], exact.configuration, using: &generator)
        let width = exact.configuration.hiddenSize
        let references = try exact.results(batch, .lastHiddenState).map { try $0.get().values }
        let units = ordinaryUnits(references.flatMap(\.self), width: width)
        #expect(units.count >= width - 3)
        for (values, result) in zip(references, model.results(batch, .lastHiddenState)) {
            let cosine: Double = lowestCosine(values, try result.get().values, width: width, units: units)
            print("\(reference.name): \(expected.0.rawValue) \(cosine)")
            #expect(cosine >= expected.1)
        }
    }

    /// All units but those that are a thousand times as large as most, as some of a trained MobileBERT are.
    private func ordinaryUnits(_ values: [Float], width: Int) -> [Int] {
        let largest = (0..<width).map { unit in
            stride(from: unit, to: values.count, by: width).reduce(Float(0)) { max($0, abs(values[$1])) }
        }
        let median = largest.sorted()[width / 2]
        return (0..<width).filter { largest[$0] < 1_000 * median }
    }
}
