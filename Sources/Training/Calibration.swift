package import Encoder

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How well a classifier's scores agree with how often they are right, as they are and with a temperature.
package struct Calibration: Sendable, Equatable {
    /// The temperature, by which logits are divided; nil if none was found.
    package let temperature: Temperature
    /// The scores without a temperature.
    package let before: Reliability
    /// The scores with the temperature; nil if there is none.
    package let after: Reliability?

    /// Fits a temperature to the outputs of an evaluation; nil where examples have no probabilities of labels.
    ///
    /// - Precondition: they are the outputs for these examples.
    package init?(_ evaluation: Evaluation, of set: TrainingSet, _ kind: Loss.Kind) {
        guard let problemType = kind.problemType, evaluation.outputs.count == set.examples.count else { return nil }
        let logits = evaluation.outputs.map { $0.values.map { Double($0) } }
        self.init(logits: logits, targets: set.examples.map(\.target), problemType: problemType)
    }

    /// Fits a temperature to texts that were not used for training; nil for a regression, which has no probabilities.
    ///
    /// - Precondition: there is a row of logits for each target.
    package init?(logits: [[Double]], targets: [Target], problemType: SequenceClassifier.ProblemType) {
        guard problemType != .regression, !logits.isEmpty else { return nil }
        temperature = Temperature(logits: logits, targets: targets)
        before = Reliability(logits: logits, targets: targets, problemType)
        after = temperature.value.map { value in
            Reliability(logits: logits.map { $0.map { $0 / value } }, targets: targets, problemType)
        }
    }
}

/// Temperature scaling: one number T > 0 by which all logits are divided, so that the negative log-likelihood of texts
/// that were not used for training is smallest (Guo et al., "On Calibration of Modern Neural Networks", 2017, section
/// 4.2). The best label stays the best. Where a text has any number of labels, T is one for all of them.
package enum Temperature: Sendable, Equatable {
    /// The number.
    case found(Double)
    /// The likelihood has no maximum, because the logits are right for all texts: the smaller T, the better.
    case allRight
    /// The likelihood is largest where the logits have no weight at all: they are no better than chance.
    case noBetterThanChance

    /// The number, if there is one.
    package var value: Double? { if case .found(let value) = self { value } else { nil } }

    /// The range of 1 / T: with T beyond it, scores would be all alike, or all 0 and 1.
    private static let inverses = (least: 0x1p-10, most: 0x1p10)
    /// Steps of the search. Newton's method takes about five, and halving the interval 60.
    private static let maxSteps = 100

    /// Fits a temperature. The negative log-likelihood is convex in the inverse of T, so Newton's method finds its
    /// minimum there. A step that leaves the interval in which the minimum lies is replaced by half of the interval.
    init(logits: [[Double]], targets: [Target]) {
        let slope = { (inverse: Double) in Self.derivatives(logits, targets, inverse) }
        var (low, high) = (Self.inverses.least, Self.inverses.most)
        guard slope(low).first < 0 else {
            self = .noBetterThanChance
            return
        }
        guard slope(high).first > 0 else {
            self = .allRight
            return
        }
        var inverse = 1.0
        for _ in 0..<Self.maxSteps {
            let (first, second) = slope(inverse)
            if first == 0 { break }
            if first < 0 { low = inverse } else { high = inverse }
            let newton = inverse - first / second
            let next = newton > low && newton < high ? newton : (low + high) / 2
            let isDone = abs(next - inverse) <= 1e-12 * inverse
            inverse = next
            if isDone { break }
        }
        self = .found(1 / inverse)
    }

    /// The first and the second derivative of the negative log-likelihood with respect to the inverse of T.
    private static func derivatives(
        _ logits: [[Double]],
        _ targets: [Target],
        _ inverse: Double
    ) -> (first: Double, second: Double) {
        var (first, second) = (0.0, 0.0)
        for (row, target) in zip(logits, targets) {
            switch target {
            case .label(let label):
                // The mean of the logits under their probabilities, without the label's, and their variance.
                let probabilities = ScoreFunction.probabilities(of: row.map { $0 * inverse })
                let mean = zip(row, probabilities).reduce(0) { $0 + $1.0 * $1.1 }
                first += mean - row[label]
                second += zip(row, probabilities).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 }
            case .values(let values):
                for (logit, value) in zip(row, values) {
                    let probability = Reliability.sigmoid(logit * inverse)
                    first += (probability - Double(value)) * logit
                    second += probability * (1 - probability) * logit * logit
                }
            case .tokenLabels, .span, .none: preconditionFailure("a text without a label")
            }
        }
        return (first, second)
    }
}

/// Predictions in bins of equal width by their score: their mean score beside the fraction of them that is right
/// (Guo et al., section 2).
///
/// Where a text has one label, a prediction is the best label with its probability. Where it has any number, each label
/// of each text is one, and it is right if the label applies.
package struct Reliability: Sendable, Equatable {
    /// Number of bins, as in the paper.
    package static let binCount = 15

    /// The predictions whose score is more than `lower` and at most `upper`.
    package struct Bin: Sendable, Equatable {
        /// Where the bin begins.
        package let lower: Double
        /// Where it ends.
        package let upper: Double
        /// Number of predictions.
        package fileprivate(set) var count = 0
        fileprivate var scores = 0.0
        fileprivate var right = 0

        /// The mean score; 0 without predictions.
        package var confidence: Double { count > 0 ? scores / Double(count) : 0 }
        /// The fraction of the predictions that is right; 0 without predictions.
        package var accuracy: Double { count > 0 ? Double(right) / Double(count) : 0 }
    }

    /// All bins, ascending.
    package private(set) var bins: [Bin]
    /// The mean negative log-likelihood.
    package let loss: Double

    init(logits: [[Double]], targets: [Target], _ problemType: SequenceClassifier.ProblemType) {
        let width = 1 / Double(Self.binCount)
        bins = (0..<Self.binCount).map { Bin(lower: Double($0) * width, upper: Double($0 + 1) * width) }
        loss = Loss(.sequences(problemType)).mean(logits, targets, problemType)
        for (row, target) in zip(logits, targets) {
            switch target {
            case .label(let label):
                let probabilities = ScoreFunction.probabilities(of: row)
                let best = row.indices.max { row[$0] < row[$1] } ?? 0
                add(probabilities[best], isRight: best == label)
            case .values(let values):
                for (logit, value) in zip(row, values) { add(Self.sigmoid(logit), isRight: value > 0.5) }
            case .tokenLabels, .span, .none: preconditionFailure("a text without a label")
            }
        }
    }

    private mutating func add(_ score: Double, isRight: Bool) {
        let index = Int((score * Double(Self.binCount)).rounded(.up)) - 1
        let place = min(max(index, 0), Self.binCount - 1)
        bins[place].count += 1
        bins[place].scores += score
        bins[place].right += isRight ? 1 : 0
    }

    /// The mean difference between score and accuracy of the bins, each with the weight of its predictions.
    package var expectedCalibrationError: Double {
        let total = bins.reduce(0) { $0 + $1.count }
        let sum = bins.reduce(0) { $0 + Double($1.count) * abs($1.accuracy - $1.confidence) }
        return total > 0 ? sum / Double(total) : 0
    }

    fileprivate static func sigmoid(_ logit: Double) -> Double {
        // e^-|x| cannot overflow.
        let small = exp(-abs(logit))
        return (logit < 0 ? small : 1) / (1 + small)
    }
}
