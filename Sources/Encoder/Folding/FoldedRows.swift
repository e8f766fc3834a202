import ModelFiles

/// Applies the factors and shifts of an ``AffineMap`` row by row, in double precision, and rounds once to floats.
struct FoldedRows {
    private let map: AffineMap
    /// The bias: complete for the rows that have been folded.
    private(set) var bias: [Double]
    /// The block whose matrix `values` holds, and its first output.
    private var block: AffineMap.Block?
    private var blockIndex = -1
    private var firstOutput = 0

    init(_ map: AffineMap) {
        self.map = map
        bias = map.bias
    }

    /// Writes row `output` of W from `start` on, and completes the output's bias.
    ///
    /// - Parameter values: scratch that holds the current matrix between calls.
    /// - Precondition: rows are folded in order.
    mutating func fold(
        _ output: Int,
        _ row: inout MutableSpan<Float>,
        from start: Int,
        _ values: inout [Float]
    ) throws(ModelError) {
        let block = try block(of: output, &values)
        let inputs = block.matrix.inputs
        let local = output - firstOutput
        guard local < block.matrix.outputs else {
            for column in 0..<map.inputs { row[start + column] = 0 }
            return
        }
        updateBias(output, block, values)
        let factor = block.rowFactors?[local] ?? 1
        let groups = map.inputGroups ?? (1, inputs)
        let narrow = inputs / groups.count
        for group in 0..<groups.count {
            let columns = group * narrow..<(group + 1) * narrow
            let place = start + group * groups.width
            Self.scale(values, local * inputs, columns, block.columnFactors, factor, &row, place)
            for column in narrow..<groups.width { row[place + column] = 0 }
        }
    }

    /// The complete bias, and the mean squares of W x, if those of x are known.
    mutating func biasAndSquares(
        _ values: inout [Float]
    ) throws(ModelError) -> (bias: [Double], squares: [Double]?) {
        var squares = map.inputSquares.map { _ in Array(repeating: 0.0, count: map.outputs) }
        var magnitudes: [Double] = []
        for output in 0..<map.outputs {
            let earlierBlock = blockIndex
            let block = try block(of: output, &values)
            let local = output - firstOutput
            guard local < block.matrix.outputs else { continue }
            updateBias(output, block, values)
            guard let inputSquares = map.inputSquares else { continue }
            if blockIndex != earlierBlock {
                magnitudes = inputSquares.map { $0.squareRoot() }
                if let factors = block.columnFactors { magnitudes = zip(magnitudes, factors).map(*) }
            }
            let factor = block.rowFactors?[local] ?? 1
            squares?[output] = RowSums.squares(values, local * block.matrix.inputs, magnitudes) * factor * factor
        }
        return (bias, squares)
    }

    private mutating func block(of output: Int, _ values: inout [Float]) throws(ModelError) -> AffineMap.Block {
        while true {
            if let block, output < firstOutput + block.outputs { return block }
            firstOutput += block?.outputs ?? 0
            blockIndex += 1
            let next = map.blocks[blockIndex]
            try next.matrix.read(into: &values)
            block = next
        }
    }

    private mutating func updateBias(_ output: Int, _ block: AffineMap.Block, _ values: [Float]) {
        guard let shift = block.shift else { return }
        let local = output - firstOutput
        let product = RowSums.product(values, local * block.matrix.inputs, shift)
        bias[output] += product * (block.rowFactors?[local] ?? 1)
    }

    /// Writes `columns` of the row at `start`, multiplied by their factors and by the row's factor, at `place`.
    private static func scale(
        _ values: [Float],
        _ start: Int,
        _ columns: Range<Int>,
        _ factors: [Double]?,
        _ rowFactor: Double,
        _ row: inout MutableSpan<Float>,
        _ place: Int
    ) {
        precondition(start + columns.upperBound <= values.count && place + columns.count <= row.count)
        let source = values.span
        guard let factors else {
            for column in columns {
                let value = unsafe source[unchecked: start &+ column]
                unsafe row[unchecked: place &+ column &- columns.lowerBound] = Float(Double(value) * rowFactor)
            }
            return
        }
        precondition(columns.upperBound <= factors.count)
        let scales = factors.span
        for column in columns {
            let value = unsafe Double(source[unchecked: start &+ column]) * scales[unchecked: column]
            unsafe row[unchecked: place &+ column &- columns.lowerBound] = Float(value * rowFactor)
        }
    }
}
