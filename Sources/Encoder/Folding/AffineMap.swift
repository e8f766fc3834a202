internal import LinearAlgebra

/// A dense layer while it is being folded: y = W x + b, W is [outputs, inputs]. What is folded into W is kept beside
/// the checkpoint's matrix until ``FoldedRows`` applies it, in double precision.
struct AffineMap: Sendable {
    /// Some of the outputs: y = rowFactors * (W (columnFactors * x + shift)), with W as stored.
    struct Block: Sendable {
        let matrix: StoredMatrix
        /// Those of the matrix, and zeros behind them.
        var outputs: Int
        var rowFactors: [Double]?
        var columnFactors: [Double]?
        /// What the inputs are still to be moved by, which ``AffineMap/bias`` does not have yet.
        var shift: [Double]?
    }

    /// One below the other.
    private(set) var blocks: [Block]
    private(set) var outputs: Int
    /// What ``readStream(_:)`` has yet to bring is in the blocks.
    private(set) var bias: [Double]
    /// The mean squares that the inputs are expected to have as they are stored, see ``InputBalance``; nil unless
    /// somebody needs them.
    var inputSquares: [Double]?
    /// Those of the outputs without their bias, once that is resolved.
    private(set) var outputSquares: [Double]?
    /// How the inputs are spread, see ``padInputs(groups:width:)``.
    private(set) var inputGroups: (count: Int, width: Int)?

    /// The layer as the checkpoint has it.
    ///
    /// - Precondition: there is a bias for each output.
    init(_ matrix: StoredMatrix, bias: [Float]) {
        precondition(bias.count == matrix.outputs)
        blocks = [Block(matrix: matrix, outputs: matrix.outputs)]
        outputs = matrix.outputs
        self.bias = bias.map(Double.init)
    }

    /// Inputs of the matrix as it is packed.
    var inputs: Int { inputGroups.map { $0.count * $0.width } ?? storedInputs }

    private var storedInputs: Int { blocks.first?.matrix.inputs ?? 0 }

    /// Takes the stored stream instead of the model's values: W (scale * s + shift) + b.
    mutating func readStream(_ carry: AffineCarry) {
        precondition(carry.width == storedInputs)
        inputSquares = carry.squares
        for index in blocks.indices {
            let factors = blocks[index].columnFactors
            if carry.shift.contains(where: { $0 != 0 }) {
                let shift = factors.map { zip($0, carry.shift).map(*) } ?? carry.shift
                blocks[index].shift = blocks[index].shift.map { zip($0, shift).map(+) } ?? shift
            }
            if carry.scale.contains(where: { $0 != 1 }) {
                blocks[index].columnFactors = factors.map { zip($0, carry.scale).map(*) } ?? carry.scale
            }
        }
    }

    /// Makes the outputs addable to a stored residual stream, and moves the bias into that stream's carry:
    /// scale * s + shift + W x + b = scale * (s + W x / scale) + (shift + b).
    mutating func addToStream(_ carry: inout AffineCarry, _ values: inout [Float]) throws(EncoderError) {
        precondition(carry.width == outputs)
        try resolveBias(&values)
        carry.shift = zip(carry.shift, bias).map(+)
        bias = Array(repeating: 0, count: outputs)
        if carry.scale.contains(where: { $0 != 1 }) { multiplyOutputs(by: carry.scale.map { 1 / $0 }) }
        if let outputSquares { carry.squares = carry.squares.map { zip($0, outputSquares).map(+) } }
    }

    /// Makes the outputs a new stored stream: W x, with b as its carry.
    mutating func beginStream(_ values: inout [Float]) throws(EncoderError) -> AffineCarry {
        try resolveBias(&values)
        let carry = AffineCarry.shift(bias, squares: outputSquares)
        bias = Array(repeating: 0, count: outputs)
        return carry
    }

    /// Brings what the inputs are moved by into ``bias``, and what they are expected to be into ``outputSquares``, for
    /// either of which the matrices have to be read (into `values`).
    mutating func resolveBias(_ values: inout [Float]) throws(EncoderError) {
        guard inputSquares != nil || blocks.contains(where: { $0.shift != nil }) else { return }
        var rows = FoldedRows(self)
        (bias, outputSquares) = try rows.biasAndSquares(&values)
        for index in blocks.indices { blocks[index].shift = nil }
    }

    /// Multiplies every output.
    mutating func scaleOutputs(by factor: Double) {
        scaleOutputs(by: Array(repeating: factor, count: outputs))
    }

    /// Multiplies each output.
    mutating func scaleOutputs(by factors: [Double]) {
        precondition(factors.count == outputs)
        bias = zip(bias, factors).map(*)
        multiplyOutputs(by: factors)
    }

    /// Takes inputs that are multiplied already: W (x / factors) + b.
    mutating func divideInputs(by factors: [Double]) {
        precondition(factors.count == storedInputs)
        for index in blocks.indices {
            let own = blocks[index].columnFactors ?? Array(repeating: 1, count: storedInputs)
            blocks[index].columnFactors = zip(own, factors).map(/)
        }
        inputSquares = inputSquares.map { zip($0, factors).map { $0 * $1 * $1 } }
    }

    private mutating func multiplyOutputs(by factors: [Double]) {
        outputSquares = outputSquares.map { zip($0, factors).map { $0 * $1 * $1 } }
        var first = 0
        for index in blocks.indices {
            let own = Array(factors[first..<first + blocks[index].outputs])
            blocks[index].rowFactors = blocks[index].rowFactors.map { zip($0, own).map(*) } ?? own
            first += blocks[index].outputs
        }
    }

    /// Appends outputs that are zero until there is a whole number of vectors, so that what follows begins on a vector
    /// boundary.
    mutating func padOutputs() {
        let padding = AlignedBuffer.roundedUp(outputs) - outputs
        guard padding > 0, !blocks.isEmpty else { return }
        let last = blocks.count - 1
        blocks[last].outputs += padding
        if let factors = blocks[last].rowFactors {
            blocks[last].rowFactors = factors + Array(repeating: 1, count: padding)
        }
        bias += Array(repeating: 0, count: padding)
        outputs += padding
    }

    /// Spreads inputs that are `groups` vectors behind each other to vectors of `width` with zeros behind their values.
    mutating func padInputs(groups: Int, width: Int) {
        inputGroups = storedInputs / groups == width ? nil : (groups, width)
    }

    /// Appends another layer's outputs to this one's; both read the same values.
    mutating func append(_ other: AffineMap) {
        precondition(other.inputs == inputs)
        blocks += other.blocks
        bias += other.bias
        outputs += other.outputs
    }

    /// W x.
    var withoutBias: AffineMap {
        var map = self
        map.bias = Array(repeating: 0, count: outputs)
        for index in blocks.indices { map.blocks[index].shift = nil }
        return map
    }
}
