package import Checkpoint
internal import Foundation
internal import JSON

/// Makes a checkpoint of transformers' class for sequence classification of a model's encoder and a new head.
///
/// What the head reads is fixed by that class: the pooler's output of BERT and MobileBERT, DistilBERT's dense layer
/// over the first token. Other features are brought there by weights that pass them on.
package struct ClassifierExport: Sendable {
    /// What the head is to read.
    package enum Features: String, Sendable, CaseIterable {
        /// What it reads anyway: the dense layer over the first token, as it was trained.
        case pooler
        /// The last hidden state of the first token.
        case cls
        /// The mean of the last hidden state over all tokens, normalized: by one layer more, which attends to all
        /// tokens alike.
        case mean
    }

    /// The base model's configuration.
    package let configuration: EncoderConfiguration
    /// What the head reads.
    package private(set) var features: Features
    private let members: JSONObject
    private let checkpoint: Checkpoint

    /// A tanh is the identity to 2e-4 of values up to 6 when they are divided by this; the head's weights are the more.
    private static let tanhDivisor: Float = 256
    /// What keeps hidden states, which a LayerNorm bounds, positive before DistilBERT's ReLU; the head undoes it, which
    /// costs floats some of their digits, so a head that is small enough does without (``Dense/aroundReLU(_:width:)``).
    private static let reluShift: Float = 64
    /// The first token's own state is added to the mean as a share of one in so many. A power of two, within float16's
    /// range.
    private static let meanFactor: Float = 1024

    /// Opens a model's folder, without reading its weights.
    ///
    /// - Throws: `checkpoint`, or `unsupportedConfiguration` where the model has no such features.
    package init(directory: String, features: Features) throws(EncoderError) {
        let file: ConfigurationFile
        do throws(CheckpointError) {
            file = try ConfigurationFile(path: "\(directory)/config.json")
            checkpoint = try Checkpoint(directory: directory)
        } catch {
            throw .checkpoint(error)
        }
        configuration = try EncoderConfiguration(file)
        members = file.members
        self.features = features
        guard features != .mean || configuration.architecture != .mobilebert else {
            throw .unsupportedConfiguration(
                file: configuration.path,
                key: "model_type",
                found: "\"mobilebert\", whose layers cannot pass a mean on",
                expected: "\"bert\" or \"distilbert\", or features of another kind"
            )
        }
        if features == .pooler, configuration.activatesPooler {
            do throws(CheckpointError) {
                let width = configuration.hiddenSize
                try checkpoint.check("\(names(in: checkpoint).pooler).weight", shape: [width, width])
            } catch {
                throw .checkpoint(error)
            }
        }
    }

    /// The numbers that the head reads.
    package var featureCount: Int { configuration.hiddenSize }

    /// The same without the averaging layer, which is much work for what ``averaged(first:mean:)`` does in a few sums.
    package var belowAveraging: ClassifierExport {
        var export = self
        if export.features == .mean { export.features = .cls }
        return export
    }

    /// What the head reads of a text where it reads the mean: what the averaging layer, and the dense layer that passes
    /// it on, make of the last hidden state below them, in double precision.
    ///
    /// - Parameters:
    ///   - first: the first token's state.
    ///   - mean: that of all tokens, as long.
    package func averaged(first: some Sequence<Float>, mean: some Sequence<Float>) -> [Float] {
        let sum = zip(first, mean).map { Double($0) + Double(Self.meanFactor) * Double($1) }
        return normalized(normalized(sum)).map { value in
            Float(
                configuration.architecture == .distilbert
                    ? max(0, value + Double(Self.reluShift)) : tanh(value / Double(Self.tanhDivisor))
            )
        }
    }

    /// By the averaging layer's norms, whose weights are 1 and biases 0.
    private func normalized(_ vector: [Double]) -> [Double] {
        let count = Double(vector.count)
        let mean = vector.reduce(0, +) / count
        let variance = vector.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let scale = 1 / (variance + configuration.layerNormEpsilon).squareRoot()
        return vector.map { ($0 - mean) * scale }
    }

    /// The checkpoint's config.json. Two labels or more.
    package func configurationFile(labels: [String]) -> [UInt8] {
        let architecture = configuration.architecture
        var changed: [String: JSONValue] = [
            "architectures": .array([.string("\(architecture.family)ForSequenceClassification")]),
            "model_type": .string(architecture.rawValue),
            "id2label": Self.object(labels.enumerated().map { ("\($0)", .string($1)) }),
            "label2id": Self.object(labels.enumerated().map { ($1, .number("\($0)")) }),
            "problem_type": .string(SequenceClassifier.ProblemType.singleLabel.rawValue),
            // The head is in float32, whatever the rest is stored as.
            "dtype": .string("float32"),
        ]
        let layers = ConfigurationKeys(architecture).layerCount.name
        changed[layers] = .number("\(configuration.layerCount + (features == .mean ? 1 : 0))")
        if architecture == .mobilebert, features == .cls { changed["classifier_activation"] = .boolean(false) }
        let dropped: Set = ["_name_or_path", "torch_dtype", "num_labels", "num_hidden_layers"]
        var writer = JSONWriter()
        writer.object { writer in
            for member in members.members where changed[member.key] == nil && !dropped.contains(member.key) {
                writer.key(member.key)
                writer.value(member.value)
            }
            for (key, value) in changed.sorted(by: { $0.key < $1.key }) {
                writer.key(key)
                writer.value(value)
            }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private static func object(_ entries: [(String, JSONValue)]) -> JSONValue {
        var object = JSONObject()
        for (key, value) in entries { _ = object.append(key, value) }
        return .object(object)
    }

    /// The checkpoint's tensors: the encoder's as they are stored, what passes the features on, and the head.
    ///
    /// - Parameters:
    ///   - weight: shape [labels, ``featureCount``], row-major.
    ///   - bias: shape [labels].
    /// - Throws: `checkpoint` for a tensor that cannot be read.
    package func tensors(weight: [Float], bias: [Float]) throws(EncoderError) -> [OutgoingTensor] {
        let target = TensorNames(configuration.architecture, in: ["\(configuration.architecture.rawValue)."])
        var tensors: [OutgoingTensor]
        do throws(CheckpointError) {
            tensors = try encoderTensors(target)
        } catch {
            throw .checkpoint(error)
        }
        if features == .mean { tensors += averagingLayer(target) }
        let head = Dense(name: target.classifier, outputs: bias.count, weight: weight, bias: bias)
        return tensors + layers(endingIn: head, target).flatMap(\.tensors)
    }

    /// The stored tensors of the base model, under the names that they have beside a head.
    private func encoderTensors(_ target: TensorNames) throws(CheckpointError) -> [OutgoingTensor] {
        let attribute = "\(configuration.architecture.rawValue)."
        let source = names(in: checkpoint)
        let prefix = checkpoint.tensorNames.contains { $0.hasPrefix(attribute) } ? attribute : ""
        let keepsPooler = features == .pooler && configuration.activatesPooler
        var tensors: [OutgoingTensor] = []
        for name in checkpoint.tensorNames {
            let isPooler = name.hasPrefix("\(source.pooler).")
            let base = String(name.dropFirst(name.hasPrefix(prefix) ? prefix.count : 0))
            let isEncoder = ["embeddings.", "encoder.", "transformer."].contains { base.hasPrefix($0) }
            guard isPooler ? keepsPooler : (isEncoder && name.hasPrefix(prefix) && !base.hasSuffix("position_ids"))
            else { continue }
            // Norms converted from TensorFlow by old versions of transformers.
            var newName = isPooler ? target.pooler + name.dropFirst(source.pooler.count) : attribute + base
            for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")]
            where newName.hasSuffix(old) {
                newName = newName.dropLast(old.count) + new
            }
            tensors.append(try OutgoingTensor(name: newName, of: name, in: checkpoint))
        }
        return tensors
    }

    /// The head, and the dense layer over the first token as one that passes it on; not where the trained one is read,
    /// or none is.
    private func layers(endingIn head: Dense, _ target: TensorNames) -> [Dense] {
        let width = configuration.hiddenSize
        switch configuration.architecture {
        case _ where features == .pooler: return [head]
        case .mobilebert: return [head]
        case .bert: return [head, Dense(name: target.pooler, width: width, factor: 1 / Self.tanhDivisor)]
        case .distilbert where 2 * head.outputs <= width:
            return head.reading(shift: Self.reluShift).aroundReLU(target.pooler, width: width)
        case .distilbert: return [head, Dense(name: target.pooler, width: width, factor: 1, shift: Self.reluShift)]
        }
    }

    /// A layer whose result is each token's own state plus ``meanFactor`` times the mean of all, normalized: no query
    /// prefers any key, and the feed-forward network adds nothing.
    private func averagingLayer(_ target: TensorNames) -> [OutgoingTensor] {
        let (width, inner) = (configuration.hiddenSize, configuration.intermediateSize)
        let layer = target.layer(configuration.layerCount)
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

    private func names(in checkpoint: Checkpoint) -> TensorNames {
        TensorNames(configuration.architecture, in: checkpoint.tensorNames)
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

    /// Zeros.
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

    /// The layer that gives of x what this one gives of x + shift.
    func reading(shift: Float) -> Dense {
        let inputs = weight.count / outputs
        let moved = bias.enumerated().map { output, value in
            let sum = weight[output * inputs..<(output + 1) * inputs].reduce(0.0) { $0 + Double($1) }
            return Float(Double(value) + Double(shift) * sum)
        }
        return Dense(name: name, outputs: outputs, weight: weight, bias: moved)
    }

    /// This layer as two with a ReLU between, named `first`, of `width` units, and as this one: the first gives each
    /// output and its negative, of which ReLU lets one pass, and the second their difference.
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
