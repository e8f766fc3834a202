internal import LinearAlgebra

/// Multi-head self-attention (arXiv 1706.03762) over packed sequences, with its output's residual and norm. For each
/// head of each sequence:
///
///     P = softmax(Q K^T / sqrt(d))      O = dropout(P) V
///     dV = dropout(P)^T dO              dP = dropout(dO V^T)
///     dS = P * (dP - rowsum(P * dP)) / sqrt(d)
///     dQ = dS K                         dK = dS^T Q
///
/// P is computed again in the backward pass: stored, it would take tokens * length floats of each head.
struct SelfAttention {
    private let query, key, value: Linear
    private let dense: Linear
    private let residualNorm: ResidualNorm
    private let queries, keys, values, context: ActivationPlace
    private let dropout: Dropout
    private let headCount: Int
    private let isCausal: Bool

    /// The names of the four dense layers and of the norm.
    struct Names {
        let query, key, value, output, norm: String
    }

    init(
        _ names: Names,
        width: Int,
        valueInputs: Int,
        headCount: Int,
        isCausal: Bool,
        epsilon: Double?,
        dropout: (probabilities: Double, output: Double),
        _ plan: inout MemoryPlan
    ) {
        query = Linear(names.query, outputs: width, inputs: width, &plan)
        key = Linear(names.key, outputs: width, inputs: width, &plan)
        value = Linear(names.value, outputs: width, inputs: valueInputs, &plan)
        dense = Linear(names.output, outputs: width, inputs: width, &plan)
        residualNorm = ResidualNorm(names.norm, width: width, epsilon: epsilon, dropout: dropout.output, &plan)
        queries = plan.place(width)
        keys = plan.place(width)
        values = plan.place(width)
        context = plan.place(width)
        self.dropout = Dropout(dropout.probabilities, &plan)
        self.headCount = headCount
        self.isCausal = isCausal
    }

    var output: ActivationPlace { residualNorm.output }

    /// Writes `output`: queries and keys come from one matrix, values from another or the same. All threads have met
    /// when it returns.
    func forward(queriesFrom x: MatrixRegion, valuesFrom v: MatrixRegion, residual: MatrixRegion, _ pass: Pass) {
        query.forward(x, into: pass[queries], pass)
        key.forward(x, into: pass[keys], pass)
        value.forward(v, into: pass[values], pass)
        pass.meet()
        forEachHead(pass) { head in
            head.writeProbabilities(pass[queries], pass[keys], isCausal: isCausal, pass)
            if let mask = pass.mask(dropout, part: head.number) {
                head.drop(head.probabilities, into: head.probabilities, mask, pass)
            }
            let (v, o) = (head.part(of: pass[values]), head.part(of: pass[context]))
            pass.kernels.multiply(head.probabilities, v, into: o, of: pass.memory.buffer)
        }
        pass.meet()
        dense.forward(pass[context], into: pass[residualNorm.sum], pass)
        residualNorm.forward(residual: residual, pass)
    }

    /// Writes the gradient of the residual, and those of queries, keys and values into the scratch places, from which
    /// ``inputsBackward(queries:values:_:)`` goes on. All threads have met when it returns.
    func backward(_ dy: MatrixRegion, intoResidual dx: MatrixRegion, _ pass: Pass) {
        let ddense = residualNorm.backward(dy, into: dx, pass)
        dense.parametersBackward(pass[context], ddense, pass)
        dense.inputBackward(ddense, into: pass[pass.scratch.context], pass)
        pass.meet()
        forEachHead(pass) { headBackward($0, pass) }
        pass.meet()
    }

    private func headBackward(_ head: AttentionHead, _ pass: Pass) {
        let (kernels, memory, scratch) = (pass.kernels, pass.memory, pass.scratch)
        head.writeProbabilities(pass[queries], pass[keys], isCausal: isCausal, pass)
        let mask = pass.mask(dropout, part: head.number)
        if let mask { head.drop(head.probabilities, into: head.dropped, mask, pass) }
        let (p, dp) = (head.probabilities, head.gradient)
        let dO = head.part(of: pass[scratch.context])
        let dV = head.part(of: pass[scratch.values])
        kernels.multiply(mask == nil ? p : head.dropped, transposingA: true, dO, into: dV, of: memory.buffer)
        kernels.multiply(dO, head.part(of: pass[values]), transposingB: true, into: dp, of: memory.buffer)
        if let mask { head.drop(dp, into: dp, mask, pass) }
        kernels.softmaxBackward(p, dp, scale: head.scale, of: memory.buffer)
        let (dQ, dK) = (head.part(of: pass[scratch.queries]), head.part(of: pass[scratch.keys]))
        kernels.multiply(dp, head.part(of: pass[keys]), into: dQ, of: memory.buffer)
        kernels.multiply(dp, transposingA: true, head.part(of: pass[queries]), into: dK, of: memory.buffer)
    }

    /// Adds the gradients of the matrices that queries and keys, and values, come from; they may be one. Threads have
    /// not met when it returns.
    ///
    /// - Parameter adding: whether the queries' product is added too, instead of overwriting `queries.gradient`.
    func inputsBackward(
        queries: (input: MatrixRegion, gradient: MatrixRegion),
        adding: Bool,
        values: (input: MatrixRegion, gradient: MatrixRegion),
        _ pass: Pass
    ) {
        let (dQ, dK, dV) = (pass[pass.scratch.queries], pass[pass.scratch.keys], pass[pass.scratch.values])
        query.parametersBackward(queries.input, dQ, pass)
        key.parametersBackward(queries.input, dK, pass)
        value.parametersBackward(values.input, dV, pass)
        query.inputBackward(dQ, into: queries.gradient, adding: adding, pass)
        key.inputBackward(dK, into: queries.gradient, adding: true, pass)
        value.inputBackward(dV, into: values.gradient, adding: true, pass)
    }

    /// Calls `body` for this thread's heads of all sequences.
    private func forEachHead(_ pass: Pass, _ body: (AttentionHead) -> Void) {
        let scratch = pass[pass.scratch.attention].rows(pass.member..<pass.member + 1)
        let size = queries.columns / headCount
        for number in stride(from: pass.member, to: pass.batch.sequences.count * headCount, by: pass.members) {
            let first = number % headCount * size
            let rows = pass.batch.sequences[number / headCount]
            body(AttentionHead(number: number, rows: rows, columns: first..<first + size, scratch: scratch))
        }
    }
}

/// A head of a sequence, with the scratch memory of the thread that computes it.
private struct AttentionHead {
    /// Its number among all heads of all sequences.
    let number: Int
    /// The sequence's tokens, and the head's columns.
    private let rows, columns: Range<Int>
    /// [tokens, tokens]: P, dropout's result for P, and the gradient of P.
    let probabilities, dropped, gradient: MatrixRegion

    init(number: Int, rows: Range<Int>, columns: Range<Int>, scratch: MatrixRegion) {
        self.number = number
        self.rows = rows
        self.columns = columns
        let stride = AlignedBuffer.roundedUp(rows.count)
        let matrix = { (index: Int) in
            let offset = scratch.offset + index * rows.count * stride
            return MatrixRegion(offset: offset, rows: rows.count, columns: rows.count, stride: stride)
        }
        (probabilities, dropped, gradient) = (matrix(0), matrix(1), matrix(2))
    }

    /// 1 / sqrt(d).
    var scale: Float { 1 / Float(columns.count).squareRoot() }

    /// The head's part of a matrix of all tokens and heads.
    func part(of region: MatrixRegion) -> MatrixRegion { region.rows(rows).columns(columns) }

    func writeProbabilities(_ queries: MatrixRegion, _ keys: MatrixRegion, isCausal: Bool, _ pass: Pass) {
        let (q, k) = (part(of: queries), part(of: keys))
        pass.kernels.multiply(q, k, transposingB: true, into: probabilities, of: pass.memory.buffer)
        pass.kernels.softmax(probabilities, scale: scale, isCausal: isCausal, of: pass.memory.buffer)
    }

    func drop(_ x: MatrixRegion, into y: MatrixRegion, _ mask: DropoutMask, _ pass: Pass) {
        pass.kernels.drop(x, into: y, width: rows.count, by: mask, of: pass.memory.buffer)
    }
}
