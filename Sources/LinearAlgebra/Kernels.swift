internal import CKernels

/// A table of native kernels, chosen once; the arithmetic itself is in `CKernels`.
@safe
struct Kernels {
    let table: UnsafePointer<swl_kernels>

    /// The fastest kernels that this CPU has.
    static var best: Kernels {
        guard let table = unsafe swl_kernels_best() else { preconditionFailure("CKernels lacks its scalar table") }
        return unsafe Kernels(table: table)
    }

    private init(table: UnsafePointer<swl_kernels>) {
        unsafe self.table = table
    }

    /// The kernels of that name; nil if this CPU can't run them.
    init?(name: String) {
        guard let table = unsafe swl_kernels_named(name) else { return nil }
        unsafe self.table = table
    }

    /// The names of all instruction sets, the fastest first, whether this CPU has them or not.
    static var names: [String] {
        var names: [String] = []
        while let name = unsafe swl_kernels_name(names.count) { unsafe names.append(String(cString: name)) }
        return names
    }

    /// Prepares the process for these kernels, which may not be used before.
    ///
    /// - Returns: nil, or the reason for which they cannot be used.
    func start() -> String? {
        guard let start = unsafe table.pointee.start, let reason = unsafe start() else { return nil }
        return unsafe String(cString: reason)
    }

    /// The instruction set's name.
    var name: String { unsafe String(cString: table.pointee.name) }

    /// The number of columns of a panel of packed weights.
    var panel: Int { unsafe table.pointee.panel }
    /// The number of a column's weights that are packed side by side.
    var bfloat16Group: Int { unsafe table.pointee.bf16_group }
    var int8Group: Int { unsafe table.pointee.int8_group }

    /// Floats of memory that a product with bfloat16 weights of `inputs` inputs can use; 0 if the kernels do not widen
    /// weights to floats.
    func widenedFloats(inputs: Int) -> Int {
        unsafe table.pointee.widens_bf16 ? swl_widened_floats(table.pointee.panel, inputs) : 0
    }

    /// The format in which products with weights of this format read their inputs.
    func inputFormat(_ format: DataType) -> DataType {
        unsafe format == .bfloat16 && table.pointee.widens_bf16 ? .float32 : format
    }

    /// The name of the kernel for products of this type.
    func productName(_ dataType: DataType) -> String {
        let name =
            switch dataType {
            case .float32: unsafe table.pointee.gemm_f32_name
            case .bfloat16: unsafe table.pointee.gemm_bf16_name
            case .int8: unsafe table.pointee.gemm_int8_name
            }
        guard let name = unsafe name else { return "none" }
        return unsafe String(cString: name)
    }
}

// Sendable although the value holds a pointer: a table is filled before anyone gets it, and never written again.
extension Kernels: @unchecked Sendable {}

/// Functions that process each row of a matrix separately.
extension Kernels {
    /// Writes rows as bfloat16.
    func narrow(_ source: MatrixRegion, into scratch: OperandScratch, of buffer: borrowing AlignedBuffer) {
        let target = scratch.values
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

    /// Writes rows in 8 bits. Each row is multiplied by `balance` column by column, rotated in blocks of `rotation`
    /// columns unless that is 0, and then scaled by its own factor.
    func quantize(
        _ source: MatrixRegion,
        into scratch: OperandScratch,
        _ signs: ValueSigns,
        _ balance: PaddedVector?,
        rotation: Int,
        of buffer: borrowing AlignedBuffer
    ) {
        let target = scratch.values
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
            buffer.address(of: scratch.scales)
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

/// PyTorch's `nn.LayerNorm`, applied after a shift.
package struct LayerNorm: Sendable {
    let shift: PaddedVector
    let weight: PaddedVector
    let bias: PaddedVector
    let epsilon: Double

    /// - Precondition: all three have the same number of values.
    package init(shift: [Float], weight: [Float], bias: [Float], epsilon: Double) {
        precondition(shift.count == weight.count && bias.count == weight.count)
        self.shift = PaddedVector(shift)
        self.weight = PaddedVector(weight)
        self.bias = PaddedVector(bias)
        self.epsilon = epsilon
    }
}

/// x * scale + shift, unit by unit: transformers' `NoNorm`, if it could not be folded into a product.
package struct ScaleShift: Sendable {
    let scale: PaddedVector
    let shift: PaddedVector

    /// - Precondition: there are as many scales as shifts.
    package init(scale: [Float], shift: [Float]) {
        precondition(scale.count == shift.count)
        self.scale = PaddedVector(scale)
        self.shift = PaddedVector(shift)
    }
}
