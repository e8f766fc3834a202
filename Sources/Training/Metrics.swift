package import Encoder

/// A number that says how good a model is.
package enum Metric: String, Sendable, CaseIterable {
    /// The mean loss.
    case loss
    /// The fraction of texts whose label, or set of labels, is right.
    case accuracy
    /// The unweighted mean of the labels' F1.
    case macroF1 = "macro_f1"
    /// Pearson's correlation of a regression's values with the right ones.
    case pearson

    /// Whether more is better.
    package var isBetterWhenGreater: Bool { self != .loss }

    /// The metrics of a problem type.
    package static func all(of problemType: SequenceClassifier.ProblemType) -> [Metric] {
        problemType == .regression ? [.loss, .pearson] : [.loss, .accuracy, .macroF1]
    }
}

/// What a model makes of the validation examples.
package struct Evaluation: Sendable {
    /// The metrics of the problem type.
    package let metrics: [Metric: Double]
    /// True and predicted classes; nil where a text has any number of labels, or values.
    package let confusion: ConfusionMatrix?

    /// Compares logits with what they should say.
    ///
    /// - Precondition: there is a row of logits for each target.
    package init(logits: [[Double]], targets: [Target], loss: Loss) {
        var metrics = [Metric.loss: loss.evaluate(logits: logits, targets: targets).loss]
        confusion = loss.problemType == .singleLabel ? Self.confusion(logits, targets) : nil
        switch loss.problemType {
        case .singleLabel:
            metrics[.accuracy] = confusion?.accuracy
            metrics[.macroF1] = confusion?.macroF1
        case .multiLabel:
            (metrics[.accuracy], metrics[.macroF1]) = Self.labelSets(logits, targets)
        case .regression:
            metrics[.pearson] = Self.pearson(logits.map { $0.first ?? 0 }, Self.values(targets).map { $0.first ?? 0 })
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

    /// The fraction of texts with all labels right, and the mean of the labels' F1. A label applies from a probability
    /// of one half on, where its logit is 0.
    private static func labelSets(_ logits: [[Double]], _ targets: [Target]) -> (accuracy: Double, macroF1: Double) {
        let truth = values(targets)
        let columns = logits.first?.count ?? 0
        var (both, either) = (Array(repeating: 0.0, count: columns), Array(repeating: 0.0, count: columns))
        var right = 0
        for (row, values) in zip(logits, truth) {
            if zip(row, values).allSatisfy({ ($0 > 0) == ($1 > 0.5) }) { right += 1 }
            for column in 0..<columns {
                let (isPredicted, isTrue) = (row[column] > 0, values[column] > 0.5)
                if isPredicted && isTrue { both[column] += 1 }
                either[column] += (isPredicted ? 1 : 0) + (isTrue ? 1 : 0)
            }
        }
        let scores = zip(both, either).filter { $0.1 > 0 }.map { 2 * $0.0 / $0.1 }
        let mean = scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count)
        return (logits.isEmpty ? 0 : Double(right) / Double(logits.count), mean)
    }

    private static func pearson(_ x: [Double], _ y: [Double]) -> Double {
        let count = Double(max(1, x.count))
        let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for (a, b) in zip(x, y) {
            xx += (a - meanX) * (a - meanX)
            yy += (b - meanY) * (b - meanY)
            xy += (a - meanX) * (b - meanY)
        }
        return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : 0
    }
}
