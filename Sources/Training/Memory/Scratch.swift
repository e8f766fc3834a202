internal import LinearAlgebra

/// The places of gradients that no layer keeps, and of one attention head for each thread. All layers share them.
struct Scratch: Sendable {
    /// Gradients of hidden states: what comes from above, and what goes below.
    let hidden: (ActivationPlace, ActivationPlace)
    /// Gradients inside layers with bottlenecks; the same places as ``hidden`` without.
    let inner: (ActivationPlace, ActivationPlace)
    /// Gradients that dropout makes others than those of the residual.
    private let maskedHidden: ActivationPlace
    private let maskedInner: ActivationPlace
    /// Gradients inside a feed-forward network.
    let intermediate: ActivationPlace
    let context, queries, keys, values: ActivationPlace
    /// The gradient of the input of the embeddings' transformation.
    let embedded: ActivationPlace
    /// Three matrices of an attention head for each thread: [longest, longest].
    let attention: ActivationPlace

    /// - Parameters:
    ///   - width: of activations inside layers.
    ///   - inside: the width inside feed-forward networks.
    ///   - embedded: the width of the input of the embeddings' transformation; 0 without one.
    init(hidden: Int, width: Int, inside: Int, embedded: Int, hasBottlenecks: Bool, _ plan: inout MemoryPlan) {
        self.hidden = (plan.place(hidden), plan.place(hidden))
        inner = hasBottlenecks ? (plan.place(width), plan.place(width)) : self.hidden
        maskedHidden = plan.place(hidden)
        maskedInner = hasBottlenecks ? plan.place(width) : maskedHidden
        intermediate = plan.place(inside)
        context = plan.place(width)
        queries = plan.place(width)
        keys = plan.place(width)
        values = plan.place(width)
        self.embedded = plan.place(max(1, embedded))
        let longest = plan.capacity.longest
        attention = plan.place(3 * longest * AlignedBuffer.roundedUp(longest), rows: .members)
    }

    /// The place for a masked gradient of this width.
    func masked(width: Int) -> ActivationPlace { width == maskedInner.columns ? maskedInner : maskedHidden }
}
