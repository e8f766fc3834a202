internal import Encoder
internal import LinearAlgebra

/// The head of transformers' classes for sequence classification: the first token's hidden state, through a dense
/// layer with an activation (the pooler) unless config.json leaves it out, dropout, and a dense layer to the logits.
struct ClassificationHead {
    private let pooler: (dense: Linear, activation: Activation, projected: ActivationPlace)?
    private let dropout: Dropout
    private let classifier: Linear
    private let first: ActivationPlace
    /// The classifier's input.
    private let pooled: ActivationPlace
    /// Gradients of `first` and `pooled`.
    private let dfirst, dpooled: ActivationPlace
    /// [sequences, labels], and their gradient.
    let logits, dlogits: ActivationPlace

    init(
        _ configuration: EncoderConfiguration,
        labels: Int,
        _ dropout: TrainingConfiguration,
        _ plan: inout MemoryPlan
    ) {
        let architecture = configuration.architecture
        let hidden = configuration.hiddenSize
        pooler =
            configuration.activatesPooler
            ? (
                Linear(architecture.tensors.pooler, outputs: hidden, inputs: hidden, &plan),
                architecture.pooler.activation, plan.place(hidden, rows: .sequences)
            ) : nil
        self.dropout = Dropout(dropout.classifier, &plan)
        let name = architecture.heads[.sequenceClassification]?.layer ?? ""
        classifier = Linear(name, outputs: labels, inputs: hidden, &plan)
        first = plan.place(hidden, rows: .sequences)
        pooled = plan.place(hidden, rows: .sequences)
        dfirst = plan.place(hidden, rows: .sequences)
        dpooled = plan.place(hidden, rows: .sequences)
        logits = plan.place(labels, rows: .sequences)
        dlogits = plan.place(labels, rows: .sequences)
    }

    /// Writes the logits. All threads have met when it returns.
    func forward(_ hidden: MatrixRegion, _ pass: Pass) {
        let (first, pooled) = (pass[first], pass[pooled])
        let own = pass.columns(hidden.columns)
        pass.kernels.gather(
            hidden.columns(own),
            pass.batch.firsts,
            into: (pooler == nil ? pooled : first).columns(own),
            accumulating: false,
            of: pass.memory.buffer
        )
        if let pooler {
            let projected = pass[pooler.projected]
            pass.meet()
            pooler.dense.forward(first, into: projected, pass)
            pass.kernels.activate(
                projected.columns(own),
                into: pooled.columns(own),
                by: pooler.activation,
                of: pass.memory.buffer
            )
        }
        dropout.apply(toColumnsOf: pooled, pass)
        pass.meet()
        classifier.forward(pooled, into: pass[logits], pass)
        pass.meet()
    }

    /// Goes from the logits' gradient to that of all hidden states. All threads have met when it returns.
    func backward(into dhidden: MatrixRegion, _ pass: Pass) {
        let (dlogits, dpooled, dfirst) = (pass[dlogits], pass[dpooled], pass[dfirst])
        let own = pass.columns(dhidden.columns)
        classifier.parametersBackward(pass[pooled], dlogits, pass)
        classifier.inputBackward(dlogits, into: dpooled, pass)
        dropout.apply(toColumnsOf: dpooled, pass)
        if let pooler {
            pass.kernels.activateBackward(
                pass[pooler.projected].columns(own),
                dpooled.columns(own),
                by: pooler.activation,
                of: pass.memory.buffer
            )
            pass.meet()
            pooler.dense.parametersBackward(pass[first], dpooled, pass)
            pooler.dense.inputBackward(dpooled, into: dfirst, pass)
        }
        pass.kernels.fill(dhidden.columns(own), of: pass.memory.buffer)
        pass.kernels.scatter(
            (pooler == nil ? dpooled : dfirst).columns(own),
            pass.batch.firsts,
            into: dhidden.columns(own),
            of: pass.memory.buffer
        )
        pass.meet()
    }
}
