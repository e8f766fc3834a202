internal import LinearAlgebra

/// Reads one layer and folds it: what is still to be applied to the hidden states goes in, and comes out for the
/// next layer.
struct LayerLoader {
    private let configuration: MobileBertConfiguration
    private let formats: WeightFormats
    private let name: String
    /// Of the hidden states' stream.
    private var hidden: AffineCarry
    /// Of the stream inside the layer; unused without bottlenecks, where the hidden states' is that stream.
    private var inner: AffineCarry

    /// Reads layer `index`, whose input is the hidden states' stream with `carry`.
    static func load(
        _ index: Int,
        _ reader: inout WeightReader,
        _ configuration: MobileBertConfiguration,
        _ formats: WeightFormats,
        carry: inout AffineCarry
    ) throws(EncoderError) -> Layer {
        var loader = LayerLoader(
            configuration: configuration,
            formats: formats,
            name: "encoder.layer.\(index)",
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

    private mutating func layer(_ reader: inout WeightReader) throws(EncoderError) -> Layer {
        let (bottleneck, attention) = try bottleneckAndAttention(&reader)
        var feedForwards: [FeedForward] = []
        for index in 0..<configuration.feedForwardNetworkCount - 1 {
            feedForwards.append(
                try feedForward("\(name).ffn.\(index)", epsilon: configuration.layerNormEpsilon, &reader)
            )
        }
        feedForwards.append(
            try feedForward(name, epsilon: MobileBertConfiguration.plainLayerNormEpsilon, &reader)
        )
        return Layer(
            bottleneck: bottleneck,
            attention: attention,
            feedForwards: feedForwards,
            outputBottleneck: configuration.usesBottleneck ? try outputBottleneck(&reader) : nil
        )
    }

    /// The two are folded together because values may be projected beside the bottlenecks.
    private mutating func bottleneckAndAttention(
        _ reader: inout WeightReader
    ) throws(EncoderError) -> (Bottleneck?, SelfAttention) {
        let valueInputs = configuration.usesBottleneckAttention ? width : configuration.hiddenSize
        var queries = try reader.dense("\(name).attention.self.query", outputs: width, inputs: width)
        var keys = try reader.dense("\(name).attention.self.key", outputs: width, inputs: width)
        var values = try reader.dense("\(name).attention.self.value", outputs: width, inputs: valueInputs)

        var bottleneck: Bottleneck?
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
            bottleneck = Bottleneck(
                projection: LinearLayer(weight: combined.packedWeight(.bottleneck, formats)),
                inputWidth: width,
                inputNorm: inputNorm,
                attentionColumns: attentionColumns,
                attentionNorm: attentionNorm
            )
        } else {
            values.readStream(hidden)
        }

        queries.readStream(sourceCarry)
        keys.readStream(sourceCarry)
        let attention = try selfAttention(queries, keys, values, source: source, valueOperand: valueOperand, &reader)
        return (bottleneck, attention)
    }

    /// Packs what reads its streams already: queries, keys and, unless a bottleneck has them, values.
    private mutating func selfAttention(
        _ queries: AffineMap,
        _ keys: AffineMap,
        _ values: AffineMap,
        source: SelfAttention.Operand,
        valueOperand: SelfAttention.Operand,
        _ reader: inout WeightReader
    ) throws(EncoderError) -> SelfAttention {
        var projection = queries
        projection.scaleOutputs(by: 1 / Double(configuration.headSize).squareRoot())
        projection.append(keys.withoutBias)
        if case .projection = valueOperand { projection.append(values.withoutBias) }
        let (output, norm) = try attentionOutput(valueBias: values.bias, &reader)
        return SelfAttention(
            headCount: configuration.headCount,
            headSize: configuration.headSize,
            source: source,
            projection: LinearLayer(
                weight: projection.packedWeight(.projection, formats),
                bias: projection.roundedBias
            ),
            values: valueOperand,
            output: output,
            norm: norm
        )
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
        carry = dense.beginStream()
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
        valueBias: [Double],
        _ reader: inout WeightReader
    ) throws(EncoderError) -> (LinearLayer, NormStep) {
        let prefix = "\(name).attention.output"
        var dense = try reader.dense("\(prefix).dense", outputs: width, inputs: width)
        // What all values are moved by, every weighted mean of them is moved by.
        dense.readStream(.shift(valueBias))
        dense.addToStream(&residual)
        let norm = try self.norm("\(prefix).LayerNorm", width: width, &reader).folded(into: &residual)
        return (LinearLayer(weight: dense.packedWeight(.attentionOutput, formats), accumulates: true), norm)
    }

    private mutating func feedForward(
        _ prefix: String,
        epsilon: Double,
        _ reader: inout WeightReader
    ) throws(EncoderError) -> FeedForward {
        let inside = configuration.intermediateSize
        var intermediate = try reader.dense("\(prefix).intermediate.dense", outputs: inside, inputs: width)
        intermediate.readStream(residual)
        var output = try reader.dense("\(prefix).output.dense", outputs: width, inputs: inside)
        output.addToStream(&residual)
        let norm = try reader.norm(
            "\(prefix).output.LayerNorm",
            width: width,
            configuration: configuration,
            epsilon: epsilon
        ).folded(into: &residual)
        return FeedForward(
            intermediate: LinearLayer(
                weight: intermediate.packedWeight(.intermediate, formats),
                bias: intermediate.roundedBias,
                activation: configuration.activation
            ),
            output: LinearLayer(
                weight: output.packedWeight(.feedForwardOutput, formats),
                accumulates: true,
                inputSigns: configuration.activation == .relu ? .nonNegative : .any
            ),
            norm: norm
        )
    }

    private mutating func outputBottleneck(_ reader: inout WeightReader) throws(EncoderError) -> OutputBottleneck {
        let prefix = "\(name).output.bottleneck"
        var dense = try reader.dense("\(prefix).dense", outputs: configuration.hiddenSize, inputs: width)
        dense.readStream(inner)
        dense.addToStream(&hidden)
        let norm = try self.norm("\(prefix).LayerNorm", width: configuration.hiddenSize, &reader)
        let layer = LinearLayer(weight: dense.packedWeight(.outputBottleneck, formats), accumulates: true)
        return OutputBottleneck(projection: layer, norm: norm.folded(into: &hidden))
    }

    private func norm(_ name: String, width: Int, _ reader: inout WeightReader) throws(EncoderError) -> Norm {
        try reader.norm(name, width: width, configuration: configuration, epsilon: configuration.layerNormEpsilon)
    }
}
