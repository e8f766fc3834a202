internal import Foundation

/// What the logits of a sequence classification head mean.
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

    /// In id order: `id2label`, else LABEL_0, LABEL_1…
    package let labels: [String]
    /// `label2id` in the file's order: where a label is looked up by its name, transformers goes by this.
    package let labelIDs: [(label: String, id: Int)]
    /// What the logits mean.
    package let problemType: ProblemType

    /// Each label's score.
    ///
    /// - Parameter function: what makes scores of logits; nil for what the problem type asks for.
    package func scores(logits: [Float], by function: ScoreFunction? = nil) -> [Float] {
        (function ?? problemType.scoreFunction).scores(logits: logits)
    }
}

/// What makes scores of a head's logits: the values of transformers' `function_to_apply`.
package enum ScoreFunction: String, Sendable, CaseIterable {
    /// The logits themselves.
    case identity = "none"
    /// Probabilities that add up to 1.
    case softmax
    /// Probabilities each by itself.
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
            let largest = Double(logits.max() ?? 0)
            let exponentials = logits.map { exp(Double($0) - largest) }
            let sum = exponentials.reduce(0, +)
            return exponentials.map { Float($0 / sum) }
        }
    }
}

extension SequenceClassifier.ProblemType {
    /// What transformers' text classification pipeline applies.
    fileprivate var scoreFunction: ScoreFunction {
        switch self {
        case .singleLabel: .softmax
        case .multiLabel: .sigmoid
        case .regression: .identity
        }
    }
}
