internal import LinearAlgebra

/// LayerNorm (arXiv 1607.06450), or MobileBERT's NoNorm (arXiv 2004.02984): y = x * weight + bias.
struct Norm {
    private let weight: Parameter
    private let bias: Parameter
    /// nil for NoNorm.
    private let epsilon: Double?
    /// Mean and 1 / standard deviation of each row.
    private let statistics: ActivationPlace

    init(
        _ name: String,
        width: Int,
        epsilon: Double?,
        rows: ActivationPlace.Rows = .tokens,
        _ plan: inout MemoryPlan
    ) {
        weight = plan.parameter("\(name).weight", [width], decays: false, initialValue: 1)
        bias = plan.parameter("\(name).bias", [width], decays: false)
        self.epsilon = epsilon
        statistics = plan.statistics(rows: rows)
    }

    /// Writes this thread's rows of y.
    func forward(_ x: MatrixRegion, into y: MatrixRegion, _ pass: Pass) {
        let own = pass.rows(x)
        let (weight, bias) = (pass.values(weight), pass.values(bias))
        guard let epsilon else {
            pass.kernels.scale(x.rows(own), into: y.rows(own), by: weight, adding: bias, of: pass.memory.buffer)
            return
        }
        pass.kernels.layerNorm(
            x.rows(own),
            into: y.rows(own),
            weight: weight,
            bias: bias,
            epsilon: epsilon,
            statistics: pass[statistics].rows(own),
            of: pass.memory.buffer
        )
    }

    /// Writes this thread's rows of dx, and its columns of the parameters' gradients, which need all of dy.
    func backward(_ x: MatrixRegion, _ dy: MatrixRegion, into dx: MatrixRegion, _ pass: Pass) {
        let rows = pass.rows(x)
        let statistics = epsilon == nil ? nil : pass[statistics]
        if weight.isTrained {
            let columns = pass.columns(x.columns)
            pass.kernels.normParametersBackward(
                x.columns(columns),
                dy.columns(columns),
                statistics: statistics,
                weight: pass.gradient(weight).columns(columns),
                bias: pass.gradient(bias).columns(columns),
                accumulating: pass.accumulates,
                of: pass.memory.buffer
            )
        }
        guard let statistics else {
            pass.kernels.scale(dy.rows(rows), into: dx.rows(rows), by: pass.values(weight), of: pass.memory.buffer)
            return
        }
        pass.kernels.layerNormBackward(
            x.rows(rows),
            dy.rows(rows),
            into: dx.rows(rows),
            weight: pass.values(weight),
            statistics: statistics.rows(rows),
            of: pass.memory.buffer
        )
    }
}
