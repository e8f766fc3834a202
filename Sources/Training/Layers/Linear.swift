internal import LinearAlgebra

/// A dense layer: y = x W^T + b, with W [outputs, inputs] as PyTorch stores it.
///
///     dW = dy^T x      db = sum of dy's rows      dx = dy W
struct Linear {
    let weight: Parameter
    let bias: Parameter

    init(_ name: String, outputs: Int, inputs: Int, _ plan: inout MemoryPlan) {
        weight = plan.parameter("\(name).weight", [outputs, inputs], decays: true)
        bias = plan.parameter("\(name).bias", [outputs], decays: false)
    }

    var outputs: Int { weight.rows }

    /// Writes this thread's columns of y.
    func forward(_ x: MatrixRegion, into y: MatrixRegion, _ pass: Pass) {
        let own = pass.columns(outputs)
        let part = y.columns(own)
        pass.kernels.fill(part, with: pass.values(bias).columns(own), of: pass.memory.buffer)
        pass.kernels.multiply(
            x,
            pass.values(weight).rows(own),
            transposingB: true,
            into: part,
            accumulating: true,
            of: pass.memory.buffer
        )
    }

    /// Writes this thread's rows of dW and columns of db, which need all of dy.
    func parametersBackward(_ x: MatrixRegion, _ dy: MatrixRegion, _ pass: Pass) {
        guard weight.isTrained else { return }
        let own = pass.columns(outputs)
        pass.kernels.multiply(
            dy.columns(own),
            transposingA: true,
            x,
            into: pass.gradient(weight).rows(own),
            accumulating: pass.accumulates,
            of: pass.memory.buffer
        )
        pass.kernels.sumRows(
            dy.columns(own),
            into: pass.gradient(bias).columns(own),
            accumulating: pass.accumulates,
            of: pass.memory.buffer
        )
    }

    /// Writes this thread's columns of dx, or adds them, which needs all of dy.
    func inputBackward(_ dy: MatrixRegion, into dx: MatrixRegion, adding: Bool = false, _ pass: Pass) {
        let own = pass.columns(weight.columns)
        pass.kernels.multiply(
            dy,
            pass.values(weight).columns(own),
            into: dx.columns(own),
            accumulating: adding,
            of: pass.memory.buffer
        )
    }
}
