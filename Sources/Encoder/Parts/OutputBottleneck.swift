internal import LinearAlgebra

/// transformers' `OutputBottleneck`: from inside a layer back to the hidden states.
struct OutputBottleneck: Sendable {
    /// Adds to the hidden states' stream.
    let projection: LinearLayer
    let norm: NormStep

    /// Adds the layer's result to the hidden states.
    func forward(_ pass: BlockPass, source: MatrixRegion, next: LinearLayer?) {
        pass.apply(projection, to: source, into: pass.at.hidden, norm: norm, next: next)
    }
}
