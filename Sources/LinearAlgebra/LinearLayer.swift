/// A dense layer with its epilogue: activation(x W^T + b), as PyTorch's `nn.Linear` followed by an activation.
package struct LinearLayer: Sendable {
    /// W, packed.
    package let weight: PackedWeight
    /// b; nil where it has been folded into something else.
    package let bias: PaddedVector?
    /// Applied last.
    package let activation: Activation

    /// A dense layer.
    ///
    /// - Precondition: the bias has one value for each output.
    package init(weight: PackedWeight, bias: [Float]? = nil, activation: Activation = .linear) {
        precondition(bias.map { $0.count == weight.outputs } ?? true, "a bias needs \(weight.outputs) values")
        self.weight = weight
        self.bias = bias.map { PaddedVector($0) }
        self.activation = activation
    }

    /// target = activation(source W^T + b); source is [M, inputs], target [M, outputs] with rows on vector boundaries.
    ///
    /// - Precondition: the shapes fit, and the target does not overlap the source.
    package func apply(_ source: MatrixRegion, into target: MatrixRegion, of buffer: inout AlignedBuffer) {
        weight.multiply(source, into: target, of: &buffer)
        activation.apply(to: target, of: &buffer, addingBias: bias)
    }
}
