package import Encoder
import Foundation

/// Chooses the penalty of a regression by stratified cross-validation.
package struct CrossValidation: Sendable {
    /// Values of `C` to choose from, ascending: scikit-learn's `LogisticRegressionCV` takes the same ten.
    package var inversePenalties = (0..<10).map { pow(10, -4 + 8 * Double($0) / 9) }
    /// Number of folds. Each fold is predicted once, by a model fitted on the others.
    package var folds = 5
    /// The seed of the division into folds.
    package var seed: UInt64 = 0
    /// The tolerance of the fits. scikit-learn's default is accurate enough for a choice between penalties.
    private static let gradientTolerance = 1e-4

    /// Ten values, five folds.
    package init() {}

    /// The score of one value of `C`.
    package struct Score: Sendable, Equatable {
        /// The value.
        package var inversePenalty: Double
        /// The metric of all rows, each predicted by a model that was not fitted on it.
        package var value: Double
    }

    /// The metric by which `C` is chosen: accuracy, in which each row has its class's weight; micro-F1; or the mean
    /// squared error, which is the loss of a regression.
    package static func metric(of problemType: SequenceClassifier.ProblemType) -> Metric {
        switch problemType {
        case .singleLabel: .accuracy
        case .multiLabel: .microF1
        case .regression: .loss
        }
    }

    /// A score for each `C`, in their order; no scores if no class has two texts.
    ///
    /// - Parameters:
    ///   - regression: the regression, whose `C` is of no matter.
    ///   - labels: the number of classes, labels or numbers.
    ///   - progress: called with the number of fits done and of all fits.
    package func scores(
        _ regression: PenalizedRegression,
        _ features: FeatureMatrix,
        targets: [Target],
        labels: Int,
        rows: [Int],
        progress: (Int, Int) -> Void = { _, _ in }
    ) -> [Score] {
        let parts = Stratification.folds(folds, labels: targets.map(\.stratum), rows: rows, seed: seed)
            .filter { !$0.isEmpty }
        guard parts.count > 1 else { return [] }
        var regression = regression
        regression.search.gradientTolerance = Self.gradientTolerance
        let fits = parts.count * inversePenalties.count
        var done = 0
        var tallies = [Tally](repeating: Tally(), count: inversePenalties.count)
        for heldOut in parts {
            let training = Self.difference(rows, heldOut)
            var fit: PenalizedRegression.Fit?
            for (index, inversePenalty) in inversePenalties.enumerated() {
                regression.inversePenalty = inversePenalty
                // The last fit is a good start, because the minimum moves little from one C to the next.
                let next = regression.fit(features, targets: targets, labels: labels, rows: training, from: fit)
                for (row, logits) in zip(heldOut, next.head.logits(features, rows: heldOut)) {
                    tallies[index].add(logits, targets[row], regression)
                }
                fit = next
                done += 1
                progress(done, fits)
            }
        }
        return zip(inversePenalties, tallies).map { Score(inversePenalty: $0, value: $1.value) }
    }

    /// The best score by ``metric(of:)``. Of equal scores it is the one with the smallest `C`, which is the simplest
    /// model.
    package static func best(_ scores: [Score], of problemType: SequenceClassifier.ProblemType) -> Score? {
        let sign = metric(of: problemType).isBetterWhenGreater ? 1.0 : -1.0
        return scores.max { (sign * $0.value, -$0.inversePenalty) < (sign * $1.value, -$1.inversePenalty) }
    }

    /// A metric of rows that come one by one, as the quotient of two sums.
    private struct Tally {
        private var part = 0.0
        private var whole = 0.0

        var value: Double { whole > 0 ? part / whole : 0 }

        mutating func add(_ logits: [Double], _ target: Target, _ regression: PenalizedRegression) {
            switch target {
            case .label(let label):
                let best = logits.indices.max { logits[$0] < logits[$1] }
                let weight = regression.classWeights?[label] ?? 1
                part += best == label ? weight : 0
                whole += weight
            case .values(let values):
                for (logit, value) in zip(logits, values) {
                    guard regression.problemType == .multiLabel else {
                        part += (logit - Double(value)) * (logit - Double(value))
                        whole += 1
                        continue
                    }
                    let (isPredicted, applies) = (logit > 0, value > 0.5)
                    part += isPredicted && applies ? 2 : 0
                    whole += (isPredicted ? 1 : 0) + (applies ? 1 : 0)
                }
            case .tokenLabels, .span, .none: preconditionFailure("a text without a label")
            }
        }
    }

    /// The ascending `rows` without the ascending `others`.
    private static func difference(_ rows: [Int], _ others: [Int]) -> [Int] {
        var rest = others[...]
        return rows.filter { row in
            guard rest.first == row else { return true }
            rest.removeFirst()
            return false
        }
    }
}
