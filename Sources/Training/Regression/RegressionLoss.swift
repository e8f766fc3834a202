import Foundation
import Synchronization

/// The mean loss of some rows and its gradient, as a function of weight vectors and biases: the cross-entropy of
/// classes, or the sum of the binary cross-entropies of sets of labels.
struct RegressionLoss: Sendable {
    /// Number of rows in a part, which one thread computes. The parts are added in their order, so that the result has
    /// the same bits on any number of threads.
    private static let rowsPerPart = 2048

    private let features: FeatureMatrix
    private let targets: [Target]
    private let rows: [Int]
    private let classWeights: [Double]?
    /// Number of weight vectors: one for two classes together, else one for each class or label.
    let outputs: Int
    /// The sum of the rows' weights, which are 1 without weights of the classes.
    let totalWeight: Double

    init(
        _ features: FeatureMatrix,
        targets: [Target],
        rows: [Int],
        outputs: Int,
        classWeights: [Double]? = nil
    ) {
        self.features = features
        self.targets = targets
        self.rows = rows
        self.outputs = outputs
        self.classWeights = classWeights
        totalWeight = rows.reduce(0) { $0 + Self.weight(of: targets[$1], classWeights) }
    }

    private static func weight(of target: Target, _ classWeights: [Double]?) -> Double {
        if case .label(let label) = target, let classWeights { return classWeights[label] }
        return 1
    }

    /// Number of parameters: `outputs` weight vectors of `columns` each, then `outputs` biases.
    var parameters: Int { outputs * (features.columns + 1) }

    func evaluate(_ point: [Double]) -> (value: Double, gradient: [Double]) {
        let columns = features.columns
        let weights = (0..<outputs).flatMap { FeatureMatrix.lanes(of: point[$0 * columns..<($0 + 1) * columns]) }
        let biases = Array(point[(outputs * columns)...])
        let count = (rows.count + Self.rowsPerPart - 1) / Self.rowsPerPart
        let parts = Mutex([Part?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let range = index * Self.rowsPerPart..<min((index + 1) * Self.rowsPerPart, rows.count)
            let part = self.part(range, weights, biases)
            parts.withLock { $0[index] = part }
        }
        var sum = Part(lanes: weights.count, outputs: outputs)
        for case .some(let part) in parts.withLock({ $0 }) { sum.add(part) }
        let scale = 1 / totalWeight
        var gradient = (0..<outputs).flatMap { output in
            let (first, lanes) = (output * features.lanesPerRow, FeatureMatrix.Lanes.scalarCount)
            return (0..<columns).map { sum.weights[first + $0 / lanes][$0 % lanes] * scale }
        }
        gradient += sum.biases.map { $0 * scale }
        return (sum.loss * scale, gradient)
    }

    /// Loss and gradient, summed over some rows.
    private struct Part {
        var loss = 0.0
        var weights: [FeatureMatrix.Lanes]
        var biases: [Double]

        init(lanes: Int, outputs: Int) {
            weights = Array(repeating: .zero, count: lanes)
            biases = Array(repeating: 0, count: outputs)
        }

        mutating func add(_ other: Part) {
            loss += other.loss
            for index in weights.indices { weights[index] += other.weights[index] }
            for index in biases.indices { biases[index] += other.biases[index] }
        }
    }

    private func part(_ range: Range<Int>, _ weights: [FeatureMatrix.Lanes], _ biases: [Double]) -> Part {
        var part = Part(lanes: weights.count, outputs: outputs)
        var scores = [Double](repeating: 0, count: outputs)
        for index in range {
            let row = rows[index]
            features.products(ofRow: row, with: weights, count: outputs, into: &scores)
            for output in 0..<outputs { scores[output] += biases[output] }
            // From here on, each score is the derivative of the loss with respect to it.
            part.loss += loss(&scores, targets[row])
            for output in 0..<outputs {
                features.add(row: row, times: scores[output], to: &part.weights, at: output * features.lanesPerRow)
                part.biases[output] += scores[output]
            }
        }
        return part
    }

    /// A row's loss; the scores are replaced by its derivatives.
    private func loss(_ scores: inout [Double], _ target: Target) -> Double {
        switch target {
        case .label(let label):
            let weight = Self.weight(of: target, classWeights)
            let loss =
                outputs == 1 ? Self.binary(&scores[0], target: Double(label)) : Self.multinomial(&scores, label: label)
            for index in scores.indices { scores[index] *= weight }
            return weight * loss
        case .values(let values):
            var loss = 0.0
            for (index, value) in values.enumerated() {
                loss += Self.binary(&scores[index], target: Double(value))
            }
            return loss
        case .tokenLabels, .span, .none: preconditionFailure("a text without a label")
        }
    }

    /// The loss ln(1 + e^x) - t x of the logit x; the logit is replaced by the loss's derivative.
    private static func binary(_ score: inout Double, target: Double) -> Double {
        let logit = score
        // e^-|x| cannot overflow.
        let small = exp(-abs(logit))
        let probability = logit < 0 ? small / (1 + small) : 1 / (1 + small)
        score = probability - target
        return max(0, logit) - target * logit + log1p(small)
    }

    /// The loss -log softmax of the label's logit; the logits are replaced by the loss's derivatives.
    private static func multinomial(_ scores: inout [Double], label: Int) -> Double {
        let largest = scores.reduce(-.infinity, max)
        let own = scores[label] - largest
        var sum = 0.0
        for index in scores.indices {
            scores[index] = exp(scores[index] - largest)
            sum += scores[index]
        }
        for index in scores.indices { scores[index] /= sum }
        scores[label] -= 1
        return log(sum) - own
    }
}
