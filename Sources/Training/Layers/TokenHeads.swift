internal import Encoder
internal import LinearAlgebra

extension Pass {
    /// Writes this thread's columns of the hidden states of the tokens that have a label, which alone the loss needs.
    func gatherLabelled(_ hidden: MatrixRegion, into states: ActivationPlace) {
        let own = columns(hidden.columns)
        kernels.gather(
            hidden.columns(own),
            batch.labelled,
            into: self[states].columns(own),
            accumulating: false,
            of: memory.buffer
        )
    }

    /// Writes this thread's columns of the gradient of all hidden states, from those of the tokens with a label.
    func scatterLabelled(_ dstates: ActivationPlace, into dhidden: MatrixRegion) {
        let own = columns(dhidden.columns)
        kernels.fill(dhidden.columns(own), of: memory.buffer)
        kernels.scatter(self[dstates].columns(own), batch.labelled, into: dhidden.columns(own), of: memory.buffer)
    }
}

/// The head of transformers' classes for token classification: dropout, and a dense layer to the logits of each token.
struct TokenClassificationHead: TrainableHead {
    /// The classifier's input, and its gradient.
    private let states, dstates: ActivationPlace
    private let dropout: Dropout
    private let classifier: Linear
    /// [labelled tokens, labels].
    let output, doutput: ActivationPlace

    init(
        _ configuration: EncoderConfiguration,
        labels: Int,
        _ dropout: TrainingConfiguration,
        _ plan: inout MemoryPlan
    ) {
        states = plan.place(configuration.hiddenSize, rows: .labelled)
        dstates = plan.place(configuration.hiddenSize, rows: .labelled)
        self.dropout = Dropout(dropout.tokenClassifier, &plan)
        let name = configuration.architecture.heads[.tokenClassification]?.layer ?? ""
        classifier = Linear(name, outputs: labels, inputs: configuration.hiddenSize, &plan)
        output = plan.place(labels, rows: .labelled)
        doutput = plan.place(labels, rows: .labelled)
    }

    func forward(_ hidden: MatrixRegion, _ pass: Pass) {
        pass.gatherLabelled(hidden, into: states)
        dropout.apply(toColumnsOf: pass[states], pass)
        pass.meet()
        classifier.forward(pass[states], into: pass[output], pass)
        pass.meet()
    }

    func backward(_ hidden: MatrixRegion, into dhidden: MatrixRegion, _ pass: Pass) {
        classifier.parametersBackward(pass[states], pass[doutput], pass)
        classifier.inputBackward(pass[doutput], into: pass[dstates], pass)
        dropout.apply(toColumnsOf: pass[dstates], pass)
        pass.scatterLabelled(dstates, into: dhidden)
        pass.meet()
    }
}

/// The head of transformers' classes for question answering: a dense layer to two logits of each token, for the
/// answer's first token and for its last one. DistilBERT has dropout before it.
struct QuestionAnsweringHead: TrainableHead {
    private let dropout: Dropout
    private let classifier: Linear
    /// The classifier's input where values are dropped.
    private let dropped: ActivationPlace
    /// [tokens, 2].
    let output, doutput: ActivationPlace

    init(_ configuration: EncoderConfiguration, _ dropout: TrainingConfiguration, _ plan: inout MemoryPlan) {
        let name = configuration.architecture.heads[.questionAnswering]?.layer ?? ""
        self.dropout = Dropout(dropout.answers, &plan)
        classifier = Linear(name, outputs: 2, inputs: configuration.hiddenSize, &plan)
        dropped = plan.place(configuration.hiddenSize)
        output = plan.place(2)
        doutput = plan.place(2)
    }

    private func input(_ hidden: MatrixRegion, _ pass: Pass) -> MatrixRegion {
        pass.mask(dropout) == nil ? hidden : pass[dropped]
    }

    func forward(_ hidden: MatrixRegion, _ pass: Pass) {
        dropout.apply(toRowsOf: hidden, into: pass[dropped], pass)
        pass.meet()
        classifier.forward(input(hidden, pass), into: pass[output], pass)
        pass.meet()
    }

    func backward(_ hidden: MatrixRegion, into dhidden: MatrixRegion, _ pass: Pass) {
        classifier.parametersBackward(input(hidden, pass), pass[doutput], pass)
        classifier.inputBackward(pass[doutput], into: dhidden, pass)
        dropout.apply(toColumnsOf: dhidden, pass)
        pass.meet()
    }
}
