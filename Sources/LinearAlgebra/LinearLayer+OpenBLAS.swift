extension LinearLayer {
    /// One call of OpenBLAS; bias and activation are applied afterwards.
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
