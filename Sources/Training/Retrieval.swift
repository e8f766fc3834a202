internal import LinearAlgebra

/// How well anchors find their positives among all documents, which are the positives and negatives of all examples:
/// sentence-transformers' InformationRetrievalEvaluator. A text that stands in several examples is one anchor, or one
/// document, and has the positives of all of them.
struct Retrieval {
    /// The fraction of anchors for which a positive comes first.
    let accuracyAt1: Double
    /// The mean of 1 / the place of the first positive, or 0 for a place behind ``deepest``.
    let reciprocalRankAt10: Double
    /// The place of the first positive of each example's anchor.
    let places: [Int]

    private static let deepest = 10
    /// Cosines that are computed at once.
    private static let blockFloats = 1 << 22

    /// Compares the vectors of examples: an anchor's, its positive's, and negatives'.
    init(_ outputs: [ExampleOutput], of examples: [TokenizedExample]) {
        var (anchors, documents) = (DistinctTexts(), DistinctTexts())
        var positives: [Set<Int>] = []
        var own: [Int] = []
        for (output, example) in zip(outputs, examples) {
            for (row, sequence) in example.sequences.enumerated() {
                let vector = output.values[row * output.columns..<(row + 1) * output.columns]
                let number = row == 0 ? anchors.add(sequence, vector) : documents.add(sequence, vector)
                if row == 0, number == positives.count { positives.append([]) }
                if row == 1 { positives[anchors.last].insert(number) }
            }
            own.append(anchors.last)
        }
        let ranks = Self.ranks(anchors, documents, positives)
        places = own.map { ranks[$0] }
        let count = Double(max(1, ranks.count))
        accuracyAt1 = Double(ranks.count { $0 == 1 }) / count
        reciprocalRankAt10 = ranks.reduce(0) { $0 + ($1 <= Self.deepest ? 1 / Double($1) : 0) } / count
    }

    /// The place of each anchor's first positive. A document with the same cosine comes before it, so that a model
    /// with one vector for all texts finds nothing.
    private static func ranks(_ anchors: DistinctTexts, _ documents: DistinctTexts, _ positives: [Set<Int>]) -> [Int] {
        guard let kernels = try? TrainingKernels() else {
            preconditionFailure("vectors come of a model whose products are OpenBLAS's")
        }
        let columns = documents.columns
        let perBlock = max(1, min(anchors.count, blockFloats / max(1, documents.count)))
        let right = MatrixRegion(rows: documents.count, columns: columns, stride: columns)
        let left = MatrixRegion(offset: right.end, rows: perBlock, columns: columns, stride: columns)
        let cosines = MatrixRegion(offset: left.end, rows: perBlock, columns: right.rows, stride: right.rows)
        var buffer = AlignedBuffer(minimumCount: cosines.end)
        buffer.write(documents.units, at: right.offset)
        var ranks: [Int] = []
        for start in stride(from: 0, to: anchors.count, by: perBlock) {
            let block = start..<min(start + perBlock, anchors.count)
            buffer.write(anchors.units[block.lowerBound * columns..<block.upperBound * columns], at: left.offset)
            let rows = 0..<block.count
            kernels.multiply(left.rows(rows), right, transposingB: true, into: cosines.rows(rows), of: buffer)
            buffer.withSpan { all in
                for (row, own) in positives[block].enumerated() {
                    let first = cosines.offset + row * cosines.stride
                    let best = own.map { all[first + $0] }.max() ?? .nan
                    // Written so that all come before a value that is not a number.
                    let before = (0..<right.rows).count { !own.contains($0) && !(all[first + $0] < best) }
                    ranks.append(before + 1)
                }
            }
        }
        return ranks
    }
}

/// Texts, each of them once, with their vectors scaled to length 1.
private struct DistinctTexts {
    private var numbers: [[Int32]: Int] = [:]
    private(set) var units: [Float] = []
    private(set) var columns = 0
    /// The number of the text that was added last.
    private(set) var last = 0

    var count: Int { numbers.count }

    /// - Returns: the text's number.
    mutating func add(_ sequence: TokenizedSequence, _ vector: ArraySlice<Float>) -> Int {
        if let number = numbers[sequence.ids] {
            last = number
            return number
        }
        last = numbers.count
        numbers[sequence.ids] = last
        columns = vector.count
        let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        units += vector.map { length > 0 ? Float(Double($0) / length) : $0 }
        return last
    }
}

extension AlignedBuffer {
    /// Copies values to a place of the buffer.
    fileprivate mutating func write(_ values: some Collection<Float>, at offset: Int) {
        withMutableSpan { span in
            for (place, value) in values.enumerated() { span[offset + place] = value }
        }
    }
}
