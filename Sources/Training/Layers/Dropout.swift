internal import LinearAlgebra

/// Dropout (arXiv 1207.0580): each value is 0 with a probability, and is divided by 1 minus that probability
/// otherwise. The backward pass is the same function of the gradient.
struct Dropout {
    let probability: Double
    /// The number of the matrix that it applies to, on which its random numbers depend.
    let site: UInt64

    init(_ probability: Double, _ plan: inout MemoryPlan) {
        self.probability = probability
        site = plan.site()
    }

    /// Drops values of this thread's columns, in place.
    func apply(toColumnsOf x: MatrixRegion, _ pass: Pass) {
        guard let mask = pass.mask(self) else { return }
        let own = pass.columns(x.columns)
        let part = x.columns(own)
        pass.kernels.drop(
            part,
            into: part,
            first: own.lowerBound,
            width: x.columns,
            by: mask,
            of: pass.memory.buffer
        )
    }

    /// Writes this thread's rows of y, which may be x.
    func apply(toRowsOf x: MatrixRegion, into y: MatrixRegion, _ pass: Pass) {
        guard let mask = pass.mask(self) else { return }
        let own = pass.rows(x)
        pass.kernels.drop(
            x.rows(own),
            into: y.rows(own),
            first: own.lowerBound * x.columns,
            width: x.columns,
            by: mask,
            of: pass.memory.buffer
        )
    }
}

extension Pass {
    /// The mask of one part of a matrix in this step; nil if dropout drops nothing.
    func mask(_ dropout: Dropout, part: Int = 0) -> DropoutMask? {
        guard let dropoutSeed, dropout.probability > 0 else { return nil }
        let key = SplitMix64.mix(SplitMix64.mix(dropoutSeed ^ dropout.site) ^ UInt64(part))
        return DropoutMask(probability: dropout.probability, key: key)
    }
}

/// What follows a dense layer in a residual block: y = norm(dropout(x) + residual).
struct ResidualNorm {
    private let norm: Norm
    private let dropout: Dropout
    /// The dense layer's output, to which the residual is added in place.
    let sum: ActivationPlace
    let output: ActivationPlace

    init(_ name: String, width: Int, epsilon: Double?, dropout: Double, _ plan: inout MemoryPlan) {
        norm = Norm(name, width: width, epsilon: epsilon, &plan)
        self.dropout = Dropout(dropout, &plan)
        sum = plan.place(width)
        output = plan.place(width)
    }

    /// Completes `sum`, of which each thread has written its columns, and normalizes it. All threads have met when it
    /// returns.
    func forward(residual: MatrixRegion, _ pass: Pass) {
        let sum = pass[sum]
        let own = pass.columns(sum.columns)
        dropout.apply(toColumnsOf: sum, pass)
        pass.kernels.add(residual.columns(own), to: sum.columns(own), of: pass.memory.buffer)
        pass.meet()
        norm.forward(sum, into: pass[output], pass)
        pass.meet()
    }

    /// Writes the gradient of the sum, which is that of the residual. All threads have met when it returns.
    ///
    /// - Returns: the gradient of the dense layer's output, which dropout makes another one.
    func backward(_ dy: MatrixRegion, into dsum: MatrixRegion, _ pass: Pass) -> MatrixRegion {
        norm.backward(pass[sum], dy, into: dsum, pass)
        let masked = pass[pass.scratch.masked(width: dsum.columns)]
        let isMasked = pass.mask(dropout) != nil
        if isMasked { dropout.apply(toRowsOf: dsum, into: masked, pass) }
        pass.meet()
        return isMasked ? masked : dsum
    }
}
