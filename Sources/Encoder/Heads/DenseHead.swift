/// A dense layer of few outputs, whose results are the answer: summed in double precision.
struct DenseHead: Sendable {
    /// [outputs, hidden_size], row-major.
    private let weight: [Float]
    /// [outputs].
    private let bias: [Float]

    /// - Precondition: the weight has the same number of values for each output.
    init(weight: [Float], bias: [Float]) {
        precondition(!bias.isEmpty && weight.count.isMultiple(of: bias.count))
        self.weight = weight
        self.bias = bias
    }

    /// The number of values it gives.
    var outputs: Int { bias.count }

    /// W x + b.
    func logits(_ features: [Double]) -> [Float] {
        precondition(features.count * outputs == weight.count)
        return bias.indices.map { output in
            Float(Double(bias[output]) + RowSums.product(weight, output * features.count, features))
        }
    }
}
