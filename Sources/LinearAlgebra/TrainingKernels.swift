internal import CKernels

/// What training computes beside inference's kernels: products by OpenBLAS, whose operands may be transposed, and the
/// functions of `CKernels/training`, chosen once.
///
/// All matrices are regions of one buffer. Each function writes only the region that it is given, so threads may call
/// it for parts of one matrix.
@safe
package struct TrainingKernels {
    let table: UnsafePointer<swl_training>

    /// The fastest functions that this CPU has.
    ///
    /// - Throws: ``BackendError/openBLAS(reason:)`` if the library for the products is not there.
    package init() throws(BackendError) {
        try OpenBLAS.load()
        guard let table = unsafe swl_training_best() else { preconditionFailure("CKernels lacks its baseline table") }
        unsafe self.table = table
    }

    /// The functions of "baseline", "avx2" or "avx512"; nil if this CPU lacks them.
    package init?(name: String) throws(BackendError) {
        try OpenBLAS.load()
        guard let table = unsafe swl_training_named(name) else { return nil }
        unsafe self.table = table
    }

    /// The instruction set's name.
    package var name: String { unsafe String(cString: table.pointee.name) }

    /// C = A B, or C += A B; `transposingA` and `transposingB` take A's and B's transposes.
    ///
    /// - Precondition: the shapes fit each other.
    package func multiply(
        _ a: MatrixRegion,
        transposingA: Bool = false,
        _ b: MatrixRegion,
        transposingB: Bool = false,
        into c: MatrixRegion,
        accumulating: Bool = false,
        of buffer: borrowing AlignedBuffer
    ) {
        let inner = transposingA ? a.rows : a.columns
        precondition(c.rows == (transposingA ? a.columns : a.rows), "the rows of \(a) and \(c)")
        precondition(c.columns == (transposingB ? b.rows : b.columns), "the columns of \(b) and \(c)")
        precondition(inner == (transposingB ? b.columns : b.rows), "\(a) times \(b)")
        unsafe OpenBLAS.multiply(
            rows: c.rows,
            columns: c.columns,
            inner: inner,
            buffer.address(of: a),
            lda: a.stride,
            buffer.address(of: b),
            ldb: b.stride,
            buffer.address(of: c),
            ldc: c.stride,
            accumulating: accumulating,
            transposingA: transposingA,
            transposingB: transposingB
        )
    }

    // MARK: Rows

    /// Sets each row to a row, or to zeros.
    package func fill(_ y: MatrixRegion, with row: MatrixRegion? = nil, of buffer: borrowing AlignedBuffer) {
        precondition(row.map { $0.columns == y.columns } ?? true, "a row of \(y.columns) values")
        let start = unsafe row.flatMap { unsafe buffer.address(of: $0) }
        unsafe table.pointee.fill_rows(buffer.address(of: y), y.stride, y.rows, y.columns, start)
    }

    /// y += x.
    package func add(_ x: MatrixRegion, to y: MatrixRegion, of buffer: borrowing AlignedBuffer) {
        precondition(x.rows == y.rows && x.columns == y.columns, "\(x) added to \(y)")
        unsafe table.pointee.add_rows(
            buffer.address(of: y),
            y.stride,
            buffer.address(of: x),
            x.stride,
            y.rows,
            y.columns
        )
    }

    /// The sum of the rows of x.
    package func sumRows(
        _ x: MatrixRegion,
        into sums: MatrixRegion,
        accumulating: Bool,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(sums.rows == 1 && sums.columns == x.columns, "\(x) summed into \(sums)")
        unsafe table.pointee.sum_columns(
            buffer.address(of: x),
            x.stride,
            x.rows,
            x.columns,
            buffer.address(of: sums),
            accumulating
        )
    }

    /// y = the values of x that dropout leaves, scaled; y may be x.
    ///
    /// - Parameters:
    ///   - first: the place of the first value in the matrix of which x is a part.
    ///   - width: the columns of that matrix.
    package func drop(
        _ x: MatrixRegion,
        into y: MatrixRegion,
        first: Int = 0,
        width: Int,
        by mask: DropoutMask,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(x.rows == y.rows && x.columns == y.columns, "dropout of \(x) into \(y)")
        unsafe table.pointee.drop(
            buffer.address(of: x),
            x.stride,
            buffer.address(of: y),
            y.stride,
            x.rows,
            x.columns,
            UInt64(first),
            width,
            mask.parameters
        )
    }

    /// The sum of the squares of a row, in double precision.
    package func sumOfSquares(_ row: MatrixRegion, of buffer: borrowing AlignedBuffer) -> Double {
        precondition(row.rows == 1, "squares of one row, not of \(row)")
        return unsafe table.pointee.sum_of_squares(buffer.address(of: row), row.columns)
    }

    // MARK: Activations and softmax

    /// y = activation(x); y may be x.
    package func activate(
        _ x: MatrixRegion,
        into y: MatrixRegion,
        by activation: Activation,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(x.rows == y.rows && x.columns == y.columns, "an activation of \(x) into \(y)")
        unsafe table.pointee.activate(
            buffer.address(of: x),
            x.stride,
            buffer.address(of: y),
            y.stride,
            x.rows,
            x.columns,
            activation.ofTraining
        )
    }

    /// dy becomes the gradient of x, the activation's input. For ReLU, x may also be its output.
    package func activateBackward(
        _ x: MatrixRegion,
        _ dy: MatrixRegion,
        by activation: Activation,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(x.rows == dy.rows && x.columns == dy.columns, "an activation of \(x) and \(dy)")
        unsafe table.pointee.activate_backward(
            buffer.address(of: x),
            x.stride,
            buffer.address(of: dy),
            dy.stride,
            x.rows,
            x.columns,
            activation.ofTraining
        )
    }

    /// Each row of scores becomes softmax(scores * scale), of its first row + 1 columns if it is causal.
    package func softmax(_ scores: MatrixRegion, scale: Float, isCausal: Bool, of buffer: borrowing AlignedBuffer) {
        precondition(scores.columns > 0 && (!isCausal || scores.rows <= scores.columns), "softmax of \(scores)")
        unsafe table.pointee.softmax(
            buffer.address(of: scores),
            scores.stride,
            scores.rows,
            scores.columns,
            scale,
            isCausal
        )
    }

    /// dp, the gradient of softmax's result p, becomes that of the scores.
    package func softmaxBackward(
        _ p: MatrixRegion,
        _ dp: MatrixRegion,
        scale: Float,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(p.rows == dp.rows && p.columns == dp.columns && p.stride == dp.stride, "\(p) and \(dp)")
        unsafe table.pointee.softmax_backward(
            buffer.address(of: p),
            buffer.address(of: dp),
            p.stride,
            p.rows,
            p.columns,
            scale
        )
    }
}

extension TrainingKernels {
    /// Each row of logits becomes softmax(logits) - [column = label]: the gradient of its cross-entropy, which `losses`
    /// gets.
    ///
    /// - Parameters:
    ///   - first: the place of the first row's label among the labels.
    ///   - smoothing: the part of the target that is spread over all columns.
    /// - Precondition: there is a label for each row, below the number of columns.
    package func crossEntropy(
        _ logits: MatrixRegion,
        labels: [Int32],
        first: Int,
        smoothing: Double,
        into losses: MatrixRegion,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(losses.rows == logits.rows && losses.columns == 1, "losses of \(logits) into \(losses)")
        for row in 0..<logits.rows {
            precondition(labels[first + row] >= 0 && labels[first + row] < logits.columns, "labels of \(logits)")
        }
        unsafe labels.withUnsafeBufferPointer { labels in
            unsafe table.pointee.cross_entropy(
                buffer.address(of: logits),
                logits.stride,
                logits.rows,
                logits.columns,
                labels.baseAddress.map { unsafe $0 + first },
                smoothing,
                buffer.address(of: losses),
                losses.stride
            )
        }
    }

    /// Multiplies each row by the factor that another matrix has for it.
    package func multiplyRows(_ x: MatrixRegion, by factors: MatrixRegion, of buffer: borrowing AlignedBuffer) {
        precondition(factors.rows == x.rows && factors.columns == 1, "factors \(factors) of \(x)")
        unsafe table.pointee.multiply_rows(
            buffer.address(of: x),
            x.stride,
            x.rows,
            x.columns,
            buffer.address(of: factors),
            factors.stride
        )
    }
}

// Sendable although the value holds a pointer: the tables are constants.
extension TrainingKernels: @unchecked Sendable {}

/// Which values of a matrix dropout drops. The generator counts: the place of a value and the key give its random
/// number, so no mask is stored and no thread waits for another.
package struct DropoutMask: Sendable {
    fileprivate let parameters: swl_dropout

    /// - Parameters:
    ///   - probability: of a value to be dropped, at least 0 and less than 1.
    ///   - key: another one for each matrix and step.
    package init(probability: Double, key: UInt64) {
        precondition(probability >= 0 && probability < 1, "dropout of \(probability)")
        parameters = swl_dropout(
            key: key,
            threshold: UInt32(probability * 0x1p32),
            scale: Float(1 / (1 - probability))
        )
    }
}

extension Activation {
    fileprivate var ofTraining: swl_training_activation {
        switch self {
        case .gelu: SWL_ACT_GELU
        case .clippedGelu: SWL_ACT_CLIPPED_GELU
        case .geluTanh: SWL_ACT_GELU_TANH
        case .quickGelu: SWL_ACT_QUICK_GELU
        case .hardswish: SWL_ACT_HARDSWISH
        case .laplace: SWL_ACT_LAPLACE
        case .leakyRelu: SWL_ACT_LEAKY_RELU
        case .linear: SWL_ACT_LINEAR
        case .mish: SWL_ACT_MISH
        case .relu: SWL_ACT_RELU
        case .squaredRelu: SWL_ACT_SQUARED_RELU
        case .relu6: SWL_ACT_RELU6
        case .sigmoid: SWL_ACT_SIGMOID
        case .silu: SWL_ACT_SILU
        case .sqrtSoftplus: SWL_ACT_SQRT_SOFTPLUS
        case .tanh: SWL_ACT_TANH
        }
    }
}
