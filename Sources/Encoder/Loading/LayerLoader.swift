internal import LinearAlgebra

/// Folds one layer: what is still to be applied to the hidden states goes in, and comes out for the next layer.
///
/// Only what carries depend on is read: vectors, and the matrices through which the hidden states' shift passes. The
/// rest is left to the layer's ``Packing``, so that all layers can be packed side by side.
struct LayerLoader {
    private let configuration: EncoderConfiguration
    /// What the names of all of its tensors begin with.
    private let name: String
    private let names: TensorNames
    /// Of the hidden states' stream.
    private var hidden: AffineCarry
    /// Of the stream inside the layer; unused without bottlenecks, where the hidden states' is that stream.
    private var inner: AffineCarry

    /// Folds layer `index`, whose input is the hidden states' stream with `carry`.
    static func load(
        _ index: Int,
        _ reader: inout WeightReader,
        _ configuration: EncoderConfiguration,
        carry: inout AffineCarry
    ) throws(EncoderError) -> Packing<Layer> {
        var loader = LayerLoader(
            configuration: configuration,
            name: reader.names.layer(index),
            names: reader.names,
            hidden: carry,
            inner: .identity(width: configuration.trueHiddenSize)
        )
        let layer = try loader.layer(&reader)
        carry = loader.hidden
        return layer
    }

    private var width: Int { configuration.trueHiddenSize }

    /// Of the residual stream that attention and feed-forward networks add to.
    private var residual: AffineCarry {
        get { configuration.usesBottleneck ? inner : hidden }
        set {
            if configuration.usesBottleneck { inner = newValue } else { hidden = newValue }
        }
    }

    private mutating func layer(_ reader: inout WeightReader) throws(EncoderError) -> Packing<Layer> {
        let (bottleneck, attention) = try bottleneckAndAttention(&reader)
        var networks: [Packing<FeedForward>] = []
        for index in 0..<configuration.feedForwardNetworkCount - 1 {
            networks.append(
                try feedForward("\(name).ffn.\(index)", epsilon: configuration.layerNormEpsilon, &reader)
            )
        }
        networks.append(
            try feedForward(name, epsilon: configuration.plainLayerNormEpsilon, &reader)
        )
        let outputBottleneck = configuration.usesBottleneck ? try outputBottleneck(&reader) : nil
        return { [networks] packer throws(EncoderError) in
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

    /// The two are folded together because values may be projected beside the bottlenecks.
    private mutating func bottleneckAndAttention(
        _ reader: inout WeightReader
    ) throws(EncoderError) -> (Packing<Bottleneck>?, Packing<SelfAttention>) {
        let valueInputs = configuration.usesBottleneckAttention ? width : configuration.hiddenSize
        var queries = try reader.dense("\(name).\(names.query)", outputs: width, inputs: width)
        var keys = try reader.dense("\(name).\(names.key)", outputs: width, inputs: width)
        var values = try reader.dense("\(name).\(names.value)", outputs: width, inputs: valueInputs)

        var bottleneck: Packing<Bottleneck>?
        var source = SelfAttention.Operand.hidden
        var sourceCarry = hidden
        var valueOperand = SelfAttention.Operand.projection(2 * width..<3 * width)
        if configuration.usesBottleneck {
            var (combined, inputNorm) = try beginStream("input", &inner, &reader)
            var attentionColumns: Range<Int>?
            var attentionNorm = NormStep.folded
            if configuration.usesBottleneckAttention {
                (source, sourceCarry) = (.bottleneck(0..<width), inner)
                values.readStream(inner)
                if configuration.sharesKeyQueryBottleneck { try skipUnusedBottleneck(&reader) }
            } else {
                values.readStream(hidden)
                if configuration.sharesKeyQueryBottleneck {
                    let columns = combined.outputs..<combined.outputs + width
                    sourceCarry = .identity(width: width)
                    let (shared, norm) = try beginStream("attention", &sourceCarry, &reader)
                    combined.append(shared)
                    (source, attentionColumns, attentionNorm) = (.bottleneck(columns), columns, norm)
                    valueOperand = .bottleneck(combined.outputs..<combined.outputs + width)
                    combined.append(values)
                }
            }
            bottleneck = {
                [width, combined = combined.withoutBias, inputNorm, attentionColumns, attentionNorm] packer
                    throws(EncoderError) in
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

    /// Of what reads its streams already: queries, keys and, unless a bottleneck has them, values.
    private mutating func selfAttention(
        _ queries: AffineMap,
        _ keys: AffineMap,
        _ projectedValues: AffineMap,
        source: SelfAttention.Operand,
        valueOperand: SelfAttention.Operand,
        _ reader: inout WeightReader
    ) throws(EncoderError) -> Packing<SelfAttention> {
        var values = projectedValues
        try values.resolveBias(&reader.values)
        var projection = queries
        projection.scaleOutputs(by: 1 / Double(configuration.headSize).squareRoot())
        projection.append(keys.withoutBias)
        if case .projection = valueOperand { projection.append(values.withoutBias) }
        let (output, norm) = try attentionOutput(values, &reader)
        return { [configuration, projection] packer throws(EncoderError) in
            SelfAttention(
                headCount: configuration.headCount,
                headSize: configuration.headSize,
                format: packer.formats.dataType,
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
    ) throws(EncoderError) -> (AffineMap, NormStep) {
        let prefix = "\(name).bottleneck.\(part)"
        var dense = try reader.dense("\(prefix).dense", outputs: width, inputs: configuration.hiddenSize)
        dense.readStream(hidden)
        carry = try dense.beginStream(&reader.values)
        let norm = try self.norm("\(prefix).LayerNorm", width: width, &reader).folded(into: &carry)
        dense.padOutputs()
        return (dense, norm)
    }

    /// transformers builds, and stores, a bottleneck for queries and keys even where attention uses the other one.
    private func skipUnusedBottleneck(_ reader: inout WeightReader) throws(EncoderError) {
        var unused = AffineCarry.identity(width: width)
        _ = try beginStream("attention", &unused, &reader)
    }

    private mutating func attentionOutput(
        _ values: AffineMap,
        _ reader: inout WeightReader
    ) throws(EncoderError) -> (AffineMap, NormStep) {
        var dense = try reader.dense("\(name).\(names.attentionOutput)", outputs: width, inputs: width)
        // What all values are moved by, every weighted mean of them is moved by.
        dense.readStream(.shift(values.bias, squares: values.outputSquares))
        try dense.addToStream(&residual, &reader.values)
        let norm = try self.norm("\(name).\(names.attentionNorm)", width: width, &reader).folded(into: &residual)
        return (dense, norm)
    }

    private mutating func feedForward(
        _ prefix: String,
        epsilon: Double,
        _ reader: inout WeightReader
    ) throws(EncoderError) -> Packing<FeedForward> {
        let inside = configuration.intermediateSize
        var intermediate = try reader.dense("\(prefix).\(names.intermediate)", outputs: inside, inputs: width)
        intermediate.readStream(residual)
        var output = try reader.dense("\(prefix).\(names.output)", outputs: width, inputs: inside)
        if residual.squares != nil {
            try intermediate.resolveBias(&reader.values)
            output.inputSquares = intermediate.squares(behind: configuration.activation)
        }
        try output.addToStream(&residual, &reader.values)
        let norm = try reader.norm(
            "\(prefix).\(names.outputNorm)",
            width: width,
            configuration: configuration,
            epsilon: epsilon
        ).folded(into: &residual)
        return { [intermediate, output, activation = configuration.activation] packer throws(EncoderError) in
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
        _ reader: inout WeightReader
    ) throws(EncoderError) -> Packing<OutputBottleneck> {
        let prefix = "\(name).output.bottleneck"
        var dense = try reader.dense("\(prefix).dense", outputs: configuration.hiddenSize, inputs: width)
        dense.readStream(inner)
        try dense.addToStream(&hidden, &reader.values)
        let norm = try self.norm("\(prefix).LayerNorm", width: configuration.hiddenSize, &reader)
        let step = norm.folded(into: &hidden)
        return { [dense] packer throws(EncoderError) in
            OutputBottleneck(projection: try packer.layer(dense, for: .outputBottleneck, accumulates: true), norm: step)
        }
    }

    private func norm(_ name: String, width: Int, _ reader: inout WeightReader) throws(EncoderError) -> Norm {
        try reader.norm(name, width: width, configuration: configuration, epsilon: configuration.layerNormEpsilon)
    }
}
