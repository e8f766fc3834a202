/// Single-precision matrix products over OpenBLAS, on the calling thread.
///
/// Every product is row-local: row i of the result depends on row i of the left operand alone, so that a non-finite
/// number in one text's rows reaches no other text.
extension AlignedBuffer {
    /// Whether a product's right operand is taken as stored or transposed.
    package enum Orientation: Sendable {
        /// B is [K, N].
        case asStored
        /// B is [N, K].
        case transposed
    }

    /// C = A B, all three inside this buffer; A is [M, K] and C is [M, N].
    ///
    /// - Precondition: the shapes fit each other, and C overlaps neither A nor B.
    package mutating func multiply(
        _ left: MatrixRegion,
        by right: MatrixRegion,
        _ orientation: Orientation,
        into result: MatrixRegion
    ) {
        precondition(!result.overlaps(left) && !result.overlaps(right), "\(result) overlaps an operand")
        let product = ProductShape(left, right, orientation, result)
        unsafe product.run(address(of: left), address(of: right), mutableAddress(of: result), accumulating: false)
    }

    /// C = A B, or C += A B when `accumulating`; A and C are inside this buffer, B [K, N] in another.
    ///
    /// - Precondition: the shapes fit each other, and C does not overlap A.
    mutating func multiply(
        _ left: MatrixRegion,
        by packed: borrowing AlignedBuffer,
        _ right: MatrixRegion,
        into result: MatrixRegion,
        accumulating: Bool
    ) {
        precondition(!result.overlaps(left), "\(result) overlaps \(left)")
        let product = ProductShape(left, right, .asStored, result)
        unsafe product.run(
            address(of: left),
            packed.address(of: right),
            mutableAddress(of: result),
            accumulating: accumulating
        )
    }
}

/// The sizes of one product, checked, in BLAS's terms.
private struct ProductShape {
    let rows: Int
    let inner: Int
    let columns: Int
    let strides: (left: Int, right: Int, result: Int)
    let orientation: AlignedBuffer.Orientation

    init(
        _ left: MatrixRegion,
        _ right: MatrixRegion,
        _ orientation: AlignedBuffer.Orientation,
        _ result: MatrixRegion
    ) {
        rows = left.rows
        inner = left.columns
        columns = result.columns
        strides = (left.stride, right.stride, result.stride)
        self.orientation = orientation
        let expected = orientation == .asStored ? (inner, columns) : (columns, inner)
        precondition(
            result.rows == rows && (right.rows, right.columns) == expected,
            "shapes don't fit: \(left) by \(right) into \(result)"
        )
    }

    @unsafe
    func run(
        _ left: UnsafePointer<Float>?,
        _ right: UnsafePointer<Float>?,
        _ result: UnsafeMutablePointer<Float>?,
        accumulating: Bool
    ) {
        unsafe OpenBLAS.multiply(
            rows: rows,
            columns: columns,
            inner: inner,
            left,
            lda: strides.left,
            right,
            ldb: strides.right,
            transposed: orientation == .transposed,
            result,
            ldc: strides.result,
            accumulating: accumulating
        )
    }
}
