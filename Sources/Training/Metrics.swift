package import Encoder

/// A number that says how good a model is.
package enum Metric: String, Sendable, CaseIterable {
    /// The mean loss.
    case loss
    /// The fraction of texts whose label, or set of labels, is right.
    case accuracy
    /// The unweighted mean of the labels' F1.
    case macroF1 = "macro_f1"
    /// F1 over all pairs of a text and a label, where a text has any number of labels.
    case microF1 = "micro_f1"
    /// Pearson's correlation of a regression's values with the right ones.
    case pearson
    /// The same of their ranks.
    case spearman

    /// Whether more is better.
    package var isBetterWhenGreater: Bool { self != .loss }

    /// The metrics of a problem type.
    package static func all(of problemType: SequenceClassifier.ProblemType) -> [Metric] {
        switch problemType {
        case .singleLabel: [.loss, .accuracy, .macroF1]
        case .multiLabel: [.loss, .accuracy, .macroF1, .microF1]
        case .regression: [.loss, .pearson, .spearman]
        }
    }
}

/// What a model makes of the validation examples.
package struct Evaluation: Sendable {
    /// The metrics of the problem type.
    package let metrics: [Metric: Double]
    /// True and predicted classes; nil where a text has any number of labels, or values.
    package let confusion: ConfusionMatrix?
    /// The counts of each label where a text has any number of them; else nil.
    package let labelSets: LabelSetCounts?

    /// Compares logits with what they should say.
    ///
    /// - Precondition: there is a row of logits for each target.
    package init(logits: [[Double]], targets: [Target], loss: Loss) {
        var metrics = [Metric.loss: loss.evaluate(logits: logits, targets: targets).loss]
        confusion = loss.problemType == .singleLabel ? Self.confusion(logits, targets) : nil
        labelSets =
            loss.problemType == .multiLabel
            ? LabelSetCounts(logits: logits, truth: Self.values(targets)) : nil
        switch loss.problemType {
        case .singleLabel:
            metrics[.accuracy] = confusion?.accuracy
            metrics[.macroF1] = confusion?.macroF1
        case .multiLabel:
            metrics[.accuracy] = labelSets?.accuracy
            (metrics[.macroF1], metrics[.microF1]) = (labelSets?.macroF1, labelSets?.microF1)
        case .regression:
            let (found, right) = (logits.map { $0.first ?? 0 }, Self.values(targets).map { $0.first ?? 0 })
            metrics[.pearson] = Correlation.pearson(found, right)
            metrics[.spearman] = Correlation.spearman(found, right)
        }
        self.metrics = metrics
    }

    private static func confusion(_ logits: [[Double]], _ targets: [Target]) -> ConfusionMatrix {
        let predicted = logits.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
        let truth = targets.map { target in if case .label(let label) = target { label } else { 0 } }
        return ConfusionMatrix(truth: truth, predicted: predicted, classes: logits.first?.count ?? 0)
    }

    private static func values(_ targets: [Target]) -> [[Double]] {
        targets.map { target in if case .values(let values) = target { values.map { Double($0) } } else { [] } }
    }
}
