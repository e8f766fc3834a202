internal import Foundation

/// The meaning of a sequence classification head's logits.
package struct SequenceClassifier: Sendable {
    /// transformers' `problem_type`.
    package enum ProblemType: String, Sendable, CaseIterable {
        /// One label is right: softmax.
        case singleLabel = "single_label_classification"
        /// Any number of labels are right: sigmoid of each.
        case multiLabel = "multi_label_classification"
        /// The logits are the answer.
        case regression
    }

    /// The labels in id order: `id2label`, else LABEL_0, LABEL_1…
    package let labels: [String]
    /// `label2id` in the file's order, by which transformers looks a label up by its name.
    package let labelIDs: [(label: String, id: Int)]
    /// How the logits become scores.
    package let problemType: ProblemType
    /// The divisor of logits for calibrated scores (temperature scaling); nil where nobody has measured it.
    package let temperature: Double?

    /// Each label's score.
    ///
    /// - Parameter function: turns logits into scores; nil for the problem type's own function.
    package func scores(logits: [Float], by function: ScoreFunction? = nil) -> [Float] {
        (function ?? problemType.scoreFunction).scores(logits: logits)
    }

    /// Each label's calibrated score: the problem type's function of the logits, divided by the temperature.
    package func calibratedScores(logits: [Float], temperature: Double) -> [Float] {
        scores(logits: logits.map { Float(Double($0) / temperature) })
    }
}

/// A function that turns a head's logits into scores: the values of transformers' `function_to_apply`.
package enum ScoreFunction: String, Sendable, CaseIterable {
    /// The logits themselves.
    case identity = "none"
    /// Probabilities that add up to 1.
    case softmax
    /// Probabilities, each by itself.
    case sigmoid

    /// The score of each logit.
    package func scores(logits: [Float]) -> [Float] {
        switch self {
        case .identity:
            return logits
        case .sigmoid:
            return logits.map { logit in
                // e^-|x| can't overflow.
                let small = exp(-abs(Double(logit)))
                return Float(logit < 0 ? small / (1 + small) : 1 / (1 + small))
            }
        case .softmax:
            return Self.probabilities(of: logits.map { Double($0) }).map { Float($0) }
        }
    }

    /// The softmax of logits, in double precision. A logit of -∞ has probability 0.
    package static func probabilities(of logits: [Double]) -> [Double] {
        let largest = logits.max() ?? 0
        let exponentials = logits.map { exp($0 - largest) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { $0 / sum }
    }
}

extension SequenceClassifier.ProblemType {
    /// The function that transformers' text classification pipeline applies.
    package var scoreFunction: ScoreFunction {
        switch self {
        case .singleLabel: .softmax
        case .multiLabel: .sigmoid
        case .regression: .identity
        }
    }
}
