internal import CKernels

/// A dense layer with its epilogue: PyTorch's `nn.Linear` and the step that follows it, which is an activation or a sum
/// with a residual stream.
package struct LinearLayer: Sendable {
    /// W, packed.
    package let weight: PackedWeight
    /// The bias b; nil if it has been folded into another parameter.
    package let bias: PaddedVector?
    /// The activation, applied to W x + b.
    package let activation: Activation
    /// Whether the result is added to the values in the target.
    package let accumulates: Bool
    /// The signs of the input's values, for quantization.
    package let inputSigns: ValueSigns
    /// The factors of an int8 product's inputs. The inputs are multiplied by them while they are quantized, and the
    /// weights are divided by them.
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

    /// A slice of the product's columns may begin at each multiple of this number.
    package var columnStep: Int { weight.arithmetic.kernels.panel }

    /// The format in which a product reads its input: the weight's, or float32 if the kernels widen weights.
    package var inputFormat: DataType { weight.arithmetic.kernels.inputFormat(weight.format) }

    /// Whether ``activate(_:of:)`` has to apply bias and activation after
    /// ``multiply(_:_:into:narrow:scaleShift:columns:next:of:)``.
    package var appliesActivationAfterwards: Bool {
        weight.arithmetic.backend == .openblas || activation.fused == nil
    }

    /// Writes the product's input into `scratch` in ``inputFormat``, unless that is float32.
    ///
    /// - Returns: the part of the scratch that holds the input.
    /// - Precondition: the scratch has as many rows as the source and is wide enough.
    package func prepare(
        _ source: MatrixRegion,
        in scratch: OperandScratch,
        of buffer: borrowing AlignedBuffer
    ) -> OperandScratch {
        let kernels = weight.arithmetic.kernels
        switch inputFormat {
        case .float32:
            return scratch
        case .bfloat16:
            let scratch = scratch.tightened(width: weight.inputs, bytes: 2)
            kernels.narrow(source, into: scratch, of: buffer)
            return scratch
        case .int8:
            let scratch = scratch.tightened(width: weight.inputs, bytes: 1)
            kernels.quantize(source, into: scratch, inputSigns, balance, rotation: weight.rotation, of: buffer)
            return scratch
        }
    }

    /// target = activation(target + b), after a product that has not applied bias and activation itself.
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
    ///   - source: the input, which is read if ``inputFormat`` is float32.
    ///   - scratch: the memory to which ``prepare(_:in:of:)`` wrote the input in a narrower format.
    ///   - narrow: the memory to which the result is written as bfloat16 instead.
    ///   - scaleShift: scale and shift, applied last.
    ///   - next: the layer that the caller will multiply by next, and its first column. Those weights are prefetched.
    /// - Precondition: the shapes fit, the target does not overlap the source; `columns` begins and ends on a multiple
    ///   of ``columnStep`` or ends with the outputs.
    package func multiply(
        _ source: MatrixRegion,
        _ scratch: OperandScratch,
        into target: MatrixRegion,
        narrow: OperandScratch? = nil,
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
            multiplyWithKernels(source, scratch, target, narrow, scaleShift, columns, next, buffer)
        }
    }
}

extension LinearLayer {
    /// Computes the product by one call of a native kernel.
    func multiplyWithKernels(
        _ source: MatrixRegion,
        _ scratch: OperandScratch,
        _ target: MatrixRegion,
        _ narrow: OperandScratch?,
        _ scaleShift: ScaleShift?,
        _ columns: Range<Int>,
        _ next: (layer: LinearLayer, column: Int)?,
        _ buffer: borrowing AlignedBuffer
    ) {
        var product = unsafe swl_gemm()
        unsafe product.rows = target.rows
        unsafe product.columns = weight.paddedOutputs
        unsafe product.first_column = columns.lowerBound
        unsafe product.end_column = AlignedBuffer.roundedUp(columns.upperBound)
        unsafe setInput(&product, source, scratch, buffer)
        unsafe product.weight = weight.address(ofColumn: 0)
        if let next { unsafe product.next_weight = next.layer.weight.address(ofColumn: next.column) }
        if let narrow {
            precondition(narrow.values.rows == target.rows && 2 * narrow.values.columns >= weight.paddedOutputs)
            unsafe product.narrow = UnsafeMutableRawPointer(buffer.address(of: narrow.values))?
                .assumingMemoryBound(to: UInt16.self)
            unsafe product.narrow_stride = 2 * narrow.values.stride
        } else {
            unsafe product.c = buffer.address(of: target)
            unsafe product.c_stride = target.stride
            unsafe product.accumulate = accumulates
        }
        if !appliesActivationAfterwards {
            unsafe product.bias = bias?.address
            unsafe product.activation = activation.fused ?? SWL_LINEAR
        }
        if let scaleShift {
            unsafe product.scale = scaleShift.scale.address
            unsafe product.shift = scaleShift.shift.address
        }
        let table = unsafe weight.arithmetic.kernels.table
        switch weight.format {
        case .float32: unsafe table.pointee.gemm_f32(&product)
        case .bfloat16: unsafe table.pointee.gemm_bf16(&product)
        case .int8: unsafe table.pointee.gemm_int8(&product)
        }
    }

    private func setInput(
        _ product: inout swl_gemm,
        _ source: MatrixRegion,
        _ scratch: OperandScratch,
        _ buffer: borrowing AlignedBuffer
    ) {
        let format = inputFormat
        guard format != .float32 else {
            unsafe product.inner = weight.inputs
            unsafe product.a = UnsafeRawPointer(buffer.address(of: source))
            unsafe product.a_stride = source.stride
            if weight.format == .bfloat16, scratch.widened.rows > 0 {
                let floats = weight.arithmetic.widenedFloats(inputs: weight.inputs)
                precondition(scratch.widened.columns >= floats, "\(scratch) is too small")
                unsafe product.widened = buffer.address(of: scratch.widened)
            }
            return
        }
        let bytes = format == .bfloat16 ? 2 : 1
        precondition(
            scratch.values.rows == source.rows && 4 * scratch.values.columns >= bytes * weight.inputs,
            "\(scratch) is too small"
        )
        unsafe product.a = UnsafeRawPointer(buffer.address(of: scratch.values))
        if format == .bfloat16 {
            unsafe product.inner = (weight.inputs + 1) / 2 * 2
            unsafe product.a_stride = 2 * scratch.values.stride
            return
        }
        unsafe product.inner = (weight.inputs + 3) / 4 * 4
        unsafe product.a_stride = 4 * scratch.values.stride
        unsafe product.a_scale = UnsafePointer(buffer.address(of: scratch.scales))
        unsafe product.a_zero_point = inputSigns.zeroPoint
        let padded = weight.paddedOutputs
        let scales = unsafe weight.outputScales.address(of: MatrixRegion(rows: 1, columns: 2 * padded))
        unsafe product.weight_scale = UnsafePointer(scales)
        unsafe product.weight_sum = UnsafeRawPointer(scales.map { unsafe $0 + padded })?
            .assumingMemoryBound(to: Int32.self)
    }
}

extension Activation {
    /// The kernels' name of the activation; nil if a product's epilogue cannot apply it.
    var fused: swl_activation? {
        switch self {
        case .linear: SWL_LINEAR
        case .relu: SWL_RELU
        case .gelu: SWL_GELU
        case .geluTanh: SWL_GELU_TANH
        default: nil
        }
    }
}

extension LinearLayer {
    /// Computes the product by one call of OpenBLAS, without bias and activation.
    func multiplyWithOpenBLAS(
        _ source: MatrixRegion,
        into target: MatrixRegion,
        columns: Range<Int>,
        of buffer: borrowing AlignedBuffer
    ) {
        let width = weight.paddedOutputs
        let matrix = MatrixRegion(rows: weight.inputs, columns: weight.outputs, stride: width)
        unsafe OpenBLAS.multiply(
            rows: source.rows,
            columns: columns.count,
            inner: weight.inputs,
            UnsafePointer(buffer.address(of: source)),
            lda: source.stride,
            UnsafePointer(weight.storage.address(of: matrix.columns(columns))),
            ldb: width,
            buffer.address(of: target.columns(columns)),
            ldc: target.stride,
            accumulating: accumulates
        )
    }
}
