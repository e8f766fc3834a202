import Encoder
import Testing

@testable import Training

@Suite("Stratification, cross-validation and metrics")
struct StratificationTests {
    /// 60 of class 0, 30 of class 1, 10 of class 2 and one of class 3, mixed.
    private static let labels = (0..<100).map { $0 % 10 < 6 ? 0 : ($0 % 10 < 9 ? 1 : 2) } + [3]

    private static func counts(_ rows: [Int]) -> [Int] {
        rows.reduce(into: [0, 0, 0, 0]) { $0[labels[$1]] += 1 }
    }

    @Test("a split holds out the share of each class, and the same rows for the same seed")
    func split() {
        let (training, heldOut) = Stratification.split(labels: Self.labels, fraction: 0.2, seed: 7)
        #expect((training + heldOut).sorted() == Array(Self.labels.indices))
        #expect(Self.counts(heldOut) == [12, 6, 2, 0])
        #expect(Stratification.split(labels: Self.labels, fraction: 0.2, seed: 7).heldOut == heldOut)
        #expect(Stratification.split(labels: Self.labels, fraction: 0.2, seed: 8).heldOut != heldOut)
    }

    @Test("folds hold each row once, each class evenly, and never a class's only row")
    func folds() {
        let folds = Stratification.folds(5, labels: Self.labels, rows: Array(Self.labels.indices), seed: 1)
        #expect(folds.joined().sorted() == Array(0..<100))
        for fold in folds { #expect(Self.counts(fold) == [12, 6, 2, 0]) }
    }

    @Test("cross-validation prefers the penalty that fits unseen rows, and of equal ones the smallest C")
    func choice() throws {
        let data = try #require(try PenalizedRegressionTests.cases().dropFirst(2).first)
        var validation = CrossValidation()
        validation.inversePenalties = [1e-6, 1]
        var progress: [Int] = []
        let rows = Array(data.targets.indices)
        let scores = validation.scores(
            try data.regression,
            data.matrix,
            targets: data.outcomes,
            labels: data.labels,
            rows: rows
        ) { done, _ in progress.append(done) }
        #expect(progress == Array(1...10))
        #expect(CrossValidation.best(scores, of: .singleLabel)?.inversePenalty == 1)
        #expect(scores[1].value > scores[0].value + 0.1)
        let tied = [0.1, 1, 10].map { CrossValidation.Score(inversePenalty: $0, value: 0.5) }
        for type in SequenceClassifier.ProblemType.allCases {
            #expect(CrossValidation.best(tied, of: type)?.inversePenalty == 0.1)
        }
    }

    @Test("cross-validation scores sets of labels by micro-F1, and numbers by the mean squared error, lowest first")
    func otherScores() throws {
        let cases = try PenalizedRegressionTests.cases()
        for (type, isBetter) in [("multi_label_classification", (>) as (Double, Double) -> Bool), ("regression", (<))] {
            let data = try #require(cases.first { $0.problemType == type })
            var validation = CrossValidation()
            validation.inversePenalties = [1e-6, 1]
            let scores = validation.scores(
                try data.regression,
                data.matrix,
                targets: data.outcomes,
                labels: data.labels,
                rows: Array(data.targets.indices)
            )
            #expect(isBetter(scores[1].value, scores[0].value))
            #expect(CrossValidation.best(scores, of: try data.regression.problemType)?.inversePenalty == 1)
        }
    }

    @Test("a confusion matrix counts by true and predicted class; a class that is nowhere does not count for F1")
    func confusion() {
        let matrix = ConfusionMatrix(truth: [0, 0, 0, 1], predicted: [0, 0, 1, 1], classes: 3)
        #expect(matrix.counts == [[2, 1, 0], [0, 1, 0], [0, 0, 0]])
        #expect(matrix.accuracy == 0.75)
        #expect((matrix.precision(1), matrix.recall(1)) == (0.5, 1))
        #expect(abs(matrix.macroF1 - (0.8 + 2.0 / 3) / 2) < 1e-12)
    }
}
