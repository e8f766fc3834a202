internal import CKernels

/// The functions that read or move parameters: norms, embeddings and the optimizer.
extension TrainingKernels {
    /// y = LayerNorm(x), with mean and 1 / standard deviation of each row in `statistics`, [rows, 2] without gaps.
    package func layerNorm(
        _ x: MatrixRegion,
        into y: MatrixRegion,
        weight: MatrixRegion,
        bias: MatrixRegion,
        epsilon: Double,
        statistics: MatrixRegion,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(x.rows == y.rows && x.columns == y.columns, "LayerNorm of \(x) into \(y)")
        checkNorm(x, weight, bias, statistics)
        unsafe table.pointee.layer_norm(
            buffer.address(of: x),
            x.stride,
            buffer.address(of: y),
            y.stride,
            x.rows,
            x.columns,
            buffer.address(of: weight),
            buffer.address(of: bias),
            epsilon,
            buffer.address(of: statistics)
        )
    }

    /// dx of LayerNorm, from dy.
    package func layerNormBackward(
        _ x: MatrixRegion,
        _ dy: MatrixRegion,
        into dx: MatrixRegion,
        weight: MatrixRegion,
        statistics: MatrixRegion,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(x.rows == dy.rows && dx.rows == dy.rows, "LayerNorm of \(x) and \(dy)")
        precondition(x.columns == dy.columns && dx.columns == dy.columns, "LayerNorm of \(x) and \(dy)")
        checkNorm(x, weight, weight, statistics)
        unsafe table.pointee.layer_norm_backward(
            buffer.address(of: x),
            x.stride,
            buffer.address(of: dy),
            dy.stride,
            buffer.address(of: dx),
            dx.stride,
            x.rows,
            x.columns,
            buffer.address(of: weight),
            buffer.address(of: statistics)
        )
    }

    /// The gradients of a norm's weight and bias; NoNorm's without statistics.
    package func normParametersBackward(
        _ x: MatrixRegion,
        _ dy: MatrixRegion,
        statistics: MatrixRegion?,
        weight: MatrixRegion,
        bias: MatrixRegion,
        accumulating: Bool,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(x.rows == dy.rows && x.columns == dy.columns, "a norm of \(x) and \(dy)")
        checkNorm(x, weight, bias, statistics)
        let start = unsafe statistics.flatMap { unsafe buffer.address(of: $0) }
        unsafe table.pointee.norm_parameters_backward(
            buffer.address(of: x),
            x.stride,
            buffer.address(of: dy),
            dy.stride,
            x.rows,
            x.columns,
            start,
            buffer.address(of: weight),
            buffer.address(of: bias),
            accumulating
        )
    }

    private func checkNorm(
        _ x: MatrixRegion,
        _ weight: MatrixRegion,
        _ bias: MatrixRegion,
        _ statistics: MatrixRegion?
    ) {
        precondition(weight.rows == 1 && weight.columns == x.columns, "a norm's weight for \(x)")
        precondition(bias.rows == 1 && bias.columns == x.columns, "a norm's bias for \(x)")
        guard let statistics else { return }
        precondition(statistics.rows == x.rows && statistics.columns == 2 && statistics.stride == 2, "\(statistics)")
    }

    /// y = x * scale + bias in each row, or x * scale.
    package func scale(
        _ x: MatrixRegion,
        into y: MatrixRegion,
        by scale: MatrixRegion,
        adding bias: MatrixRegion? = nil,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(x.rows == y.rows && x.columns == y.columns, "NoNorm of \(x) into \(y)")
        checkNorm(x, scale, bias ?? scale, nil)
        let start = unsafe bias.flatMap { unsafe buffer.address(of: $0) }
        unsafe table.pointee.scale_rows(
            buffer.address(of: x),
            x.stride,
            buffer.address(of: y),
            y.stride,
            x.rows,
            x.columns,
            buffer.address(of: scale),
            start
        )
    }

    /// y = the rows of a table with these numbers, or y += them; a negative number stands for a row of zeros.
    ///
    /// - Precondition: there is a number for each row of y, below the table's rows.
    package func gather(
        _ table: MatrixRegion,
        _ numbers: [Int32],
        into y: MatrixRegion,
        accumulating: Bool,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(numbers.count >= y.rows && table.columns == y.columns, "\(numbers.count) rows of \(table)")
        unsafe numbers.withUnsafeBufferPointer { numbers in
            unsafe self.table.pointee.gather(
                buffer.address(of: table),
                table.stride,
                numbers.baseAddress,
                buffer.address(of: y),
                y.stride,
                y.rows,
                y.columns,
                accumulating
            )
        }
    }

    /// Adds the rows of dy to those of a table with these numbers, except to row `ignored`.
    ///
    /// - Precondition: there is a number for each row of dy, below the table's rows.
    package func scatter(
        _ dy: MatrixRegion,
        _ numbers: [Int32],
        ignoring ignored: Int32 = -1,
        into table: MatrixRegion,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(numbers.count >= dy.rows && table.columns == dy.columns, "\(numbers.count) rows of \(table)")
        unsafe numbers.withUnsafeBufferPointer { numbers in
            unsafe self.table.pointee.scatter(
                buffer.address(of: table),
                table.stride,
                numbers.baseAddress,
                ignored,
                buffer.address(of: dy),
                dy.stride,
                dy.rows,
                dy.columns
            )
        }
    }

    /// One step of AdamW for a run of parameters. Without a gradient, it is zero.
    ///
    /// - Precondition: the runs are rows of equal length.
    package func adamW(
        _ parameters: MatrixRegion,
        gradient: MatrixRegion?,
        firstMoment: MatrixRegion,
        secondMoment: MatrixRegion,
        _ step: AdamWStep,
        of buffer: borrowing AlignedBuffer
    ) {
        precondition(parameters.rows == 1 && firstMoment.rows == 1 && secondMoment.rows == 1, "AdamW of one row")
        let columns = parameters.columns
        precondition(firstMoment.columns == columns && secondMoment.columns == columns, "AdamW of \(parameters)")
        precondition(gradient.map { $0.rows == 1 && $0.columns == columns } ?? true, "AdamW of \(parameters)")
        let start = unsafe gradient.flatMap { unsafe buffer.address(of: $0) }
        unsafe table.pointee.adamw(
            buffer.address(of: parameters),
            start,
            buffer.address(of: firstMoment),
            buffer.address(of: secondMoment),
            parameters.columns,
            swl_adamw(
                step_size: step.stepSize,
                decay: step.decay,
                beta1: step.beta1,
                beta2: step.beta2,
                epsilon: step.epsilon,
                second_correction: step.secondCorrection,
                gradient_scale: step.gradientScale
            )
        )
    }
}

/// The numbers of one step of AdamW.
package struct AdamWStep: Sendable, Equatable {
    /// The learning rate divided by 1 - beta1^t.
    package var stepSize: Float
    /// 1 - learning rate * weight decay.
    package var decay: Float
    /// The decay of the first moment, and of the second.
    package var beta1, beta2: Float
    /// Added to the root of the second moment.
    package var epsilon: Float
    /// 1 / sqrt(1 - beta2^t).
    package var secondCorrection: Float
    /// The factor of gradient clipping.
    package var gradientScale: Float

    /// All numbers as given.
    package init(
        stepSize: Float,
        decay: Float,
        beta1: Float,
        beta2: Float,
        epsilon: Float,
        secondCorrection: Float,
        gradientScale: Float
    ) {
        self.stepSize = stepSize
        self.decay = decay
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.secondCorrection = secondCorrection
        self.gradientScale = gradientScale
    }
}
