internal import LinearAlgebra
import ModelFiles

extension Layer {
    /// Folds layer `index`, whose input is the hidden states' stream so far.
    static func load(_ index: Int, _ reader: inout WeightReader) throws(ModelError) -> Packing<Layer> {
        var loader = LayerLoader(index, reader)
        let packing = try loader.layer(&reader)
        reader.hidden = loader.hidden
        return packing
    }
}

/// Folds one layer. The carry of the hidden states' stream goes in, and comes out for the next layer.
private struct LayerLoader {
    private let configuration: EncoderConfiguration
    /// The beginning of the names of all its tensors.
    private let name: String
    private let names: TensorNames
    /// The names of the layer's bottlenecks; nil for a layer without them.
    private let bottlenecks: TensorNames.Bottlenecks?
    /// The carry of the hidden states' stream.
    private(set) var hidden: AffineCarry
    /// The carry of the stream inside the layer. It is unused without bottlenecks, where that stream is the hidden
    /// states'.
    private var inner: AffineCarry

    init(_ index: Int, _ reader: WeightReader) {
        configuration = reader.configuration
        names = reader.names
        name = names.layer(index)
        bottlenecks = configuration.usesBottleneck ? names.bottlenecks : nil
        hidden = reader.hidden
        inner = .identity(width: configuration.trueHiddenSize)
    }

    private var width: Int { configuration.trueHiddenSize }

    /// The carry of the residual stream that attention and feed-forward networks add to.
    private var residual: AffineCarry {
        get { bottlenecks == nil ? hidden : inner }
        set {
            if bottlenecks == nil { hidden = newValue } else { inner = newValue }
        }
    }

    mutating func layer(_ reader: inout WeightReader) throws(ModelError) -> Packing<Layer> {
        let (bottleneck, attention) = try bottleneckAndAttention(&reader)
        var networks: [Packing<FeedForward>] = []
        for index in 0..<configuration.feedForwardNetworkCount - 1 {
            let network = "\(name).\(reader.required(names.networks)).\(index)"
            networks.append(try feedForward(network, epsilon: configuration.layerNormEpsilon, &reader))
        }
        networks.append(try feedForward(name, epsilon: configuration.plainLayerNormEpsilon, &reader))
        var outputBottleneck: Packing<OutputBottleneck>?
        if let bottlenecks { outputBottleneck = try self.outputBottleneck(bottlenecks.output, &reader) }
        return { [networks, outputBottleneck] packer throws(ModelError) in
            var feedForwards: [FeedForward] = []
            for network in networks { feedForwards.append(try network(&packer)) }
            return Layer(
                bottleneck: try bottleneck?(&packer),
                attention: try attention(&packer),
                feedForwards: feedForwards,
                outputBottleneck: try outputBottleneck?(&packer)
            )
        }
    }

    /// Folds the two together, because values may be projected beside the bottlenecks.
    private mutating func bottleneckAndAttention(
        _ reader: inout WeightReader
    ) throws(ModelError) -> (Packing<Bottleneck>?, Packing<SelfAttention>) {
        let valueInputs = configuration.usesBottleneckAttention ? width : configuration.hiddenSize
        var queries = try reader.dense("\(name).\(names.query)", outputs: width, inputs: width)
        var keys = try reader.dense("\(name).\(names.key)", outputs: width, inputs: width)
        var values = try reader.dense("\(name).\(names.value)", outputs: width, inputs: valueInputs)

        var bottleneck: Packing<Bottleneck>?
        var source = SelfAttention.Operand.hidden
        var sourceCarry = hidden
        var valueOperand = SelfAttention.Operand.projection(2 * width..<3 * width)
        if let bottlenecks {
            var (combined, inputNorm) = try beginStream(bottlenecks.input, &inner, &reader)
            var attentionColumns: Range<Int>?
            var attentionNorm = NormStep.folded
            if configuration.usesBottleneckAttention {
                (source, sourceCarry) = (.bottleneck(0..<width), inner)
                values.readStream(inner)
                if configuration.sharesKeyQueryBottleneck { try skipUnused(bottlenecks.attention, &reader) }
            } else {
                values.readStream(hidden)
                if configuration.sharesKeyQueryBottleneck {
                    let columns = combined.outputs..<combined.outputs + width
                    sourceCarry = .identity(width: width)
                    let (shared, norm) = try beginStream(bottlenecks.attention, &sourceCarry, &reader)
                    combined.append(shared)
                    (source, attentionColumns, attentionNorm) = (.bottleneck(columns), columns, norm)
                    valueOperand = .bottleneck(combined.outputs..<combined.outputs + width)
                    combined.append(values)
                }
            }
            bottleneck = {
                [width, combined = combined.withoutBias, inputNorm, attentionColumns, attentionNorm] packer
                    throws(ModelError) in
                Bottleneck(
                    projection: try packer.layer(combined, for: .bottleneck),
                    inputWidth: width,
                    inputNorm: inputNorm,
                    attentionColumns: attentionColumns,
                    attentionNorm: attentionNorm
                )
            }
        } else {
            values.readStream(hidden)
        }

        queries.readStream(sourceCarry)
        keys.readStream(sourceCarry)
        let attention = try selfAttention(queries, keys, values, source: source, valueOperand: valueOperand, &reader)
        return (bottleneck, attention)
    }

    /// Folds attention from queries, keys and values that read their streams already.
    private mutating func selfAttention(
        _ queries: AffineMap,
        _ keys: AffineMap,
        _ projectedValues: AffineMap,
        source: SelfAttention.Operand,
        valueOperand: SelfAttention.Operand,
        _ reader: inout WeightReader
    ) throws(ModelError) -> Packing<SelfAttention> {
        var values = projectedValues
        try values.resolveBias(&reader.values)
        var projection = queries
        projection.scaleOutputs(by: 1 / Double(configuration.headSize).squareRoot())
        projection.append(keys.withoutBias)
        if case .projection = valueOperand { projection.append(values.withoutBias) }
        let (output, norm) = try attentionOutput(values, &reader)
        return { [configuration, projection] packer throws(ModelError) in
            SelfAttention(
                headCount: configuration.headCount,
                headSize: configuration.headSize,
                format: packer.formats.dataType,
                isCausal: configuration.isCausal,
                source: source,
                projection: try packer.layer(projection, for: .projection, biased: true),
                values: valueOperand,
                output: try packer.layer(output, for: .attentionOutput, accumulates: true),
                norm: norm
            )
        }
    }

    /// One of the layer's bottlenecks: a new stream made from the hidden states, normalized.
    private func beginStream(
        _ part: String,
        _ carry: inout AffineCarry,
        _ reader: inout WeightReader
    ) throws(ModelError) -> (AffineMap, NormStep) {
        let prefix = "\(name).\(part)"
        var dense = try reader.dense("\(prefix).dense", outputs: width, inputs: configuration.hiddenSize)
        dense.readStream(hidden)
        carry = try dense.beginStream(&reader.values)
        let norm = try self.norm("\(prefix).LayerNorm", width: width, &reader).folded(into: &carry)
        dense.padOutputs()
        return (dense, norm)
    }

    /// Reads a bottleneck that transformers builds and stores although attention uses another one.
    private func skipUnused(_ part: String, _ reader: inout WeightReader) throws(ModelError) {
        var unused = AffineCarry.identity(width: width)
        _ = try beginStream(part, &unused, &reader)
    }

    private mutating func attentionOutput(
        _ values: AffineMap,
        _ reader: inout WeightReader
    ) throws(ModelError) -> (AffineMap, NormStep) {
        var dense = try reader.dense("\(name).\(names.attentionOutput)", outputs: width, inputs: width)
        // A shift of all values shifts every weighted mean of them alike.
        dense.readStream(.shift(values.bias, squares: values.outputSquares))
        try dense.addToStream(&residual, &reader.values)
        let norm = try self.norm("\(name).\(names.attentionNorm)", width: width, &reader).folded(into: &residual)
        return (dense, norm)
    }

    private mutating func feedForward(
        _ prefix: String,
        epsilon: Double,
        _ reader: inout WeightReader
    ) throws(ModelError) -> Packing<FeedForward> {
        let inside = configuration.intermediateSize
        var intermediate = try reader.dense("\(prefix).\(names.intermediate)", outputs: inside, inputs: width)
        intermediate.readStream(residual)
        var output = try reader.dense("\(prefix).\(names.output)", outputs: width, inputs: inside)
        if residual.squares != nil {
            try intermediate.resolveBias(&reader.values)
            output.inputSquares = intermediate.squares(behind: configuration.activation)
        }
        try output.addToStream(&residual, &reader.values)
        let norm = try reader.norm("\(prefix).\(names.outputNorm)", width: width, epsilon: epsilon)
            .folded(into: &residual)
        return { [intermediate, output, activation = configuration.activation] packer throws(ModelError) in
            var intermediate = intermediate
            var balance: InputBalance?
            if activation.isHomogeneous {
                balance = try packer.balance(of: output, for: .feedForwardOutput)
                if let balance { intermediate.scaleOutputs(by: balance.factors) }
            }
            return FeedForward(
                intermediate: try packer.layer(intermediate, for: .intermediate, biased: true, activation: activation),
                output: try packer.layer(
                    output,
                    for: .feedForwardOutput,
                    accumulates: true,
                    inputSigns: activation == .relu ? .nonNegative : .any,
                    balancedBefore: balance
                ),
                norm: norm
            )
        }
    }

    private mutating func outputBottleneck(
        _ part: String,
        _ reader: inout WeightReader
    ) throws(ModelError) -> Packing<OutputBottleneck> {
        let prefix = "\(name).\(part)"
        var dense = try reader.dense("\(prefix).dense", outputs: configuration.hiddenSize, inputs: width)
        dense.readStream(inner)
        try dense.addToStream(&hidden, &reader.values)
        let norm = try self.norm("\(prefix).LayerNorm", width: configuration.hiddenSize, &reader)
        let step = norm.folded(into: &hidden)
        return { [dense] packer throws(ModelError) in
            OutputBottleneck(projection: try packer.layer(dense, for: .outputBottleneck, accumulates: true), norm: step)
        }
    }

    private func norm(_ name: String, width: Int, _ reader: inout WeightReader) throws(ModelError) -> Norm {
        try reader.norm(name, width: width, epsilon: configuration.layerNormEpsilon)
    }
}
