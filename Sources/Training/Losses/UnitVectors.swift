/// Vectors scaled to length 1, whose products are cosines, in double precision; and the way of a gradient back through
/// the scaling. With u = x / |x|:
///
///     dx = (du - (du . u) u) / |x|
///
/// So a module Normalize before the loss changes nothing: it is this scaling, and scaling twice is scaling once.
struct UnitVectors: Sendable {
    /// PyTorch's bound in `normalize`: a shorter vector is divided by this.
    private static let smallestLength = 1e-12

    private var columns = 0
    private var values: [Double] = []
    private var lengths: [Double] = []

    init() {}

    /// The rows of a matrix, which is row-major.
    init(_ matrix: [Float], columns: Int) { take(matrix, columns: columns) }

    /// Gets memory for vectors of so many values.
    mutating func reserve(_ count: Int) {
        values.reserveCapacity(count)
        lengths.reserveCapacity(count)
    }

    /// Replaces the vectors by the rows of a matrix, which is row-major.
    mutating func take(_ matrix: [Float], columns: Int) {
        self.columns = columns
        values.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        for row in 0..<matrix.count / max(1, columns) {
            var sum = 0.0
            for place in row * columns..<(row + 1) * columns { sum += Double(matrix[place]) * Double(matrix[place]) }
            let length = max(Self.smallestLength, sum.squareRoot())
            for place in row * columns..<(row + 1) * columns { values.append(Double(matrix[place]) / length) }
            lengths.append(length)
        }
    }

    /// The cosine of two vectors.
    func cosine(_ a: Int, _ b: Int) -> Double {
        let (a, b) = (a * columns, b * columns)
        var sum = 0.0
        for column in 0..<columns { sum += values[a + column] * values[b + column] }
        return sum
    }

    /// Adds the gradients of two scaled vectors, from that of their cosine.
    func addGradient(_ a: Int, _ b: Int, _ gradient: Double, to du: inout [Double]) {
        let (a, b) = (a * columns, b * columns)
        for column in 0..<columns {
            du[a + column] += gradient * values[b + column]
            du[b + column] += gradient * values[a + column]
        }
    }

    /// Makes the gradients of the scaled vectors those of the vectors before.
    func unscale(_ du: inout [Double]) {
        for row in 0..<lengths.count {
            let places = row * columns..<(row + 1) * columns
            var along = 0.0
            for place in places { along += du[place] * values[place] }
            for place in places { du[place] = (du[place] - along * values[place]) / lengths[row] }
        }
    }
}
