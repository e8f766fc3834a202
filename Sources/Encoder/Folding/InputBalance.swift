internal import Foundation
internal import LinearAlgebra
import ModelFiles

/// Factors for the inputs of an int8 product. Each input is multiplied by its factor before a row is quantized, and its
/// weights are divided by that factor.
///
/// A row of activations has one scale for all its inputs, and so has a row of weights. So an input that is small beside
/// the others loses its digits, even if its weights are large, and large weights cost the small ones their digits. A
/// norm whose weights are folded away leaves such a stream behind: its units differ by orders of magnitude. The factor
/// sqrt(w / x), of the root mean squares of weights and input, gives both sides the same spread. x is estimated without
/// texts: mean squares are carried from the embedding tables through the squares of all weights, as if units were
/// independent (``AffineCarry/squares``, ``AffineMap/outputSquares``).
struct InputBalance: Sendable, Equatable {
    /// The factor of each input, exact as a float. Their geometric mean is 1.
    let factors: [Double]

    /// The least root mean square, as a fraction of the largest input's, by which an input is balanced.
    static let smallestInput = 1e-6

    /// The factors for inputs and columns of weights of these mean squares; nil if there are no finite ones.
    init?(inputSquares: [Double], columnSquares: [Double]) {
        guard let largest = inputSquares.max(), let smallestColumn = columnSquares.filter({ $0 > 0 }).min() else {
            return nil
        }
        let smallest = largest * Self.smallestInput * Self.smallestInput
        // Logarithms of factor^4: roots of a quotient of squares.
        let logarithms = zip(inputSquares, columnSquares).map { input, column in
            log(max(column, smallestColumn)) - log(max(input, smallest))
        }
        let mean = logarithms.reduce(0, +) / Double(logarithms.count)
        factors = logarithms.map { Double(Float(exp(($0 - mean) / 4))) }
        // Written so that NaN is refused too.
        guard factors.allSatisfy({ $0 > 0 && $0 < .infinity }) else { return nil }
    }

    /// The factors for a layer whose matrices are read (into `values`); nil where its inputs'
    /// mean squares are not known.
    init?(of map: AffineMap, _ values: inout [Float]) throws(ModelError) {
        guard let inputSquares = map.inputSquares, map.inputGroups == nil else { return nil }
        self.init(inputSquares: inputSquares, columnSquares: try map.columnSquares(&values))
    }
}

extension AffineMap {
    /// For each input, the sum of its weights' squares over all outputs. Each output's weights are divided by their
    /// root mean square, since every row of packed weights has a scale of its own.
    fileprivate func columnSquares(_ values: inout [Float]) throws(ModelError) -> [Double] {
        var total = Array(repeating: 0.0, count: inputs)
        for block in blocks {
            try block.matrix.read(into: &values)
            let factors = block.columnFactors ?? Array(repeating: 1, count: inputs)
            var sums = Array(repeating: 0.0, count: inputs)
            for row in 0..<block.matrix.outputs {
                let square = RowSums.squares(values, row * inputs, factors) / Double(inputs)
                guard square > 0, square < .infinity else { continue }
                RowSums.addSquares(values, row * inputs, times: 1 / square, to: &sums)
            }
            for index in sums.indices { total[index] += sums[index] * factors[index] * factors[index] }
        }
        return total
    }

    /// The mean squares to expect behind an activation of the outputs, whose bias is resolved.
    func squares(behind activation: Activation) -> [Double]? {
        outputSquares.map { zip($0, bias).map { activation.expectedSquare($0 + $1 * $1) } }
    }
}

extension Activation {
    /// Whether f(a x) = a f(x) for every a > 0, so that a factor can be applied before the activation instead.
    var isHomogeneous: Bool {
        switch self {
        case .linear, .relu, .leakyRelu: true
        default: false
        }
    }

    /// The mean square to expect behind the activation of an input of mean square `square`: as if half of the inputs
    /// were cut off, unless the function's range is bounded.
    func expectedSquare(_ square: Double) -> Double {
        switch self {
        case .linear: square
        case .tanh: min(square, 1)
        case .sqrtSoftplus: max(0.7, 0.4 * square.squareRoot())
        case .sigmoid, .laplace: 0.25
        case .squaredRelu: 1.5 * square * square
        case .relu6: min(square / 2, 36)
        case .clippedGelu: min(square / 2, 100)
        default: square / 2
        }
    }
}

extension StoredMatrix {
    /// The mean square of each column. The matrix is read into `values`.
    func columnSquares(_ values: inout [Float]) throws(ModelError) -> [Double] {
        try read(into: &values)
        var sums = Array(repeating: 0.0, count: inputs)
        for row in 0..<outputs { RowSums.addSquares(values, row * inputs, times: 1 / Double(outputs), to: &sums) }
        return sums
    }
}
