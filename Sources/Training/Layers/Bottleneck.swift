internal import LinearAlgebra

/// One of MobileBERT's bottlenecks (arXiv 2004.02984), through which hidden states enter a layer: norm(W x + b).
struct InputBottleneck {
    private let dense: Linear
    private let norm: Norm
    private let projected: ActivationPlace
    let output: ActivationPlace

    init(_ name: String, width: Int, hidden: Int, epsilon: Double?, _ plan: inout MemoryPlan) {
        dense = Linear("\(name).dense", outputs: width, inputs: hidden, &plan)
        norm = Norm("\(name).LayerNorm", width: width, epsilon: epsilon, &plan)
        projected = plan.place(width)
        output = plan.place(width)
    }

    /// Writes this thread's columns of the projection.
    func project(_ x: MatrixRegion, _ pass: Pass) { dense.forward(x, into: pass[projected], pass) }

    /// Writes this thread's rows of `output`, which need the whole projection.
    func normalize(_ pass: Pass) { norm.forward(pass[projected], into: pass[output], pass) }

    /// Writes this thread's rows of the projection's gradient, which need all of dy.
    func normalizeBackward(_ dy: MatrixRegion, into dprojected: MatrixRegion, _ pass: Pass) {
        norm.backward(pass[projected], dy, into: dprojected, pass)
    }

    /// Adds this thread's columns of dx, which need all of the projection's gradient.
    func projectBackward(_ x: MatrixRegion, _ dprojected: MatrixRegion, addingTo dx: MatrixRegion, _ pass: Pass) {
        dense.parametersBackward(x, dprojected, pass)
        dense.inputBackward(dprojected, into: dx, adding: true, pass)
    }
}

/// The bottleneck through which a layer's result returns to the hidden states: norm(dropout(W x + b) + hidden).
struct OutputBottleneck {
    private let dense: Linear
    private let residualNorm: ResidualNorm

    init(_ name: String, width: Int, hidden: Int, epsilon: Double?, dropout: Double, _ plan: inout MemoryPlan) {
        dense = Linear("\(name).dense", outputs: hidden, inputs: width, &plan)
        let norm = "\(name).LayerNorm"
        residualNorm = ResidualNorm(norm, width: hidden, epsilon: epsilon, dropout: dropout, &plan)
    }

    var output: ActivationPlace { residualNorm.output }

    /// Writes `output`. All threads have met when it returns.
    func forward(_ x: MatrixRegion, residual: MatrixRegion, _ pass: Pass) {
        dense.forward(x, into: pass[residualNorm.sum], pass)
        residualNorm.forward(residual: residual, pass)
    }

    /// Writes dx and the residual's gradient. All threads have met when it returns.
    func backward(
        _ x: MatrixRegion,
        _ dy: MatrixRegion,
        into dx: MatrixRegion,
        intoResidual dresidual: MatrixRegion,
        _ pass: Pass
    ) {
        let ddense = residualNorm.backward(dy, into: dresidual, pass)
        dense.parametersBackward(x, ddense, pass)
        dense.inputBackward(ddense, into: dx, pass)
        pass.meet()
    }
}
