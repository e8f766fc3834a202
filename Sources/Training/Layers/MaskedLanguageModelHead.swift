internal import Encoder
internal import LinearAlgebra

/// The head of transformers' masked language models, for the masked tokens alone: a dense layer with the model's
/// activation, LayerNorm, and a product with the word embeddings, which are its decoder too:
///
///     t = LayerNorm(activation(W h + b))      x = E t + c      loss = log(sum over v of e^x_v) - x_label
///     dx = (softmax(x) - [v = label]) dloss   dE = dx t^T      dt = E^T dx
///
/// Where the embeddings E are narrower than the hidden states, as in MobileBERT, they read the first units of t, and a
/// matrix of the decoder's own the others. The output is the loss of each token, so that logits, of which there are
/// tens of thousands for a token, stay in the kernels.
struct MaskedLanguageModelHead: TrainableHead {
    /// The hidden states of the masked tokens, and the gradient of the norm's input.
    private let states, dactivated: ActivationPlace
    private let dense: Linear
    private let activation: Activation
    private let norm: Norm
    /// [vocabulary, width of the embeddings]: the word embeddings, or a matrix beside them.
    private let decoder: Parameter
    /// [the other units, vocabulary]; nil where there are none.
    private let decoderExtension: Parameter?
    private let bias: Parameter
    private let projected, activated, transformed: ActivationPlace
    private let dtransformed: ActivationPlace
    /// [masked tokens, vocabulary]: logits, then softmax(x) - [v = label].
    private let logits: ActivationPlace
    /// [masked tokens, 1].
    let output, doutput: ActivationPlace

    /// - Parameter words: the word embeddings.
    init(_ configuration: EncoderConfiguration, words: Parameter, _ plan: inout MemoryPlan) {
        let architecture = configuration.architecture
        let (names, layer) = (architecture.tensors, architecture.heads[.maskedLanguageModel]?.layer ?? "")
        let (width, vocabulary) = (configuration.hiddenSize, configuration.vocabularySize)
        states = plan.place(width, rows: .labelled)
        dactivated = plan.place(width, rows: .labelled)
        dense = Linear(names.languageTransform, outputs: width, inputs: width, &plan)
        activation = configuration.activation
        norm = Norm(
            names.languageNorm,
            width: width,
            epsilon: configuration.layerNormEpsilon,
            rows: .labelled,
            &plan
        )
        let others = width - configuration.embeddingSize
        decoder =
            configuration.tiesWordEmbeddings
            ? words : plan.parameter("\(layer).weight", [vocabulary, configuration.embeddingSize], decays: true)
        decoderExtension =
            others > 0
            ? names.decoderExtension.map { plan.parameter($0, [others, vocabulary], decays: true) } : nil
        let biasName = configuration.tiesWordEmbeddings ? names.decoderBias : "\(layer).bias"
        bias = plan.parameter(biasName, [vocabulary], decays: false)
        projected = plan.place(width, rows: .labelled)
        activated = plan.place(width, rows: .labelled)
        transformed = plan.place(width, rows: .labelled)
        dtransformed = plan.place(width, rows: .labelled)
        logits = plan.place(vocabulary, rows: .labelled)
        output = plan.place(1, rows: .labelled)
        doutput = plan.place(1, rows: .labelled)
    }

    func forward(_ hidden: MatrixRegion, _ pass: Pass) {
        let (projected, activated, transformed) = (pass[projected], pass[activated], pass[transformed])
        let own = pass.columns(hidden.columns)
        pass.gatherLabelled(hidden, into: states)
        pass.meet()
        dense.forward(pass[states], into: projected, pass)
        pass.kernels.activate(
            projected.columns(own),
            into: activated.columns(own),
            by: activation,
            of: pass.memory.buffer
        )
        pass.meet()
        norm.forward(activated, into: transformed, pass)
        pass.meet()
        decode(transformed, pass)
        pass.meet()
        let (logits, rows) = (pass[logits], pass.rows(pass[logits]))
        pass.kernels.crossEntropy(
            logits.rows(rows),
            labels: pass.batch.labels,
            first: rows.lowerBound,
            smoothing: pass.labelSmoothing,
            into: pass[output].rows(rows),
            of: pass.memory.buffer
        )
        pass.meet()
    }

    /// Writes this thread's columns of the logits.
    private func decode(_ transformed: MatrixRegion, _ pass: Pass) {
        let (words, others) = parts(transformed)
        let own = pass.columns(logits.columns)
        let logits = pass[logits].columns(own)
        pass.kernels.fill(logits, with: pass.values(bias).columns(own), of: pass.memory.buffer)
        let table = pass.values(decoder).rows(own)
        pass.kernels.multiply(
            words,
            table,
            transposingB: true,
            into: logits,
            accumulating: true,
            of: pass.memory.buffer
        )
        guard let decoderExtension else { return }
        let rest = pass.values(decoderExtension).columns(own)
        pass.kernels.multiply(others, rest, into: logits, accumulating: true, of: pass.memory.buffer)
    }

    /// The units that the word embeddings read, and the others.
    private func parts(_ transformed: MatrixRegion) -> (words: MatrixRegion, others: MatrixRegion) {
        let narrow = decoder.columns
        return (transformed.columns(0..<narrow), transformed.columns(narrow..<transformed.columns))
    }

    func backward(_ hidden: MatrixRegion, into dhidden: MatrixRegion, _ pass: Pass) {
        let (activated, dtransformed, dactivated) = (pass[activated], pass[dtransformed], pass[dactivated])
        let dlogits = pass[logits]
        let rows = pass.rows(dlogits)
        pass.kernels.multiplyRows(dlogits.rows(rows), by: pass[doutput].rows(rows), of: pass.memory.buffer)
        pass.meet()
        decoderBackward(dlogits, pass)
        pass.meet()
        norm.backward(activated, dtransformed, into: dactivated, pass)
        pass.meet()
        let own = pass.columns(hidden.columns)
        pass.kernels.activateBackward(
            pass[projected].columns(own),
            dactivated.columns(own),
            by: activation,
            of: pass.memory.buffer
        )
        pass.meet()
        dense.parametersBackward(pass[states], dactivated, pass)
        // The gradient of the norm's output is not needed any more.
        dense.inputBackward(dactivated, into: dtransformed, pass)
        pass.scatterLabelled(self.dtransformed, into: dhidden)
        pass.meet()
    }

    /// Writes this thread's columns of the gradient of the decoder's input, and its part of the gradients of the
    /// decoder's parameters. To that of tied embeddings, their own layer adds later.
    private func decoderBackward(_ dlogits: MatrixRegion, _ pass: Pass) {
        let own = pass.columns(dlogits.columns)
        let part = dlogits.columns(own)
        let (words, others) = parts(pass[transformed])
        let (dwords, dothers) = parts(pass[dtransformed])
        let kernels = pass.kernels
        kernels.sumRows(
            part,
            into: pass.gradient(bias).columns(own),
            accumulating: pass.accumulates,
            of: pass.memory.buffer
        )
        if decoder.isTrained {
            kernels.multiply(
                part,
                transposingA: true,
                words,
                into: pass.gradient(decoder).rows(own),
                accumulating: pass.accumulates,
                of: pass.memory.buffer
            )
        }
        let ownWords = pass.columns(dwords.columns)
        let table = pass.values(decoder).columns(ownWords)
        kernels.multiply(dlogits, table, into: dwords.columns(ownWords), of: pass.memory.buffer)
        guard let decoderExtension else { return }
        kernels.multiply(
            others,
            transposingA: true,
            part,
            into: pass.gradient(decoderExtension).columns(own),
            accumulating: pass.accumulates,
            of: pass.memory.buffer
        )
        let ownOthers = pass.columns(dothers.columns)
        let rest = pass.values(decoderExtension).rows(ownOthers)
        kernels.multiply(dlogits, rest, transposingB: true, into: dothers.columns(ownOthers), of: pass.memory.buffer)
    }
}
