internal import Encoder
internal import LinearAlgebra

/// A layer of the encoder: self-attention and feed-forward networks, between bottlenecks where the model has them.
struct EncoderLayer {
    /// The bottlenecks of a layer.
    private struct Bottlenecks {
        let input: InputBottleneck
        /// That of queries and keys alone; nil if they have none of their own.
        let attention: InputBottleneck?
        let output: OutputBottleneck

        init(
            _ names: TensorNames.Bottlenecks,
            _ layer: String,
            _ configuration: EncoderConfiguration,
            epsilon: Double?,
            _ dropout: Double,
            _ plan: inout MemoryPlan
        ) {
            let (width, hidden) = (configuration.trueHiddenSize, configuration.hiddenSize)
            let isShared = configuration.sharesKeyQueryBottleneck && !configuration.usesBottleneckAttention
            let (first, shared) = ("\(layer).\(names.input)", "\(layer).\(names.attention)")
            input = InputBottleneck(first, width: width, hidden: hidden, epsilon: epsilon, &plan)
            attention = isShared ? InputBottleneck(shared, width: width, hidden: hidden, epsilon: epsilon, &plan) : nil
            output = OutputBottleneck(
                "\(layer).\(names.output)",
                width: width,
                hidden: hidden,
                epsilon: epsilon,
                dropout: dropout,
                &plan
            )
        }
    }

    private let bottlenecks: Bottlenecks?
    /// Whether queries, keys and values come from the input's bottleneck.
    private let attendsInBottleneck: Bool
    private let attention: SelfAttention
    private let networks: [FeedForward]

    init(
        _ index: Int,
        _ configuration: EncoderConfiguration,
        _ dropout: TrainingConfiguration,
        _ plan: inout MemoryPlan
    ) {
        let names = configuration.architecture.tensors
        let name = names.layer(index)
        let width = configuration.trueHiddenSize
        let isLayerNorm = configuration.normalization == .layerNorm
        let epsilon = isLayerNorm ? configuration.layerNormEpsilon : nil
        let parts = configuration.usesBottleneck ? names.bottlenecks : nil
        let attendsInBottleneck = parts != nil && configuration.usesBottleneckAttention
        self.attendsInBottleneck = attendsInBottleneck
        bottlenecks = parts.map { Bottlenecks($0, name, configuration, epsilon: epsilon, dropout.hidden, &plan) }
        attention = SelfAttention(
            SelfAttention.Names(
                query: "\(name).\(names.query)",
                key: "\(name).\(names.key)",
                value: "\(name).\(names.value)",
                output: "\(name).\(names.attentionOutput)",
                norm: "\(name).\(names.attentionNorm)"
            ),
            width: width,
            valueInputs: attendsInBottleneck ? width : configuration.hiddenSize,
            headCount: configuration.headCount,
            isCausal: configuration.isCausal,
            epsilon: epsilon,
            dropout: (dropout.attention, parts == nil ? dropout.attentionOutput : 0),
            &plan
        )
        let last = configuration.feedForwardNetworkCount - 1
        networks = (0...last).map { network in
            let prefix = network == last ? name : "\(name).\(names.networks ?? "").\(network)"
            let plainEpsilon = isLayerNorm ? configuration.plainLayerNormEpsilon : nil
            return FeedForward(
                ("\(prefix).\(names.intermediate)", "\(prefix).\(names.output)", "\(prefix).\(names.outputNorm)"),
                width: width,
                inside: configuration.intermediateSize,
                activation: configuration.activation,
                epsilon: network == last ? plainEpsilon : epsilon,
                dropout: network == last && parts == nil ? dropout.hidden : 0,
                &plan
            )
        }
    }

    /// The hidden states after this layer.
    var output: ActivationPlace { bottlenecks?.output.output ?? last.output }

    private var last: FeedForward { networks[networks.count - 1] }

    /// The input of network `index`.
    private func input(_ index: Int, _ pass: Pass) -> MatrixRegion {
        pass[index == 0 ? attention.output : networks[index - 1].output]
    }

    /// Writes `output` from the hidden states. All threads have met when it returns.
    func forward(_ hidden: MatrixRegion, _ pass: Pass) {
        var (source, residual) = (hidden, hidden)
        if let bottlenecks {
            bottlenecks.input.project(hidden, pass)
            bottlenecks.attention?.project(hidden, pass)
            pass.meet()
            bottlenecks.input.normalize(pass)
            bottlenecks.attention?.normalize(pass)
            pass.meet()
            residual = pass[bottlenecks.input.output]
            source = queriesSource(hidden, bottlenecks, pass)
        }
        let values = attendsInBottleneck ? source : hidden
        attention.forward(queriesFrom: source, valuesFrom: values, residual: residual, pass)
        for index in networks.indices { networks[index].forward(input(index, pass), pass) }
        bottlenecks?.output.forward(pass[last.output], residual: hidden, pass)
    }

    private func queriesSource(_ hidden: MatrixRegion, _ bottlenecks: Bottlenecks, _ pass: Pass) -> MatrixRegion {
        if attendsInBottleneck { return pass[bottlenecks.input.output] }
        return bottlenecks.attention.map { pass[$0.output] } ?? hidden
    }

    /// Goes from the gradient of the output to that of the hidden states before. All threads have met when it returns.
    ///
    /// - Parameters:
    ///   - dy: the place of the output's gradient.
    ///   - spare: a place as wide.
    /// - Returns: the one of these two places that has the result.
    func backward(_ hidden: MatrixRegion, _ dy: ActivationPlace, spare: ActivationPlace, _ pass: Pass)
        -> ActivationPlace
    {
        guard let bottlenecks else {
            let (top, other) = networksBackward(pass[dy], pass[spare], pass)
            attention.backward(top, intoResidual: other, pass)
            attention.inputsBackward(queries: (hidden, other), adding: true, values: (hidden, other), pass)
            pass.meet()
            return networks.count.isMultiple(of: 2) ? spare : dy
        }
        let dhidden = pass[spare]
        let (first, second) = (pass[pass.scratch.inner.0], pass[pass.scratch.inner.1])
        bottlenecks.output.backward(pass[last.output], pass[dy], into: first, intoResidual: dhidden, pass)
        let (top, other) = networksBackward(first, second, pass)
        attention.backward(top, intoResidual: other, pass)
        bottlenecksBackward(bottlenecks, hidden, dhidden, dinput: other, free: top, pass)
        return spare
    }

    /// Goes through the networks from the last to the first, to and fro between two matrices.
    ///
    /// - Returns: the matrix that has the gradient of the first network's input, and the other one.
    private func networksBackward(
        _ dy: MatrixRegion,
        _ spare: MatrixRegion,
        _ pass: Pass
    ) -> (MatrixRegion, MatrixRegion) {
        var (top, other) = (dy, spare)
        var index = networks.count
        while index > 0 {
            index -= 1
            networks[index].backward(input(index, pass), top, into: other, pass)
            swap(&top, &other)
        }
        return (top, other)
    }

    /// Adds to the hidden states' gradient what comes through attention's inputs and the bottlenecks.
    ///
    /// - Parameters:
    ///   - dinput: the gradient of the input's bottleneck as attention's residual.
    ///   - free: a matrix as wide.
    private func bottlenecksBackward(
        _ bottlenecks: Bottlenecks,
        _ hidden: MatrixRegion,
        _ dhidden: MatrixRegion,
        dinput: MatrixRegion,
        free: MatrixRegion,
        _ pass: Pass
    ) {
        let source = queriesSource(hidden, bottlenecks, pass)
        if attendsInBottleneck {
            attention.inputsBackward(queries: (source, dinput), adding: true, values: (source, dinput), pass)
        } else {
            let isOwn = bottlenecks.attention != nil
            let queries = (source, isOwn ? free : dhidden)
            attention.inputsBackward(queries: queries, adding: !isOwn, values: (hidden, dhidden), pass)
        }
        pass.meet()
        // These matrices are not needed any more.
        let (dprojected, dshared) = (pass[pass.scratch.queries], pass[pass.scratch.keys])
        bottlenecks.input.normalizeBackward(dinput, into: dprojected, pass)
        bottlenecks.attention?.normalizeBackward(free, into: dshared, pass)
        pass.meet()
        bottlenecks.input.projectBackward(hidden, dprojected, addingTo: dhidden, pass)
        bottlenecks.attention?.projectBackward(hidden, dshared, addingTo: dhidden, pass)
        pass.meet()
    }
}
