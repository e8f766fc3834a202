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
            // Written so that NaN is lowest.
            let cosine = product / (first * second).squareRoot()
            if !(cosine >= lowest) { lowest = cosine }
        }
        return lowest
    }

    @Test("every backend errs by no more than rounding does", arguments: EngineOptions.allOfThisMachine)
    func backends(_ options: EngineOptions) throws {
        let configuration = try TestModels.configuration(["hidden_size": "96", "intra_bottleneck_size": "32"])
        let exact = try TestModels.model(configuration, options: EngineOptions(backend: .scalar)).model
        let model = try TestModels.model(configuration, options: options).model
        var generator = SeededGenerator(seed: 8)
        let batch = TestModels.batch(TestModels.texts([40, 3, 17], configuration, using: &generator))
        let limit: Double = [DataType.float32: 0.999_999_999, .bfloat16: 0.9999, .int8: 0.998][options.dataType] ?? 1
        for (reference, result) in zip(
            try exact.results(batch, .lastHiddenState),
            try model.results(batch, .lastHiddenState)
        ) {
            let cosine: Double = lowestCosine(
                try reference.get().values,
                try result.get().values,
                width: 96,
                units: Array(0..<96)
            )
            #expect(cosine >= limit)
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
            options: EngineOptions(dataType: expected.0)
        )
        var generator = SeededGenerator(seed: 9)
        let batch = TestModels.batch(TestModels.texts([512, 25, 64, 3], exact.configuration, using: &generator))
        let width = exact.configuration.hiddenSize
        let references = try exact.results(batch, .lastHiddenState).map { try $0.get().values }
        let units = ordinaryUnits(references.flatMap(\.self), width: width)
        #expect(units.count >= width - 3)
        for (values, result) in zip(references, try model.results(batch, .lastHiddenState)) {
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
