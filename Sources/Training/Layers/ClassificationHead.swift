internal import Encoder
internal import LinearAlgebra

/// The head of transformers' classes for sequence classification and, with one logit, multiple choice: the first
/// token's hidden state, through a dense layer with an activation (the pooler) unless config.json leaves it out,
/// dropout, and a dense layer to the logits.
struct ClassificationHead: TrainableHead {
    private let pooler: (dense: Linear, activation: Activation, projected: ActivationPlace)?
    private let dropout: Dropout
    private let classifier: Linear
    private let first: ActivationPlace
    /// The classifier's input.
    private let pooled: ActivationPlace
    /// Gradients of `first` and `pooled`.
    private let dfirst, dpooled: ActivationPlace
    /// [sequences, labels], and their gradient.
    let output, doutput: ActivationPlace

    init(
        _ configuration: EncoderConfiguration,
        _ head: Head,
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
        classifier = Linear(architecture.heads[head]?.layer ?? "", outputs: labels, inputs: hidden, &plan)
        first = plan.place(hidden, rows: .sequences)
        pooled = plan.place(hidden, rows: .sequences)
        dfirst = plan.place(hidden, rows: .sequences)
        dpooled = plan.place(hidden, rows: .sequences)
        output = plan.place(labels, rows: .sequences)
        doutput = plan.place(labels, rows: .sequences)
    }

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
        classifier.forward(pooled, into: pass[output], pass)
        pass.meet()
    }

    func backward(_ hidden: MatrixRegion, into dhidden: MatrixRegion, _ pass: Pass) {
        let (dlogits, dpooled, dfirst) = (pass[doutput], pass[dpooled], pass[dfirst])
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
