internal import CKernels

/// What is done to the rows of a matrix one by one.
extension Kernels {
    /// Writes rows as bfloat16.
    func narrow(_ source: MatrixRegion, into room: OperandRoom, of buffer: borrowing AlignedBuffer) {
        let target = room.values
        precondition(source.rows == target.rows && 2 * target.columns >= source.columns, "\(source) into \(target)")
        unsafe table.pointee.narrow_rows(
            buffer.address(of: source),
            source.stride,
            source.rows,
            source.columns,
            UnsafeMutableRawPointer(buffer.address(of: target))?.assumingMemoryBound(to: UInt16.self),
            2 * target.stride
        )
    }

    /// Writes rows in 8 bits, multiplied by `balance` column by column, rotated by blocks of `rotation` columns unless
    /// that is 0, and then each with a scale of its own.
    func quantize(
        _ source: MatrixRegion,
        into room: OperandRoom,
        _ signs: ValueSigns,
        _ balance: PaddedVector?,
        rotation: Int,
        of buffer: borrowing AlignedBuffer
    ) {
        let target = room.values
        precondition(source.rows == target.rows && 4 * target.columns >= source.columns, "\(source) into \(target)")
        unsafe table.pointee.quantize_rows(
            buffer.address(of: source),
            source.stride,
            source.rows,
            source.columns,
            signs.zeroPoint,
            balance?.address,
            rotation,
            UnsafeMutableRawPointer(buffer.address(of: target))?.assumingMemoryBound(to: UInt8.self),
            4 * target.stride,
            buffer.address(of: room.scales)
        )
    }

    /// x <- activation(x + bias), in place.
    func activate(
        _ region: MatrixRegion,
        bias: PaddedVector?,
        _ activation: swl_activation,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(bias.map { $0.count == region.columns } ?? true, "a bias needs \(region.columns) values")
        guard bias != nil || activation != SWL_LINEAR else { return }
        unsafe table.pointee.activate_rows(
            buffer.address(of: region),
            region.stride,
            region.rows,
            region.columns,
            bias?.address,
            activation
        )
    }
}

extension Arithmetic {
    /// x <- x * scale + shift over each row, in place.
    ///
    /// - Precondition: there is one scale for each column.
    package func apply(_ scaleShift: ScaleShift, to region: MatrixRegion, of buffer: borrowing AlignedBuffer) {
        precondition(scaleShift.scale.count == region.columns, "NoNorm needs \(region.columns) values")
        unsafe kernels.table.pointee.scale_shift_rows(
            buffer.address(of: region),
            region.stride,
            region.rows,
            region.columns,
            scaleShift.scale.address,
            scaleShift.shift.address
        )
    }

    /// x <- LayerNorm(x + shift) over each row, in place, with the biased variance, as PyTorch's `nn.LayerNorm`.
    ///
    /// - Precondition: the norm has one value for each column.
    package func apply(_ norm: LayerNorm, to region: MatrixRegion, of buffer: borrowing AlignedBuffer) {
        precondition(norm.weight.count == region.columns, "LayerNorm needs \(region.columns) values")
        unsafe kernels.table.pointee.layer_norm_rows(
            buffer.address(of: region),
            region.stride,
            region.rows,
            region.columns,
            norm.shift.address,
            norm.weight.address,
            norm.bias.address,
            norm.epsilon
        )
    }

    /// The sum of all rows, column by column, in double precision.
    ///
    /// - Precondition: `sums` has one value for each column.
    package func sum(_ region: MatrixRegion, of buffer: borrowing AlignedBuffer, into sums: inout [Double]) {
        precondition(sums.count == region.columns, "\(region.columns) sums")
        unsafe sums.withUnsafeMutableBufferPointer { sums in
            unsafe kernels.table.pointee.sum_rows(
                buffer.address(of: region),
                region.stride,
                region.rows,
                region.columns,
                sums.baseAddress
            )
        }
    }
}

/// PyTorch's `nn.LayerNorm` behind a shift.
package struct LayerNorm: Sendable {
    let shift: PaddedVector
    let weight: PaddedVector
    let bias: PaddedVector
    let epsilon: Double

    /// - Precondition: there are as many of each.
    package init(shift: [Float], weight: [Float], bias: [Float], epsilon: Double) {
        precondition(shift.count == weight.count && bias.count == weight.count)
        self.shift = PaddedVector(shift)
        self.weight = PaddedVector(weight)
        self.bias = PaddedVector(bias)
        self.epsilon = epsilon
    }
}
