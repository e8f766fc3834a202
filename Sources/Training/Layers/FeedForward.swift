internal import LinearAlgebra

/// A feed-forward network: norm(dropout(W2 f(W1 x)) + x), without biases in this formula.
struct FeedForward {
    private let intermediate: Linear
    private let activation: Activation
    private let dense: Linear
    private let residualNorm: ResidualNorm
    /// The activation's input and output; one place where the gradient needs no more than the output.
    private let inner: ActivationPlace
    private let activated: ActivationPlace

    init(
        _ names: (intermediate: String, output: String, norm: String),
        width: Int,
        inside: Int,
        activation: Activation,
        epsilon: Double?,
        dropout: Double,
        _ plan: inout MemoryPlan
    ) {
        intermediate = Linear(names.intermediate, outputs: inside, inputs: width, &plan)
        self.activation = activation
        dense = Linear(names.output, outputs: width, inputs: inside, &plan)
        residualNorm = ResidualNorm(names.norm, width: width, epsilon: epsilon, dropout: dropout, &plan)
        inner = plan.place(inside)
        activated = activation == .relu ? inner : plan.place(inside)
    }

    var output: ActivationPlace { residualNorm.output }

    /// Writes `output`. All threads have met when it returns.
    func forward(_ x: MatrixRegion, _ pass: Pass) {
        let (inner, activated) = (pass[inner], pass[activated])
        let own = pass.columns(inner.columns)
        intermediate.forward(x, into: inner, pass)
        pass.kernels.activate(
            inner.columns(own),
            into: activated.columns(own),
            by: activation,
            of: pass.memory.buffer
        )
        pass.meet()
        dense.forward(activated, into: pass[residualNorm.sum], pass)
        residualNorm.forward(residual: x, pass)
    }

    /// Writes dx. All threads have met when it returns.
    func backward(
        _ x: MatrixRegion,
        _ dy: MatrixRegion,
        into dx: MatrixRegion,
        _ pass: Pass
    ) {
        let (inner, activated) = (pass[inner], pass[activated])
        let dinner = pass[pass.scratch.intermediate]
        let ddense = residualNorm.backward(dy, into: dx, pass)
        dense.parametersBackward(activated, ddense, pass)
        dense.inputBackward(ddense, into: dinner, pass)
        let own = pass.columns(inner.columns)
        pass.kernels.activateBackward(
            inner.columns(own),
            dinner.columns(own),
            by: activation,
            of: pass.memory.buffer
        )
        pass.meet()
        intermediate.parametersBackward(x, dinner, pass)
        intermediate.inputBackward(dinner, into: dx, adding: true, pass)
        pass.meet()
    }
}
