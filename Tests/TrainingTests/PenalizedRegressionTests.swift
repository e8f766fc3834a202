import Encoder
import Foundation
import Testing

@testable import Training

/// A file of Tests/Fixtures/training that scripts/make_training_fixtures.py has written.
struct ScikitLearnFixture<Case: Decodable>: Decodable {
    var cases: [Case]

    init(_ name: String) throws {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let data = try Data(contentsOf: root.appending(path: "Tests/Fixtures/training/\(name)"))
        self = try JSONDecoder().decode(Self.self, from: data)
    }
}

@Suite("Penalized regression")
struct PenalizedRegressionTests {
    /// A data set with scikit-learn's results for it.
    struct Case: Decodable {
        var problemType: String
        var labels: Int
        var inversePenalty: Double
        var isBalanced: Bool?
        var classWeights: [Double]?
        var features: [[Double]]
        /// The class, 1 or 0 for each label, or the number.
        var targets: [[Double]]
        var coef: [[Double]]
        var intercept: [Double]
        var metrics: [String: Double]

        var matrix: FeatureMatrix { Self.matrix(features) }

        static func matrix(_ rows: [[Double]]) -> FeatureMatrix {
            var matrix = FeatureMatrix(columns: rows[0].count)
            for row in rows { matrix.append(row) }
            return matrix
        }

        var regression: PenalizedRegression {
            get throws {
                let type = try #require(SequenceClassifier.ProblemType(rawValue: problemType))
                var regression = PenalizedRegression(type, inversePenalty: inversePenalty)
                regression.classWeights = classWeights
                return regression
            }
        }

        var outcomes: [Target] { Self.targets(targets, problemType) }

        static func targets(_ rows: [[Double]], _ problemType: String) -> [Target] {
            rows.map { row in
                problemType == "single_label_classification"
                    ? .label(Int(row[0])) : .values(row.map { Float($0) })
            }
        }
    }

    static func cases() throws -> [Case] { try ScikitLearnFixture<Case>("regressions.json").cases }

    @Test("coefficients, intercepts and metrics are scikit-learn's, for classes, sets of labels and numbers")
    func coefficients() throws {
        let cases = try Self.cases()
        #expect(Set(cases.map(\.problemType)).count == 3 && cases.contains { $0.classWeights != nil })
        for expected in cases {
            var regression = try expected.regression
            regression.search.gradientTolerance = 1e-10
            let (matrix, targets) = (expected.matrix, expected.outcomes)
            let rows = Array(targets.indices)
            let fit = regression.fit(matrix, targets: targets, labels: expected.labels, rows: rows)
            #expect(fit.converged)
            // Relative for numbers that are large; a target has the precision of a Float.
            let scale = max(1, expected.coef.joined().map(abs).max() ?? 0)
            for (index, coefficients) in expected.coef.enumerated() {
                // For two classes scikit-learn has one vector: the second class's minus the first's.
                let isBinary = regression.problemType == .singleLabel && expected.labels == 2
                let found = isBinary ? zip(fit.head.weight[1], fit.head.weight[0]).map(-) : fit.head.weight[index]
                for (a, b) in zip(found, coefficients) { #expect(abs(a - b) < 1e-5 * scale) }
                let bias = isBinary ? fit.head.bias[1] - fit.head.bias[0] : fit.head.bias[index]
                #expect(abs(bias - expected.intercept[index]) < 1e-5 * max(scale, abs(expected.intercept[index])))
            }
            let evaluation = Evaluation(
                logits: fit.head.logits(matrix, rows: rows),
                targets: targets,
                regression.problemType
            )
            #expect(Set(evaluation.metrics.keys.map(\.rawValue)) == Set(expected.metrics.keys))
            for (metric, value) in evaluation.metrics {
                let right = try #require(expected.metrics[metric.rawValue])
                #expect(abs(value - right) < 1e-6 * max(1, abs(right)), "\(metric)")
            }
        }
    }

    @Test("the gradient is that of the value, in every direction")
    func gradient() throws {
        let types = ["single_label_classification", "multi_label_classification"]
        for data in try types.compactMap({ type in try Self.cases().last { $0.problemType == type } }) {
            let loss = RegressionLoss(
                data.matrix,
                targets: data.outcomes,
                rows: [0, 3, 7, 9, 12],
                outputs: data.labels,
                classWeights: data.classWeights
            )
            let point = (0..<loss.parameters).map { sin(Double($0)) }
            let (value, gradient) = loss.evaluate(point)
            for index in point.indices {
                var (low, high) = (point, point)
                low[index] -= 1e-5
                high[index] += 1e-5
                let slope = (loss.evaluate(high).value - loss.evaluate(low).value) / 2e-5
                #expect(abs(slope - gradient[index]) < 1e-8 * max(1, value))
            }
        }
    }

    @Test("logits too large for an exponential do not overflow")
    func extremes() {
        let matrix = Case.matrix([[1e4], [-1e4]])
        for outputs in [1, 2] {
            let loss = RegressionLoss(matrix, targets: [.label(0), .label(1)], rows: [0, 1], outputs: outputs)
            let (value, gradient) = loss.evaluate((0..<loss.parameters).map { $0 == outputs - 1 ? 1e4 : 0 })
            #expect(value == 1e8)
            #expect(gradient.allSatisfy { $0.isFinite })
        }
    }

    @Test("numbers that are all equal are predicted, whatever the features")
    func constant() {
        let matrix = Case.matrix([[1], [2], [4]])
        let targets = Array(repeating: Target.values([7]), count: 3)
        let head = PenalizedRegression(.regression, inversePenalty: 1)
            .fit(matrix, targets: targets, labels: 1, rows: [0, 1, 2]).head
        #expect(head.logits(matrix, rows: [0, 1, 2]) == [[7], [7], [7]])
    }

    @Test("a ridge regression whose features depend on each other has finite weights, however weak the penalty")
    func dependent() {
        let matrix = Case.matrix([[1, 2, 0], [2, 4, 0], [4, 8, 0], [5, 10, 0]])
        let targets = [3, 6, 12, 15].map { Target.values([$0]) }
        for inversePenalty in [1e-4, 1, 1e30] {
            let head = PenalizedRegression(.regression, inversePenalty: inversePenalty)
                .fit(matrix, targets: targets, labels: 1, rows: [0, 1, 2, 3]).head
            #expect(head.weight[0].allSatisfy { $0.isFinite } && head.bias[0].isFinite)
            guard inversePenalty == 1 else { continue }
            for (row, logits) in head.logits(matrix, rows: 0..<4).enumerated() {
                // The squares of the centred features add up to 50, and the penalty of 1 to 51.
                #expect(abs(logits[0] - (9 + [-6, -3, 3, 6][row] * 50.0 / 51)) < 1e-9)
            }
        }
    }
}
