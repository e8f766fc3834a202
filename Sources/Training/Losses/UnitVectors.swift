/// Vectors scaled to length 1, whose products are cosines, in double precision; and the way of a gradient back through
/// the scaling. With u = x / |x|:
///
///     dx = (du - (du . u) u) / |x|
///
/// So a module Normalize before the loss changes nothing: it is this scaling, and scaling twice is scaling once.
struct UnitVectors {
    /// PyTorch's bound in `normalize`: a shorter vector is divided by this.
    private static let smallestLength = 1e-12

    private let columns: Int
    private let values: [Double]
    private let lengths: [Double]

    /// The rows of a matrix, which is row-major.
    init(_ matrix: [Float], columns: Int) {
        self.columns = columns
        var values: [Double] = []
        var lengths: [Double] = []
        values.reserveCapacity(matrix.count)
        for start in stride(from: 0, to: matrix.count, by: columns) {
            let vector = matrix[start..<start + columns].map { Double($0) }
            let length = max(Self.smallestLength, vector.reduce(0) { $0 + $1 * $1 }.squareRoot())
            values += vector.map { $0 / length }
            lengths.append(length)
        }
        (self.values, self.lengths) = (values, lengths)
    }

    /// The cosine of two vectors.
    func cosine(_ a: Int, _ b: Int) -> Double {
        let (a, b) = (a * columns, b * columns)
        var sum = 0.0
        for column in 0..<columns { sum += values[a + column] * values[b + column] }
        return sum
    }

    /// The gradients of the vectors before they were scaled, from those of some cosines.
    func gradient(_ cosines: (_ add: (_ a: Int, _ b: Int, _ gradient: Double) -> Void) -> Void) -> [Double] {
        var du = [Double](repeating: 0, count: values.count)
        cosines { a, b, gradient in
            for column in 0..<columns {
                du[a * columns + column] += gradient * values[b * columns + column]
                du[b * columns + column] += gradient * values[a * columns + column]
            }
        }
        for (row, length) in lengths.enumerated() {
            let places = row * columns..<(row + 1) * columns
            let along = places.reduce(0) { $0 + du[$1] * values[$1] }
            for place in places { du[place] = (du[place] - along * values[place]) / length }
        }
        return du
    }
}
