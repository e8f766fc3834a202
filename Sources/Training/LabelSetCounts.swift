/// How often each label was predicted and how often it applied, where a text may have any number of labels.
package struct LabelSetCounts: Sendable, Equatable {
    /// For each label, the number of texts to which it was rightly given.
    package private(set) var both: [Int]
    /// For each label, the number of texts that it was given.
    package private(set) var predicted: [Int]
    /// For each label, the number of texts to which it applies.
    package private(set) var truth: [Int]
    /// The number of texts.
    package let total: Int
    /// The number of texts that were given exactly their labels.
    package private(set) var exact = 0

    /// Counts labels. A label is predicted from a probability of one half on, where its logit is 0, and it applies if
    /// its value is more than one half.
    ///
    /// - Precondition: all rows have the same count.
    package init(logits: [[Double]], truth values: [[Double]]) {
        precondition(logits.count == values.count, "\(logits.count) rows of logits, \(values.count) sets of labels")
        let zeros = [Int](repeating: 0, count: logits.first?.count ?? 0)
        (both, predicted, truth, total) = (zeros, zeros, zeros, logits.count)
        for (row, values) in zip(logits, values) {
            var isExact = true
            for label in zeros.indices {
                let (isPredicted, applies) = (row[label] > 0, values[label] > 0.5)
                both[label] += isPredicted && applies ? 1 : 0
                predicted[label] += isPredicted ? 1 : 0
                truth[label] += applies ? 1 : 0
                isExact = isExact && isPredicted == applies
            }
            exact += isExact ? 1 : 0
        }
    }

    /// Subset accuracy: the fraction of texts that were given exactly their labels.
    package var accuracy: Double { Self.fraction(exact, of: total) }

    /// Precision: of the texts that were given this label, the fraction to which it applies; 0 if there are none.
    package func precision(_ label: Int) -> Double { Self.fraction(both[label], of: predicted[label]) }

    /// Recall: of the texts to which this label applies, the fraction that was given it; 0 if there are none.
    package func recall(_ label: Int) -> Double { Self.fraction(both[label], of: truth[label]) }

    /// The harmonic mean of precision and recall; 0 for a label that neither applies nor was given.
    package func f1(_ label: Int) -> Double { Self.fraction(2 * both[label], of: predicted[label] + truth[label]) }

    /// The unweighted mean of ``f1(_:)``: scikit-learn's `f1_score(average="macro")` of an indicator matrix, which
    /// counts labels that never occur.
    package var macroF1: Double {
        both.isEmpty ? 0 : both.indices.reduce(0) { $0 + f1($1) } / Double(both.count)
    }

    /// F1 over all pairs of a text and a label: scikit-learn's `f1_score(average="micro")`.
    package var microF1: Double {
        Self.fraction(2 * both.reduce(0, +), of: predicted.reduce(0, +) + truth.reduce(0, +))
    }

    private static func fraction(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? Double(part) / Double(whole) : 0
    }
}
