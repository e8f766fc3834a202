package import Checkpoint
internal import Foundation
internal import JSON
internal import LinearAlgebra
package import ModelFiles

/// Makes a checkpoint of transformers' class for sequence classification of a model's encoder and a new head.
///
/// That class fixes what the head reads: the pooler's output of BERT and MobileBERT, or DistilBERT's dense layer over
/// the first token. Weights that pass other features on lead them there.
package struct ClassifierExport: Sendable {
    /// The features that the head is to read.
    package enum Features: String, Sendable, CaseIterable {
        /// The output of the dense layer over the first token, as it was trained.
        case pooler
        /// The last hidden state of the first token.
        case cls
        /// The mean of the last hidden state over all tokens, normalized. One layer more computes it, which attends to
        /// all tokens alike.
        case mean
    }

    /// The base model's configuration.
    package let configuration: EncoderConfiguration
    /// The features that the head reads.
    package private(set) var features: Features
    /// The name of the head's dense layer.
    private let headName: String
    private let members: JSONObject
    private let checkpoint: Checkpoint
    /// The checkpoint's tensors by their usual names.
    private let source: ModelTensors

    /// Values up to 6 are divided by this before tanh, which is then the identity to 2e-4 of them. The head's weights
    /// are larger by the same factor.
    private static let tanhDivisor: Float = 256
    /// Added to hidden states, which a LayerNorm bounds, to keep them positive before a pooler's ReLU. The head takes
    /// it away again, which costs floats some of their digits, so a head that is small enough does without
    /// (``Dense/aroundReLU(_:width:)``).
    private static let reluShift: Float = 64
    /// The factor of the mean, to which the first token's own state is added once. A power of two within float16's
    /// range.
    private static let meanFactor: Float = 1024

    /// Opens a model's folder, without reading its weights.
    ///
    /// - Throws: what is wrong with a file, or `wrongValue` where the model has no such features.
    package init(directory: String, features: Features) throws(ModelError) {
        let file = try JSONSection(path: ModelFile.configuration.path(in: directory))
        checkpoint = try Checkpoint(directory: directory, configuration: file)
        configuration = try EncoderConfiguration(file, tensorNames: checkpoint.tensorNames)
        source = ModelTensors(checkpoint, configuration.architecture)
        members = file.members
        self.features = features
        let architecture = configuration.architecture
        guard let head = architecture.heads[.sequenceClassification], architecture.supports(features),
            features != .mean || !configuration.isCausal
        else {
            let obstacle = features == .mean ? "layers cannot pass a mean on" : "pooler cannot pass them on"
            let others = Architecture.all.filter { $0.supports(features) }.map { "\"\($0.modelType)\"" }
            throw .wrongValue(
                file: configuration.path,
                key: "model_type",
                found:
                    "\"\(architecture.modelType)\", whose \(obstacle)",
                expected: "\(others.joined(separator: " or ")), or features of another kind"
            )
        }
        headName = head.layer
        if features == .pooler, configuration.activatesPooler {
            let width = configuration.hiddenSize
            _ = try source.matrix("\(architecture.tensors.pooler).weight", width, width)
        }
    }

    /// The numbers that the head reads.
    package var featureCount: Int { configuration.hiddenSize }

    /// This export without the averaging layer, whose much work ``averaged(first:mean:)`` replaces by a few sums.
    package var belowAveraging: ClassifierExport {
        var export = self
        if export.features == .mean { export.features = .cls }
        return export
    }

    /// The values that the head reads of a text where it reads the mean: what the averaging layer, and the dense layer
    /// that passes its result on, make of the last hidden state below them. They are computed in double precision.
    ///
    /// - Parameters:
    ///   - first: the first token's state.
    ///   - mean: the mean of all tokens' states, as long.
    package func averaged(first: some Sequence<Float>, mean: some Sequence<Float>) -> [Float] {
        let sum = zip(first, mean).map { Double($0) + Double(Self.meanFactor) * Double($1) }
        return normalized(normalized(sum)).map { value in
            Float(
                passesThroughReLU ? max(0, value + Double(Self.reluShift)) : tanh(value / Double(Self.tanhDivisor))
            )
        }
    }

    /// The vector, normalized by the averaging layer's norms, whose weights are 1 and biases 0.
    private func normalized(_ vector: [Double]) -> [Double] {
        let count = Double(vector.count)
        let mean = vector.reduce(0, +) / count
        let variance = vector.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let scale = 1 / (variance + configuration.layerNormEpsilon).squareRoot()
        return vector.map { ($0 - mean) * scale }
    }

    /// The checkpoint's config.json.
    ///
    /// - Parameter temperature: the temperature for calibrated scores; nil for none.
    package func configurationFile(
        labels: [String],
        problemType: SequenceClassifier.ProblemType,
        temperature: Double?
    ) -> [UInt8] {
        let architecture = configuration.architecture
        let layers = configuration.layerCount + (features == .mean ? 1 : 0)
        var changed = [architecture.keys.layerCount.name: JSONValue.number("\(layers)")]
        if features == .cls, let key = poolerSwitch { changed[key] = .boolean(false) }
        return HeadConfiguration(architecture: architecture, members: members).file(
            head: .sequenceClassification,
            labels: labels,
            problemType: problemType,
            temperature: temperature,
            changing: changed,
            dropping: ["num_hidden_layers"]
        )
    }

    /// The checkpoint's tensors: the encoder's as they are stored, what passes the features on, and the head.
    ///
    /// - Parameters:
    ///   - weight: shape [labels, ``featureCount``], row-major.
    ///   - bias: shape [labels].
    /// - Throws: what is wrong with a tensor that cannot be read.
    package func tensors(weight: [Float], bias: [Float]) throws(ModelError) -> [OutgoingTensor] {
        var tensors = try encoderTensors()
        if features == .mean { tensors += averagingLayer() }
        let head = Dense(name: headName, outputs: bias.count, weight: weight, bias: bias)
        return tensors + layers(endingIn: head).flatMap(\.tensors)
    }

    /// The stored tensors of the base model and of the dense layer that the head reads.
    private func encoderTensors() throws(ModelError) -> [OutgoingTensor] {
        let architecture = configuration.architecture
        let keepsPooler = features == .pooler && configuration.activatesPooler
        let layers = architecture.tensors.layers
        let kept = source.names.filter { name in
            // A layer that the model does not have must not stand in the averaging layer's place.
            if let rest = name.rest(after: "\(layers)."), let index = Int(rest.pieces(separatedBy: ".")[0]),
                index >= configuration.layerCount
            {
                return false
            }
            if name.begins(with: "\(architecture.tensors.pooler).") { return keepsPooler }
            return architecture.isOfBaseModel(name) && !name.ends(with: "position_ids")
        }
        return try kept.map { name throws(ModelError) in
            try OutgoingTensor(name: outgoingName(name), of: source.storedName(name), in: checkpoint)
        }
    }

    /// A tensor's name in a checkpoint of a class with a head.
    private func outgoingName(_ name: String) -> String {
        let architecture = configuration.architecture
        return architecture.isOfBaseModel(name) ? architecture.prefix + name : name
    }

    /// The key by which config.json leaves the dense layer over the first token out; nil where there is no such key.
    private var poolerSwitch: String? {
        let setting = configuration.architecture.keys.activatesPooler
        return setting.isKey ? setting.name : nil
    }

    /// Whether features pass through a ReLU on their way to the head, instead of a tanh.
    private var passesThroughReLU: Bool { configuration.architecture.pooler.activation == .relu }

    /// The head, and before it the dense layer over the first token, which passes its input on. That layer is left out
    /// where the head reads the trained one, or where config.json can switch it off.
    private func layers(endingIn head: Dense) -> [Dense] {
        let width = configuration.hiddenSize
        let pooler = outgoingName(configuration.architecture.tensors.pooler + ".").dropLast()
        if features == .pooler || poolerSwitch != nil { return [head] }
        guard passesThroughReLU else {
            return [head, Dense(name: String(pooler), width: width, factor: 1 / Self.tanhDivisor)]
        }
        guard 2 * head.outputs <= width else {
            return [head, Dense(name: String(pooler), width: width, factor: 1, shift: Self.reluShift)]
        }
        return head.reading(shift: Self.reluShift).aroundReLU(String(pooler), width: width)
    }

    /// A layer whose result is each token's own state plus ``meanFactor`` times the mean of all, normalized: no query
    /// prefers any key, and the feed-forward network adds nothing.
    private func averagingLayer() -> [OutgoingTensor] {
        let (width, inner) = (configuration.hiddenSize, configuration.intermediateSize)
        let target = configuration.architecture.tensors
        let layer = outgoingName(target.layer(configuration.layerCount))
        let dense = [
            Dense(name: "\(layer).\(target.query)", width: width, factor: 0),
            Dense(name: "\(layer).\(target.key)", width: width, factor: 0),
            Dense(name: "\(layer).\(target.value)", width: width, factor: 1),
            Dense(name: "\(layer).\(target.attentionOutput)", width: width, factor: Self.meanFactor),
            Dense(name: "\(layer).\(target.intermediate)", outputs: inner, inputs: width),
            Dense(name: "\(layer).\(target.output)", outputs: width, inputs: inner),
        ]
        let norms = [target.attentionNorm, target.outputNorm].flatMap { norm in
            [("weight", Float(1)), ("bias", 0)].map { part, value in
                OutgoingTensor(
                    name: "\(layer).\(norm).\(part)",
                    shape: [width],
                    values: Array(repeating: value, count: width)
                )
            }
        }
        return dense.flatMap(\.tensors) + norms
    }
}

extension Architecture {
    /// Whether a head of this architecture's class for sequence classification can read these features.
    package func supports(_ features: ClassifierExport.Features) -> Bool {
        switch features {
        case .pooler: true
        case .cls: poolerPassesOn
        case .mean: poolerPassesOn && layersCanAverage
        }
    }

    /// Whether features reach the head past the dense layer over the first token: config.json can switch the layer off,
    /// or weights can make its activation the identity.
    private var poolerPassesOn: Bool {
        keys.activatesPooler.isKey || pooler.activation == .tanh || pooler.activation == .relu
    }
}

/// A dense layer on its way into a file.
private struct Dense {
    let name: String
    let outputs: Int
    let weight: [Float]
    let bias: [Float]

    init(name: String, outputs: Int, weight: [Float], bias: [Float]) {
        (self.name, self.outputs, self.weight, self.bias) = (name, outputs, weight, bias)
    }

    /// A layer of zeros.
    init(name: String, outputs: Int, inputs: Int) {
        let weight = [Float](repeating: 0, count: outputs * inputs)
        self.init(name: name, outputs: outputs, weight: weight, bias: Array(repeating: 0, count: outputs))
    }

    /// A multiple of the identity, plus a number.
    init(name: String, width: Int, factor: Float, shift: Float = 0) {
        var weight = [Float](repeating: 0, count: width * width)
        for index in 0..<width { weight[index * width + index] = factor }
        self.init(name: name, outputs: width, weight: weight, bias: Array(repeating: shift, count: width))
    }

    /// The layer whose result for x is this layer's result for x + shift.
    func reading(shift: Float) -> Dense {
        let inputs = weight.count / outputs
        let moved = bias.enumerated().map { output, value in
            let sum = weight[output * inputs..<(output + 1) * inputs].reduce(0.0) { $0 + Double($1) }
            return Float(Double(value) + Double(shift) * sum)
        }
        return Dense(name: name, outputs: outputs, weight: weight, bias: moved)
    }

    /// This layer as two with a ReLU between them. The first, named `first`, has `width` units and computes each output
    /// and its negative, of which ReLU lets one pass. The second has this layer's name and computes their difference.
    ///
    /// - Precondition: it reads `width` values, and gives half as many at most.
    func aroundReLU(_ first: String, width: Int) -> [Dense] {
        precondition(2 * outputs <= width && weight.count == outputs * width)
        let rest = width - 2 * outputs
        var difference = [Float](repeating: 0, count: outputs * width)
        for output in 0..<outputs {
            difference[output * width + output] = 1
            difference[output * width + outputs + output] = -1
        }
        return [
            Dense(
                name: first,
                outputs: width,
                weight: weight + weight.map { -$0 } + Array(repeating: 0, count: rest * width),
                bias: bias + bias.map { -$0 } + Array(repeating: 0, count: rest)
            ),
            Dense(name: name, outputs: outputs, weight: difference, bias: Array(repeating: 0, count: outputs)),
        ]
    }

    var tensors: [OutgoingTensor] {
        let shape = [outputs, weight.count / outputs]
        return [
            OutgoingTensor(name: "\(name).weight", shape: shape, values: weight),
            OutgoingTensor(name: "\(name).bias", shape: [outputs], values: bias),
        ]
    }
}
