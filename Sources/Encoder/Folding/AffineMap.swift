internal import LinearAlgebra
import ModelFiles

/// A dense layer while it is being folded: y = W x + b, W is [outputs, inputs]. The factors and shifts
/// that are folded into W stay beside the checkpoint's matrix until ``FoldedRows`` applies them in double precision.
struct AffineMap: Sendable {
    /// Some of the outputs: y = rowFactors * (W (columnFactors * x + shift)), with W as stored.
    struct Block: Sendable {
        let matrix: StoredMatrix
        /// The outputs of the matrix, and those behind them that are zero.
        var outputs: Int
        var rowFactors: [Double]?
        var columnFactors: [Double]?
        /// The shift of the inputs, unless ``AffineMap/bias`` contains it already.
        var shift: [Double]?
    }

    /// The blocks, one below the other.
    private(set) var blocks: [Block]
    private(set) var outputs: Int
    /// The bias, without the shifts that are still in the blocks.
    private(set) var bias: [Double]
    /// The mean squares that the inputs are expected to have as they are stored, see ``InputBalance``; nil where
    /// no product needs them.
    var inputSquares: [Double]?
    /// The mean squares that the outputs are expected to have without their bias, once that is resolved.
    private(set) var outputSquares: [Double]?
    /// The spreading of the inputs, see ``padInputs(groups:width:)``.
    private(set) var inputGroups: (count: Int, width: Int)?

    /// The layer of the checkpoint, with nothing folded into it.
    ///
    /// - Precondition: there is a bias for each output.
    init(_ matrix: StoredMatrix, bias: [Float]) {
        precondition(bias.count == matrix.outputs)
        blocks = [Block(matrix: matrix, outputs: matrix.outputs)]
        outputs = matrix.outputs
        self.bias = bias.map(Double.init)
    }

    /// The inputs of the packed matrix.
    var inputs: Int { inputGroups.map { $0.count * $0.width } ?? storedInputs }

    private var storedInputs: Int { blocks.first?.matrix.inputs ?? 0 }

    /// Makes the layer read the stored stream instead of the model's values: W (scale * s + shift) + b.
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
    mutating func addToStream(_ carry: inout AffineCarry, _ values: inout [Float]) throws(ModelError) {
        precondition(carry.width == outputs)
        try resolveBias(&values)
        carry.shift = zip(carry.shift, bias).map(+)
        bias = Array(repeating: 0, count: outputs)
        if carry.scale.contains(where: { $0 != 1 }) { multiplyOutputs(by: carry.scale.map { 1 / $0 }) }
        if let outputSquares { carry.squares = carry.squares.map { zip($0, outputSquares).map(+) } }
    }

    /// Makes the outputs a new stored stream: W x, with b as its carry.
    mutating func beginStream(_ values: inout [Float]) throws(ModelError) -> AffineCarry {
        try resolveBias(&values)
        let carry = AffineCarry.shift(bias, squares: outputSquares)
        bias = Array(repeating: 0, count: outputs)
        return carry
    }

    /// Moves the inputs' shift into ``bias``, and computes ``outputSquares`` from ``inputSquares``. For either, the
    /// matrices are read into `values`.
    mutating func resolveBias(_ values: inout [Float]) throws(ModelError) {
        guard inputSquares != nil || blocks.contains(where: { $0.shift != nil }) else { return }
        var rows = FoldedRows(self)
        (bias, outputSquares) = try rows.biasAndSquares(&values)
        for index in blocks.indices { blocks[index].shift = nil }
    }

    /// Multiplies all outputs by one factor.
    mutating func scaleOutputs(by factor: Double) {
        scaleOutputs(by: Array(repeating: factor, count: outputs))
    }

    /// Multiplies each output by a factor of its own.
    mutating func scaleOutputs(by factors: [Double]) {
        precondition(factors.count == outputs)
        bias = zip(bias, factors).map(*)
        multiplyOutputs(by: factors)
    }

    /// Makes the layer read inputs that are multiplied by factors already: W (x / factors) + b.
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

    /// Appends zero outputs up to a whole number of vectors, so that the next outputs begin on a vector boundary.
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

    /// Spreads the inputs, which are `groups` vectors behind each other, to vectors of `width` that end in zeros.
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

    /// The layer without its bias: W x.
    var withoutBias: AffineMap {
        var map = self
        map.bias = Array(repeating: 0, count: outputs)
        for index in blocks.indices { map.blocks[index].shift = nil }
        return map
    }
}

/// The scale and shift that turn a stored stream s of hidden values into the model's x, unit by unit:
/// x = scale * s + shift.
///
/// `NoNorm` is affine and every sum in an encoder without LayerNorm is a residual one, so neither norms nor biases
/// need arithmetic at run time. Only products are added to the stored stream. The effect of norms and biases on it is
/// gathered here at load, in double precision, and folded into the weights of the products that read the stream. It
/// also keeps the stored values small where norms make the model's own grow (to 1e7 in a trained MobileBERT).
struct AffineCarry: Sendable, Equatable {
    /// Factor of each unit; never zero, see ``healthyScales``.
    var scale: [Double]
    /// The shift of each unit.
    var shift: [Double]
    /// The mean square that each unit of the stored stream is expected to have, see ``InputBalance``; nil where
    /// no product needs it.
    var squares: [Double]?

    /// The scales by which float32 weights can be divided and stay far from their limits. A norm that would lead to
    /// another scale is applied at run time instead, see ``Norm/folded(into:)``.
    static let healthyScales = 0x1p-40...0x1p40

    /// x = s.
    static func identity(width: Int) -> AffineCarry {
        AffineCarry(scale: Array(repeating: 1, count: width), shift: Array(repeating: 0, count: width))
    }

    /// x = s + shift.
    static func shift(_ shift: [Double], squares: [Double]? = nil) -> AffineCarry {
        AffineCarry(scale: Array(repeating: 1, count: shift.count), shift: shift, squares: squares)
    }

    /// The number of units.
    var width: Int { scale.count }
}
