import Foundation

/// Chooses the penalty of a logistic regression by stratified cross-validation.
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

    /// The accuracy of one value of `C`.
    package struct Score: Sendable, Equatable {
        /// The value.
        package var inversePenalty: Double
        /// The fraction of rows that were predicted correctly, each by a model that was not fitted on it.
        package var accuracy: Double
    }

    /// A score for each `C`, in their order; no scores if no class has two texts.
    ///
    /// - Parameter progress: called with the number of fits done and of all fits.
    package func scores(
        _ features: FeatureMatrix,
        labels: [Int],
        classes: Int,
        rows: [Int],
        progress: (Int, Int) -> Void = { _, _ in }
    ) -> [Score] {
        let parts = Stratification.folds(folds, labels: labels, rows: rows, seed: seed).filter { !$0.isEmpty }
        guard parts.count > 1 else { return [] }
        let fits = parts.count * inversePenalties.count
        var done = 0
        var correct = [Int](repeating: 0, count: inversePenalties.count)
        for heldOut in parts {
            let training = Self.difference(rows, heldOut)
            var fit: LogisticRegression.Fit?
            for (index, inversePenalty) in inversePenalties.enumerated() {
                var regression = LogisticRegression(inversePenalty: inversePenalty)
                regression.search.gradientTolerance = Self.gradientTolerance
                // The last fit is a good start, because the minimum moves little from one C to the next.
                let next = regression.fit(features, labels: labels, classes: classes, rows: training, from: fit)
                let predicted = next.head.predictions(features, rows: heldOut)
                correct[index] += zip(heldOut, predicted).count { labels[$0] == $1 }
                fit = next
                done += 1
                progress(done, fits)
            }
        }
        let count = parts.reduce(0) { $0 + $1.count }
        return zip(inversePenalties, correct).map { inversePenalty, correct in
            Score(inversePenalty: inversePenalty, accuracy: count > 0 ? Double(correct) / Double(count) : 0)
        }
    }

    /// The score with the best accuracy. Of equal scores it is the one with the smallest `C`, which is the simplest
    /// model.
    package static func best(_ scores: [Score]) -> Score? {
        scores.max { ($0.accuracy, -$0.inversePenalty) < ($1.accuracy, -$1.inversePenalty) }
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
