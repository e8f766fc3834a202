internal import CKernels

/// The matrix of a linear layer in the layout that its products read, packed once at load, then read-only and shared.
package final class PackedWeight: Sendable {
    /// The number of inputs: columns of the checkpoint's matrix.
    package let inputs: Int
    /// The number of outputs: rows of the checkpoint's matrix.
    package let outputs: Int
    /// The format in which the matrix is stored and multiplied.
    package let format: DataType

    let arithmetic: Arithmetic
    /// Panels as `CKernels` describes them. For OpenBLAS the layout is [inputs, outputs]: it multiplies a few rows by
    /// this layout up to twice as fast as by the transposed one.
    let storage: AlignedBuffer
    /// int8 only: each output's scale, then each output's sum of packed weights, stored as the bits of an Int32.
    let outputScales: AlignedBuffer
    /// Columns of the blocks in which inputs are rotated while they are quantized; 0 for no rotation. The weights are
    /// rotated by the inverse.
    package let rotation: Int

    /// ``outputs`` rounded up to whole vectors: the columns that a product writes.
    var paddedOutputs: Int { AlignedBuffer.roundedUp(outputs) }

    /// The address of the panel that begins with output `column`; native formats only.
    @unsafe
    func address(ofColumn column: Int) -> UnsafeRawPointer? {
        precondition(column <= paddedOutputs, "column \(column) of \(outputs)")
        let columnBytes =
            switch format {
            case .float32: 4 * inputs
            case .bfloat16: 2 * ((inputs + 1) / 2 * 2)
            case .int8: (inputs + 3) / 4 * 4
            }
        let whole = MatrixRegion(rows: 1, columns: storage.count)
        return unsafe UnsafeRawPointer(storage.address(of: whole)).map { unsafe $0 + column * columnBytes }
    }

    /// Packs a matrix whose rows are written one by one, so that no second copy of it is needed.
    ///
    /// - Parameters:
    ///   - rotatesInputs: whether to rotate the inputs. This is done only for int8, and only if the number of inputs
    ///     allows it (`swl_rotation`).
    ///   - fillRow: called once for each output in order; writes its `inputs` weights from `start` on.
    package init(
        outputs: Int,
        inputs: Int,
        format: DataType,
        arithmetic: Arithmetic,
        rotatesInputs: Bool = false,
        arena: WeightArena? = nil,
        fillRow: (_ output: Int, _ values: inout MutableSpan<Float>, _ start: Int) -> Void
    ) {
        precondition(arithmetic.backend != .openblas || format == .float32, "OpenBLAS has float32 products only")
        precondition(!rotatesInputs || format == .int8, "only 8 bits need a rotation")
        self.inputs = inputs
        self.outputs = outputs
        self.format = format
        self.arithmetic = arithmetic
        rotation = rotatesInputs ? swl_rotation(inputs) : 0
        let packer = Packer(
            outputs: outputs,
            inputs: inputs,
            format: format,
            arithmetic: arithmetic,
            rotation: rotation
        )
        var storage = AlignedBuffer(minimumCount: packer.storageFloats, zeroed: false, arena: arena)
        var scales = AlignedBuffer(minimumCount: format == .int8 ? 2 * AlignedBuffer.roundedUp(outputs) : 0)
        packer.pack(into: &storage, scales: &scales, fillRow: fillRow)
        self.storage = storage
        outputScales = scales
    }

    /// Packs a matrix in PyTorch's layout, [outputs, inputs] row-major.
    ///
    /// - Precondition: there are `outputs * inputs` values.
    package convenience init(
        outputs: Int,
        inputs: Int,
        format: DataType,
        arithmetic: Arithmetic,
        rotatesInputs: Bool = false,
        rowMajor values: [Float]
    ) {
        precondition(values.count == outputs * inputs, "\(values.count) values for [\(outputs), \(inputs)]")
        self.init(
            outputs: outputs,
            inputs: inputs,
            format: format,
            arithmetic: arithmetic,
            rotatesInputs: rotatesInputs
        ) { output, row, start in
            for input in 0..<inputs { row[start + input] = values[output * inputs + input] }
        }
    }
}

/// Collects rows of weights and packs them a panel at a time.
private struct Packer {
    let outputs: Int
    let inputs: Int
    let format: DataType
    let arithmetic: Arithmetic
    let rotation: Int

    private var isForOpenBLAS: Bool { arithmetic.backend == .openblas }
    private var paddedOutputs: Int { AlignedBuffer.roundedUp(outputs) }

    var storageFloats: Int {
        if isForOpenBLAS { return inputs * paddedOutputs }
        let bytes =
            switch format {
            case .float32: swl_packed_bytes_f32(outputs, inputs)
            case .bfloat16: swl_packed_bytes_bf16(outputs, inputs)
            case .int8: swl_packed_bytes_int8(outputs, inputs)
            }
        return (bytes + MemoryLayout<Float>.stride - 1) / MemoryLayout<Float>.stride
    }

    func pack(
        into storage: inout AlignedBuffer,
        scales: inout AlignedBuffer,
        fillRow: (_ output: Int, _ values: inout MutableSpan<Float>, _ start: Int) -> Void
    ) {
        let step = arithmetic.kernels.panel
        let panelRegion = MatrixRegion(rows: step, columns: inputs)
        var panel = AlignedBuffer(minimumCount: panelRegion.capacity)
        for first in stride(from: 0, to: outputs, by: step) {
            let range = first..<min(first + step, outputs)
            panel.withMutableSpan { values in
                for output in range {
                    fillRow(output, &values, (output - first) * panelRegion.stride)
                }
            }
            if isForOpenBLAS {
                transpose(panel, panelRegion.stride, range, into: &storage)
            } else {
                packPanel(panel, panelRegion, range, into: storage, scales: scales)
            }
        }
    }

    private func transpose(
        _ panel: borrowing AlignedBuffer,
        _ stride: Int,
        _ range: Range<Int>,
        into storage: inout AlignedBuffer
    ) {
        let width = paddedOutputs
        panel.withSpan { values in
            storage.withMutableSpan { packed in
                for input in 0..<inputs {
                    for output in range {
                        packed[input * width + output] = values[(output - range.lowerBound) * stride + input]
                    }
                    if range.upperBound == outputs {
                        for output in outputs..<width { packed[input * width + output] = 0 }
                    }
                }
            }
        }
    }

    private func packPanel(
        _ panel: borrowing AlignedBuffer,
        _ region: MatrixRegion,
        _ range: Range<Int>,
        into storage: borrowing AlignedBuffer,
        scales: borrowing AlignedBuffer
    ) {
        let (first, end, width) = (range.lowerBound, range.upperBound, arithmetic.kernels.panel)
        let rows = unsafe panel.address(of: region)
        let whole = MatrixRegion(rows: 1, columns: storage.count)
        let packed = unsafe UnsafeMutableRawPointer(storage.address(of: whole))
        switch format {
        case .float32:
            unsafe swl_pack_f32(
                rows,
                region.stride,
                first,
                end,
                outputs,
                inputs,
                width,
                packed?.assumingMemoryBound(to: Float.self)
            )
        case .bfloat16:
            unsafe swl_pack_bf16(
                rows,
                region.stride,
                first,
                end,
                outputs,
                inputs,
                width,
                arithmetic.kernels.bfloat16Group,
                packed?.assumingMemoryBound(to: UInt16.self)
            )
        case .int8:
            if rotation > 0 { unsafe swl_rotate_weights(rows, region.stride, end - first, inputs, rotation) }
            let scale = unsafe scales.address(of: MatrixRegion(rows: 1, columns: paddedOutputs))
            let sums = unsafe UnsafeMutableRawPointer(scale.map { unsafe $0 + paddedOutputs })
            unsafe swl_pack_int8(
                rows,
                region.stride,
                first,
                end,
                outputs,
                inputs,
                width,
                arithmetic.kernels.int8Group,
                packed?.assumingMemoryBound(to: Int8.self),
                scale,
                sums?.assumingMemoryBound(to: Int32.self)
            )
        }
    }
}
