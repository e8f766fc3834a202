/// The matrix of a linear layer in the form its products want it, packed once at load, then read-only and shared.
///
/// This is the seam at which a back end is chosen: a native kernel packs panels where OpenBLAS wants [inputs, outputs].
package final class PackedWeight: Sendable {
    /// The number of values that go in: columns of the checkpoint's matrix.
    package let inputs: Int
    /// The number of values that come out: rows of the checkpoint's matrix.
    package let outputs: Int

    private let storage: AlignedBuffer
    private let region: MatrixRegion

    /// Packs a matrix that is stored as PyTorch stores it, [outputs, inputs] row-major.
    ///
    /// OpenBLAS multiplies by [inputs, outputs] up to twice as fast as by its transpose when there are few rows
    /// (M=16: 219 against 88 GFLOP/s for 128 to 256 on Zen 5), so the transpose is taken here, once.
    ///
    /// - Precondition: there are `outputs * inputs` values.
    package init(outputs: Int, inputs: Int, rowMajor values: [Float]) {
        precondition(values.count == outputs * inputs, "\(values.count) values for [\(outputs), \(inputs)]")
        self.inputs = inputs
        self.outputs = outputs
        let region = MatrixRegion(rows: inputs, columns: outputs)
        var storage = AlignedBuffer(minimumCount: region.capacity)
        storage.withMutableSpan { packed in
            // Squares of 16 by 16 keep both sides of the transposition in a few cache lines.
            let block = AlignedBuffer.vectorWidth
            for firstOutput in Swift.stride(from: 0, to: outputs, by: block) {
                for firstInput in Swift.stride(from: 0, to: inputs, by: block) {
                    for input in firstInput..<min(firstInput + block, inputs) {
                        for output in firstOutput..<min(firstOutput + block, outputs) {
                            packed[input * region.stride + output] = values[output * inputs + input]
                        }
                    }
                }
            }
        }
        self.region = region
        self.storage = storage
    }

    /// target = source W^T, or target += source W^T when `accumulating`; source is [M, inputs], target [M, outputs].
    ///
    /// - Precondition: the shapes fit, and the target does not overlap the source.
    package func multiply(
        _ source: MatrixRegion,
        into target: MatrixRegion,
        of buffer: inout AlignedBuffer,
        accumulating: Bool = false
    ) {
        buffer.multiply(source, by: storage, region, into: target, accumulating: accumulating)
    }
}
