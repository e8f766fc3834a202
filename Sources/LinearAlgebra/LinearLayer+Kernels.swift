internal import CKernels

extension LinearLayer {
    /// One call of a native kernel.
    func multiplyWithKernels(
        _ source: MatrixRegion,
        _ room: OperandRoom,
        _ target: MatrixRegion,
        _ narrow: OperandRoom?,
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
        unsafe setInput(&product, source, room, buffer)
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
        _ room: OperandRoom,
        _ buffer: borrowing AlignedBuffer
    ) {
        guard weight.format != .float32 else {
            unsafe product.inner = weight.inputs
            unsafe product.a = UnsafeRawPointer(buffer.address(of: source))
            unsafe product.a_stride = source.stride
            return
        }
        let bytes = weight.format == .bfloat16 ? 2 : 1
        precondition(
            room.values.rows == source.rows && 4 * room.values.columns >= bytes * weight.inputs,
            "\(room) is too small"
        )
        unsafe product.a = UnsafeRawPointer(buffer.address(of: room.values))
        if weight.format == .bfloat16 {
            unsafe product.inner = (weight.inputs + 1) / 2 * 2
            unsafe product.a_stride = 2 * room.values.stride
            return
        }
        unsafe product.inner = (weight.inputs + 3) / 4 * 4
        unsafe product.a_stride = 4 * room.values.stride
        unsafe product.a_scale = UnsafePointer(buffer.address(of: room.scales))
        unsafe product.a_zero_point = inputSigns.zeroPoint
        let padded = weight.paddedOutputs
        let scales = unsafe weight.outputScales.address(of: MatrixRegion(rows: 1, columns: 2 * padded))
        unsafe product.weight_scale = UnsafePointer(scales)
        unsafe product.weight_sum = UnsafeRawPointer(scales.map { unsafe $0 + padded })?
            .assumingMemoryBound(to: Int32.self)
    }
}

extension Activation {
    /// What the kernels call it, where a product's epilogue can apply it.
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
