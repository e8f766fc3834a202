import Foundation
import Synchronization

/// The sums over some rows from which a ridge regression follows for any penalty: (G + λ I) w = Xᵀ(y - mean of y),
/// where G = Xᵀ X of centred features (Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, equation
/// 3.44).
struct NormalEquations: Sendable {
    private typealias Lanes = FeatureMatrix.Lanes

    /// The rows of the sums.
    let rows: [Int]
    private let columns: Int
    /// Number of vectors in a row of the matrix.
    private let width: Int
    /// G, row-major.
    private let gram: [Lanes]
    /// Xᵀ(y - mean of y).
    private let moments: [Double]
    private let means: [Double]
    private let target: Double

    /// Columns of a part, which one thread computes.
    private static let columnsPerPart = 32

    /// Sums over rows.
    ///
    /// - Parameter values: the number of each row of the matrix.
    init(_ features: FeatureMatrix, values: [Double], rows: [Int]) {
        (self.rows, columns, width) = (rows, features.columns, features.lanesPerRow)
        let count = Double(rows.count)
        let target = rows.reduce(0) { $0 + values[$1] } / count
        var (sums, products) = ([Lanes](repeating: .zero, count: width), [Lanes](repeating: .zero, count: width))
        for row in rows {
            features.add(row: row, times: 1, to: &sums, at: 0)
            features.add(row: row, times: values[row] - target, to: &products, at: 0)
        }
        self.target = target
        let mean = sums.map { $0 / count }
        means = Self.numbers(mean, columns)
        moments = Self.numbers(products, columns)
        gram = Self.gram(features, rows: rows, mean: mean)
    }

    private static func numbers(_ lanes: [Lanes], _ count: Int) -> [Double] {
        (0..<count).map { lanes[$0 / Lanes.scalarCount][$0 % Lanes.scalarCount] }
    }

    /// The sum over rows of the outer products of centred features. Each part has some of its rows.
    private static func gram(_ features: FeatureMatrix, rows: [Int], mean: [Lanes]) -> [Lanes] {
        let (columns, width) = (features.columns, features.lanesPerRow)
        let count = (columns + columnsPerPart - 1) / columnsPerPart
        let parts = Mutex([[Lanes]](repeating: [], count: count))
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let range = index * columnsPerPart..<min((index + 1) * columnsPerPart, columns)
            var part = [Lanes](repeating: .zero, count: range.count * width)
            for row in rows {
                let start = row * width
                for column in range {
                    let (lane, place) = (column / Lanes.scalarCount, column % Lanes.scalarCount)
                    let value = features.lanes[start + lane][place] - mean[lane][place]
                    features.add(row: row, times: value, to: &part, at: (column - range.lowerBound) * width)
                }
            }
            parts.withLock { $0[index] = part }
        }
        // The sum of centred values is 0, so it is enough to centre one of the two factors.
        return parts.withLock { Array($0.joined()) }
    }

    /// The weights and the intercept for a penalty λ above 0.
    func solve(penalty: Double) -> (weight: [Double], bias: Double) {
        let factor = factor(penalty: penalty)
        // L z = moments, then Lᵀ w = z.
        var solution = moments
        for row in 0..<columns {
            for column in 0..<row { solution[row] -= number(factor, row, column) * solution[column] }
            solution[row] /= number(factor, row, row)
        }
        for row in (0..<columns).reversed() {
            solution[row] /= number(factor, row, row)
            for column in 0..<row { solution[column] -= number(factor, row, column) * solution[row] }
        }
        let bias = target - zip(means, solution).reduce(0) { $0 + $1.0 * $1.1 }
        return (solution, bias)
    }

    /// Cholesky's factor L of G + λ I = L Lᵀ, row by row.
    private func factor(penalty: Double) -> [Lanes] {
        var factor = [Lanes](repeating: .zero, count: columns * width)
        for row in 0..<columns {
            let diagonal = number(gram, row, row) + penalty
            for column in 0...row {
                // What is not computed yet is 0, so whole vectors can be multiplied.
                var sum = Lanes.zero
                for lane in 0...column / Lanes.scalarCount {
                    sum += factor[row * width + lane] * factor[column * width + lane]
                }
                let value: Double
                if column < row {
                    value = (number(gram, row, column) - sum.sum()) / number(factor, column, column)
                } else {
                    // Rounding can make the pivot of a column that depends on others 0 or less.
                    value = max(diagonal - sum.sum(), diagonal * Double.ulpOfOne).squareRoot()
                }
                factor[row * width + column / Lanes.scalarCount][column % Lanes.scalarCount] = value
            }
        }
        return factor
    }

    private func number(_ matrix: [Lanes], _ row: Int, _ column: Int) -> Double {
        matrix[row * width + column / Lanes.scalarCount][column % Lanes.scalarCount]
    }
}
