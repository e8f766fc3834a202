internal import LinearAlgebra

/// A dense layer while it is being folded: y = W x + b in double precision, W is [outputs, inputs] row-major.
struct AffineMap {
    private(set) var outputs: Int
    private(set) var inputs: Int
    private(set) var weight: [Double]
    private(set) var bias: [Double]

    /// The layer as the checkpoint has it.
    ///
    /// - Precondition: there are `outputs * inputs` weights and `outputs` biases.
    init(outputs: Int, inputs: Int, weight: [Float], bias: [Float]) {
        precondition(weight.count == outputs * inputs && bias.count == outputs)
        self.outputs = outputs
        self.inputs = inputs
        self.weight = weight.map(Double.init)
        self.bias = bias.map(Double.init)
    }

    /// Takes the stored stream instead of the model's values: W (scale * s + shift) + b.
    mutating func readStream(_ carry: AffineCarry) {
        precondition(carry.width == inputs)
        guard !carry.isIdentity else { return }
        for output in 0..<outputs {
            var sum = bias[output]
            let start = output * inputs
            for input in 0..<inputs {
                let value = weight[start + input]
                sum += value * carry.shift[input]
                weight[start + input] = value * carry.scale[input]
            }
            bias[output] = sum
        }
    }

    /// Makes the outputs addable to a stored residual stream, and moves the bias into that stream's carry:
    /// scale * s + shift + W x + b = scale * (s + W x / scale) + (shift + b).
    mutating func addToStream(_ carry: inout AffineCarry) {
        precondition(carry.width == outputs)
        for output in 0..<outputs {
            carry.shift[output] += bias[output]
            bias[output] = 0
            guard carry.scale[output] != 1 else { continue }
            let start = output * inputs
            for input in 0..<inputs { weight[start + input] /= carry.scale[output] }
        }
    }

    /// Makes the outputs a new stored stream: W x, with b as its carry.
    mutating func beginStream() -> AffineCarry {
        let carry = AffineCarry.shift(bias)
        bias = Array(repeating: 0, count: outputs)
        return carry
    }

    /// Multiplies every output.
    mutating func scaleOutputs(by factor: Double) {
        for index in weight.indices { weight[index] *= factor }
        for index in bias.indices { bias[index] *= factor }
    }

    /// Appends outputs that are zero until there is a whole number of vectors, so that what follows begins on a vector
    /// boundary.
    mutating func padOutputs() {
        let padded = AlignedBuffer.roundedUp(outputs)
        weight.append(contentsOf: repeatElement(0, count: (padded - outputs) * inputs))
        bias.append(contentsOf: repeatElement(0, count: padded - outputs))
        outputs = padded
    }

    /// Spreads inputs that are `groups` vectors behind each other to vectors of `width` with zeros behind their values.
    mutating func padInputs(groups: Int, width: Int) {
        let narrow = inputs / groups
        guard narrow != width else { return }
        var padded = Array(repeating: 0.0, count: outputs * groups * width)
        for output in 0..<outputs {
            for group in 0..<groups {
                for column in 0..<narrow {
                    padded[(output * groups + group) * width + column] =
                        weight[output * inputs + group * narrow + column]
                }
            }
        }
        weight = padded
        inputs = groups * width
    }

    /// Appends another layer's outputs to this one's; both read the same values.
    mutating func append(_ other: AffineMap) {
        precondition(other.inputs == inputs)
        weight.append(contentsOf: other.weight)
        bias.append(contentsOf: other.bias)
        outputs += other.outputs
    }

    /// W x.
    var withoutBias: AffineMap {
        var map = self
        map.bias = Array(repeating: 0, count: outputs)
        return map
    }

    /// W, rounded to floats once and packed for its place in the model.
    func packedWeight(_ role: WeightFormats.Role, _ formats: WeightFormats) -> PackedWeight {
        PackedWeight(
            outputs: outputs,
            inputs: inputs,
            format: formats.format(of: role),
            arithmetic: formats.arithmetic
        ) { output, row, start in
            for input in 0..<inputs { row[start + input] = Float(weight[output * inputs + input]) }
        }
    }

    /// b, rounded to floats.
    var roundedBias: [Float] { bias.map(Float.init) }
}
