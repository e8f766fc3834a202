internal import CKernels

/// The functions that make one row of several: a sequence's vector of its tokens' hidden states.
extension TrainingKernels {
    /// y = the sum of x's rows, of which the first counts `weight` times, and each further one `step` more.
    package func sum(
        _ x: MatrixRegion,
        weight: Float,
        step: Float,
        into y: MatrixRegion,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(y.rows == 1 && y.columns == x.columns, "\(x) summed into \(y)")
        unsafe table.pointee.pool_sum(
            buffer.address(of: x),
            x.stride,
            x.rows,
            x.columns,
            weight,
            step,
            buffer.address(of: y)
        )
    }

    /// Adds dy to each row of dx, as many times as that row counted in the sum.
    package func sumBackward(
        _ dy: MatrixRegion,
        weight: Float,
        step: Float,
        into dx: MatrixRegion,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(dy.rows == 1 && dy.columns == dx.columns, "\(dy) into \(dx)")
        unsafe table.pointee.pool_sum_backward(
            buffer.address(of: dy),
            weight,
            step,
            buffer.address(of: dx),
            dx.stride,
            dx.rows,
            dx.columns
        )
    }

    /// y = the largest value of each column of x.
    ///
    /// - Precondition: x has a row.
    package func largest(_ x: MatrixRegion, into y: MatrixRegion, of buffer: borrowing AlignedBuffer) {
        precondition(x.rows > 0 && y.rows == 1 && y.columns == x.columns, "the largest values of \(x) into \(y)")
        unsafe table.pointee.pool_largest(
            buffer.address(of: x),
            x.stride,
            x.rows,
            x.columns,
            buffer.address(of: y)
        )
    }

    /// Adds each value of dy to dx where x first has the largest value of its column, which is y's.
    ///
    /// - Precondition: x has a row.
    package func largestBackward(
        _ x: MatrixRegion,
        _ y: MatrixRegion,
        _ dy: MatrixRegion,
        into dx: MatrixRegion,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(x.rows > 0 && x.rows == dx.rows && x.columns == dx.columns, "\(x) and \(dx)")
        precondition(y.rows == 1 && dy.rows == 1, "\(y) and \(dy)")
        precondition(y.columns == x.columns && dy.columns == x.columns, "\(y) and \(dy)")
        unsafe table.pointee.pool_largest_backward(
            buffer.address(of: x),
            x.stride,
            buffer.address(of: y),
            buffer.address(of: dy),
            buffer.address(of: dx),
            dx.stride,
            x.rows,
            x.columns
        )
    }
}
