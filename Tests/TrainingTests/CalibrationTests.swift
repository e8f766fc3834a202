import Encoder
import Testing

@testable import Training

@Suite("Calibration")
struct CalibrationTests {
    private struct Table: Decodable {
        var counts: [Int]
        /// Of the bins that are not empty.
        var meanScores: [Double]
        var fractions: [Double]
        var error: Double
    }

    private struct Case: Decodable {
        var problemType: String
        var logits: [[Double]]
        var targets: [[Double]]
        var temperature: Double
        var lossBefore: Double
        var lossAfter: Double
        var before: Table
        var after: Table

        var outcomes: [Target] { PenalizedRegressionTests.Case.targets(targets, problemType) }
    }

    private func compare(_ found: Reliability, _ expected: Table, loss: Double) {
        #expect(found.bins.map(\.count) == expected.counts)
        let filled = found.bins.filter { $0.count > 0 }
        for (bin, mean) in zip(filled, expected.meanScores) { #expect(abs(bin.confidence - mean) < 1e-6) }
        for (bin, fraction) in zip(filled, expected.fractions) { #expect(abs(bin.accuracy - fraction) < 1e-12) }
        #expect(abs(found.expectedCalibrationError - expected.error) < 1e-6)
        #expect(abs(found.loss - loss) < 1e-9)
    }

    @Test("the temperature is scipy's, and the reliability table and the calibration error are scikit-learn's")
    func reference() throws {
        let cases = try ScikitLearnFixture<Case>("calibration.json").cases
        #expect(cases.count == 3)
        for expected in cases {
            let type = try #require(SequenceClassifier.ProblemType(rawValue: expected.problemType))
            let found = Calibration(logits: expected.logits, targets: expected.outcomes, problemType: type)
            let calibration = try #require(found)
            let temperature = try #require(calibration.temperature.value)
            #expect(abs(temperature / expected.temperature - 1) < 1e-6)
            compare(calibration.before, expected.before, loss: expected.lossBefore)
            compare(try #require(calibration.after), expected.after, loss: expected.lossAfter)
        }
    }

    @Test("logits that are a multiple of others have a temperature that is the same multiple")
    func scale() throws {
        let data = try #require(try ScikitLearnFixture<Case>("calibration.json").cases.first)
        let temperature = Temperature(logits: data.logits, targets: data.outcomes).value
        let plain = try #require(temperature)
        for factor in [0.01, 30] {
            let scaled = data.logits.map { $0.map { $0 * factor } }
            let found = try #require(Temperature(logits: scaled, targets: data.outcomes).value)
            #expect(abs(found / (plain * factor) - 1) < 1e-9)
        }
    }

    @Test("there is no temperature where all texts are right, or the scores are no better than chance")
    func none() {
        let labels: [Target] = [.label(0), .label(1)]
        #expect(Temperature(logits: [[2, 1], [-1, 3]], targets: labels) == .allRight)
        #expect(Temperature(logits: [[1, 2], [3, -1]], targets: labels) == .noBetterThanChance)
        #expect(Temperature(logits: [[0, 0], [0, 0]], targets: labels) == .noBetterThanChance)
        #expect(Temperature(logits: [[2, -1]], targets: [.values([1, 0])]) == .allRight)
        #expect(Temperature(logits: [[2, -1]], targets: [.values([0, 1])]) == .noBetterThanChance)
        let without = Calibration(logits: [[2, 1], [-1, 3]], targets: labels, problemType: .singleLabel)
        #expect(without?.after == nil && without?.before.bins.count == Reliability.binCount)
        #expect(Calibration(logits: [[1]], targets: [.values([1])], problemType: .regression) == nil)
    }

    @Test("a score on the edge of two bins belongs to the lower one, and 0 and 1 to the outer ones")
    func edges() {
        let targets = Array(repeating: Target.values([1]), count: 3)
        let counts = Reliability(logits: [[-800], [800], [0]], targets: targets, .multiLabel).bins.map(\.count)
        #expect(counts.first == 1 && counts.last == 1 && counts[7] == 1)
    }
}
