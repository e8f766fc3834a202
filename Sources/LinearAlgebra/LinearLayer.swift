/// A dense layer with its epilogue, as PyTorch's `nn.Linear` with what follows it: an activation, or a sum with a
/// residual stream.
package struct LinearLayer: Sendable {
    /// W, packed.
    package let weight: PackedWeight
    /// b; nil where it has been folded into something else.
    package let bias: PaddedVector?
    /// Applied to W x + b.
    package let activation: Activation
    /// Whether the result is added to what the target holds.
    package let accumulates: Bool
    /// What the input's values look like as they are quantized.
    package let inputSigns: ValueSigns
    /// What the inputs of an int8 product are multiplied by while they are quantized; its weights are divided by the
    /// same.
    package let balance: PaddedVector?

    /// A dense layer.
    ///
    /// - Precondition: the bias has one value for each output, the balance one for each input; only a layer without an
    ///   activation accumulates.
    package init(
        weight: PackedWeight,
        bias: [Float]? = nil,
        activation: Activation = .linear,
        accumulates: Bool = false,
        inputSigns: ValueSigns = .any,
        balance: [Float]? = nil
    ) {
        precondition(bias.map { $0.count == weight.outputs } ?? true, "a bias needs \(weight.outputs) values")
        precondition(!accumulates || activation == .linear, "an activation of a sum is nowhere in the model")
        self.weight = weight
        self.bias = bias.map { PaddedVector($0) }
        self.activation = activation
        self.accumulates = accumulates
        self.inputSigns = weight.rotation > 0 ? .any : inputSigns
        precondition(balance.map { $0.count == weight.inputs } ?? true, "a balance needs \(weight.inputs) values")
        precondition(balance == nil || weight.format == .int8, "only 8 bits need a balance")
        self.balance = balance.map { PaddedVector($0) }
    }

    /// Columns from which a share of the product may begin.
    package var columnStep: Int { weight.arithmetic.kernels.panel }

    /// Whether ``multiply(_:_:into:narrow:scaleShift:columns:next:of:)`` leaves bias and activation to
    /// ``activate(_:of:)``.
    package var appliesActivationAfterwards: Bool {
        weight.arithmetic.backend == .openblas || activation.fused == nil
    }

    /// Writes the product's input in the weight's format, where that is not float32.
    ///
    /// - Returns: where it is.
    /// - Precondition: the room has as many rows as the source and is wide enough.
    package func prepare(
        _ source: MatrixRegion,
        in room: OperandRoom,
        of buffer: borrowing AlignedBuffer
    ) -> OperandRoom {
        let kernels = weight.arithmetic.kernels
        switch weight.format {
        case .float32:
            return room
        case .bfloat16:
            let room = room.tightened(width: weight.inputs, bytes: 2)
            kernels.narrow(source, into: room, of: buffer)
            return room
        case .int8:
            let room = room.tightened(width: weight.inputs, bytes: 1)
            kernels.quantize(source, into: room, inputSigns, balance, rotation: weight.rotation, of: buffer)
            return room
        }
    }

    /// target = activation(target + b), where the product left that to do.
    package func activate(_ target: MatrixRegion, of buffer: borrowing AlignedBuffer) {
        if let fused = activation.fused {
            weight.arithmetic.kernels.activate(target, bias: bias, fused, of: buffer)
        } else {
            activation.apply(to: target, of: buffer, addingBias: bias)
        }
    }

    /// target = epilogue(input W^T) for `columns` of the target: [M, inputs] to [M, outputs], rows on vector
    /// boundaries.
    ///
    /// - Parameters:
    ///   - source: the input, for weights in float32.
    ///   - room: where ``prepare(_:in:of:)`` wrote the input, for narrower weights.
    ///   - narrow: where the result is written as bfloat16 instead.
    ///   - scaleShift: applied last.
    ///   - next: the layer that the caller will multiply by next, and its first column then: those weights are fetched
    ///     meanwhile.
    /// - Precondition: the shapes fit, the target does not overlap the source; `columns` begins and ends on a multiple
    ///   of ``columnStep`` or ends with the outputs.
    package func multiply(
        _ source: MatrixRegion,
        _ room: OperandRoom,
        into target: MatrixRegion,
        narrow: OperandRoom? = nil,
        scaleShift: ScaleShift? = nil,
        columns: Range<Int>,
        next: (layer: LinearLayer, column: Int)? = nil,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(target.columns == weight.outputs && target.rows == source.rows, "\(source) into \(target)")
        precondition(source.columns == weight.inputs, "\(source) for \(weight.inputs) inputs")
        precondition(narrow != nil || !target.overlaps(source), "\(target) overlaps \(source)")
        precondition(target.isVectorAligned, "\(target) does not begin on vector boundaries")
        guard target.rows > 0, !columns.isEmpty else { return }
        if weight.arithmetic.backend == .openblas {
            multiplyWithOpenBLAS(source, into: target, columns: columns, of: buffer)
        } else {
            multiplyWithKernels(source, room, target, narrow, scaleShift, columns, next, buffer)
        }
    }
}
