/// How often each class was taken for each.
package struct ConfusionMatrix: Sendable, Equatable {
    /// Shape [true class][predicted class].
    package private(set) var counts: [[Int]]

    /// Counts pairs of a true and a predicted class.
    ///
    /// - Precondition: as many of both, each from 0 to below `classes`.
    package init(truth: [Int], predicted: [Int], classes: Int) {
        precondition(truth.count == predicted.count, "\(truth.count) classes, \(predicted.count) predictions")
        counts = Array(repeating: Array(repeating: 0, count: classes), count: classes)
        for (truth, predicted) in zip(truth, predicted) { counts[truth][predicted] += 1 }
    }

    /// All pairs.
    package var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// The share of right predictions; 0 of none.
    package var accuracy: Double { share(counts.indices.reduce(0) { $0 + counts[$1][$1] }, of: total) }

    /// Of those predicted to be of a class, the share that is; 0 if there are none.
    package func precision(_ index: Int) -> Double {
        share(counts[index][index], of: counts.reduce(0) { $0 + $1[index] })
    }

    /// Of those of a class, the share predicted to be; 0 if there are none.
    package func recall(_ index: Int) -> Double { share(counts[index][index], of: counts[index].reduce(0, +)) }

    /// The harmonic mean of precision and recall.
    package func f1(_ index: Int) -> Double {
        let seen = counts[index].reduce(0, +) + counts.reduce(0) { $0 + $1[index] }
        return share(2 * counts[index][index], of: seen)
    }

    /// The mean of ``f1(_:)`` over the classes that are there or were predicted, each counting the same: scikit-learn's
    /// `f1_score(average="macro")`.
    package var macroF1: Double {
        let seen = counts.indices.filter { index in
            counts[index].contains { $0 > 0 } || counts.contains { $0[index] > 0 }
        }
        return seen.isEmpty ? 0 : seen.reduce(0) { $0 + f1($1) } / Double(seen.count)
    }

    private func share(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
}
