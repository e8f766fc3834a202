/// Expected and computed values of some hidden units.
struct Comparison {
    let width: Int
    private var expected: [Double] = []
    private var computed: [Float] = []

    init(width: Int) { self.width = width }

    /// Compares two floats' runs at once.
    static func worst(_ expected: [Float], _ computed: [Float], width: Int) -> Double {
        var comparison = Comparison(width: width)
        comparison.add(expected.map { Double($0) }, computed[...])
        return comparison.worst
    }

    /// Adds values of whole tokens.
    mutating func add(_ expected: [Double], _ computed: ArraySlice<Float>) {
        self.expected += expected
        self.computed += computed
    }

    /// The largest error, of its unit's largest value.
    var worst: Double {
        guard expected.count == computed.count else { return .infinity }
        var ranges = Array(repeating: 1e-30, count: width)
        for (index, value) in expected.enumerated() { ranges[index % width] = max(ranges[index % width], abs(value)) }
        return expected.indices.map { abs(Double(computed[$0]) - expected[$0]) / ranges[$0 % width] }.max() ?? 0
    }
}
