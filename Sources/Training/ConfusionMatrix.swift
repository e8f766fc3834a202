/// The number of texts for each pair of a true and a predicted class.
package struct ConfusionMatrix: Sendable, Equatable {
    /// Shape [true class][predicted class].
    package private(set) var counts: [[Int]]

    /// Counts the pairs of a true and a predicted class.
    ///
    /// - Precondition: both have the same count, and each number is from 0 to below `classes`.
    package init(truth: [Int], predicted: [Int], classes: Int) {
        precondition(truth.count == predicted.count, "\(truth.count) classes, \(predicted.count) predictions")
        counts = Array(repeating: Array(repeating: 0, count: classes), count: classes)
        for (truth, predicted) in zip(truth, predicted) { counts[truth][predicted] += 1 }
    }

    /// All pairs.
    package var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// Accuracy: the fraction of predictions that are right; 0 if there are no predictions.
    package var accuracy: Double { fraction(counts.indices.reduce(0) { $0 + counts[$1][$1] }, of: total) }

    /// Precision: of the texts predicted as this class, the fraction that belongs to it; 0 if there are none.
    package func precision(_ index: Int) -> Double {
        fraction(counts[index][index], of: counts.reduce(0) { $0 + $1[index] })
    }

    /// Recall: of the texts that belong to this class, the fraction predicted as it; 0 if there are none.
    package func recall(_ index: Int) -> Double { fraction(counts[index][index], of: counts[index].reduce(0, +)) }

    /// The harmonic mean of precision and recall.
    package func f1(_ index: Int) -> Double {
        let seen = counts[index].reduce(0, +) + counts.reduce(0) { $0 + $1[index] }
        return fraction(2 * counts[index][index], of: seen)
    }

    /// Macro F1: the unweighted mean of ``f1(_:)`` over the classes that occur or were predicted, scikit-learn's
    /// `f1_score(average="macro")`.
    package var macroF1: Double {
        let seen = counts.indices.filter { index in
            counts[index].contains { $0 > 0 } || counts.contains { $0[index] > 0 }
        }
        return seen.isEmpty ? 0 : seen.reduce(0) { $0 + f1($1) } / Double(seen.count)
    }

    private func fraction(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
}
