import Foundation
import Testing

@testable import Training

@Suite("Logistic regression")
struct LogisticRegressionTests {
    /// A data set with scikit-learn's results for it, written by scripts/make_training_fixtures.py.
    struct Case: Decodable {
        var classes: Int
        var inversePenalty: Double
        var features: [[Double]]
        var labels: [Int]
        var coef: [[Double]]
        var intercept: [Double]
        var predicted: [Int]
        var accuracy: Double
        var macroF1: Double

        var matrix: FeatureMatrix { Self.matrix(features) }

        static func matrix(_ rows: [[Double]]) -> FeatureMatrix {
            var matrix = FeatureMatrix(columns: rows[0].count)
            for row in rows { matrix.append(row) }
            return matrix
        }
    }

    private struct File: Decodable { var cases: [Case] }

    static let cases: [Case] = {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let data = try? Data(contentsOf: root.appending(path: "Tests/Fixtures/training/logistic.json"))
        return (data.flatMap { try? JSONDecoder().decode(File.self, from: $0) })?.cases ?? []
    }()

    @Test("coefficients, intercepts, predictions and metrics are scikit-learn's, of two classes and of more")
    func coefficients() {
        #expect(Self.cases.count == 4)
        for expected in Self.cases {
            var regression = LogisticRegression(inversePenalty: expected.inversePenalty)
            regression.search.gradientTolerance = 1e-10
            let rows = Array(expected.labels.indices)
            let (matrix, labels) = (expected.matrix, expected.labels)
            let fit = regression.fit(matrix, labels: labels, classes: expected.classes, rows: rows)
            #expect(fit.converged)
            for (index, coefficients) in expected.coef.enumerated() {
                // For two classes scikit-learn has one vector: the second class's minus the first's.
                let isBinary = expected.classes == 2
                let found = isBinary ? zip(fit.head.weight[1], fit.head.weight[0]).map(-) : fit.head.weight[index]
                for (a, b) in zip(found, coefficients) { #expect(abs(a - b) < 1e-5) }
                let bias = isBinary ? fit.head.bias[1] - fit.head.bias[0] : fit.head.bias[index]
                #expect(abs(bias - expected.intercept[index]) < 1e-5)
            }
            let predicted = fit.head.predictions(matrix, rows: rows)
            #expect(predicted == expected.predicted)
            let confusion = ConfusionMatrix(truth: labels, predicted: predicted, classes: expected.classes)
            #expect(abs(confusion.accuracy - expected.accuracy) < 1e-12)
            #expect(abs(confusion.macroF1 - expected.macroF1) < 1e-12)
        }
    }

    @Test("the gradient is that of the value, in every direction")
    func gradient() throws {
        let data = try #require(Self.cases.last)
        let loss = CrossEntropy(data.matrix, labels: data.labels, rows: [0, 3, 7, 9, 12], outputs: 3)
        let point = (0..<loss.parameters).map { sin(Double($0)) }
        let gradient = loss.evaluate(point).gradient
        for index in point.indices {
            var (low, high) = (point, point)
            low[index] -= 1e-5
            high[index] += 1e-5
            let slope = (loss.evaluate(high).value - loss.evaluate(low).value) / 2e-5
            #expect(abs(slope - gradient[index]) < 1e-8)
        }
    }

    @Test("logits too large for an exponential do not overflow")
    func extremes() {
        let matrix = Case.matrix([[1e4], [-1e4]])
        for outputs in [1, 2] {
            let loss = CrossEntropy(matrix, labels: [0, 1], rows: [0, 1], outputs: outputs)
            let (value, gradient) = loss.evaluate((0..<loss.parameters).map { $0 == outputs - 1 ? 1e4 : 0 })
            #expect(value == 1e8)
            #expect(gradient.allSatisfy { $0.isFinite })
        }
    }
}
