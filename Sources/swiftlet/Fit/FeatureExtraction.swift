import Encoder
import Service
import Training

/// The features of many texts: what the head of a folder's class reads.
enum FeatureExtraction {
    /// Bytes that all features may take, beside which there is nothing large: half of a small server's memory.
    private static let maxBytes = 8 << 30

    /// Runs the encoder of a folder whose head gives what it reads, unchanged.
    ///
    /// - Returns: a row for each text, in their order.
    /// - Throws: `unusableText` for a text that cannot be run, or for more texts than there may be.
    static func features(
        of texts: LabelledTexts,
        by inference: InferenceService,
        _ input: InputOptions
    ) async throws -> [[Float]] {
        let columns = inference.model.encoder.configuration.hiddenSize
        let most = maxBytes / (columns * MemoryLayout<Double>.stride)
        guard texts.texts.count <= most else {
            let reason = "\(texts.texts.count) records; at most \(most) are fitted of \(columns) features each"
            throw CommandError.unusableText(place: texts.source.path ?? "standard input", reason: reason)
        }
        var rows: [[Float]] = []
        rows.reserveCapacity(texts.texts.count)
        var progress = ProgressReporter(counting: "texts", of: texts.texts.count)
        try await WindowPipeline.run(.arguments(texts.texts.map(\.content))) {
            [source = texts.source, all = texts.texts] group in
            do {
                return try await inference.logits(of: group.map { .text($0.content) }, options: input)
            } catch {
                throw placed(error, in: group.map { all[$0.index] }, of: source)
            }
        } advance: { count, _ in
            progress.advance(by: count, size: count)
        } emit: { _, features in
            rows += features
        }
        progress.finish(always: true)
        return rows
    }
}

/// Centres features and scales them, all by one number, to a mean square of 1. A regression's minimum stays what it is
/// but for the unit of its penalty, and is found in fewer steps.
struct FeatureScaling {
    let means: [Double]
    let scale: Double

    /// By the rows with the given numbers.
    init(_ features: [[Float]], rows: [Int]) {
        let columns = features.first?.count ?? 0
        var sums = [Double](repeating: 0, count: columns)
        for row in rows { for column in 0..<columns { sums[column] += Double(features[row][column]) } }
        let means = sums.map { $0 / Double(max(rows.count, 1)) }
        var squares = 0.0
        for row in rows {
            for column in 0..<columns {
                let difference = Double(features[row][column]) - means[column]
                squares += difference * difference
            }
        }
        let variance = squares / Double(max(rows.count * columns, 1))
        self.means = means
        scale = variance > 0 ? 1 / variance.squareRoot() : 1
    }

    /// All rows, scaled.
    func matrix(_ features: [[Float]]) -> FeatureMatrix {
        var matrix = FeatureMatrix(columns: means.count, reservingRows: features.count)
        for row in features { matrix.append(zip(row, means).map { (Double($0) - $1) * scale }) }
        return matrix
    }

    /// The head over the features as they were, of one over scaled features.
    func unscaled(_ head: LinearHead) -> (weight: [Float], bias: [Float]) {
        let weight = head.weight.map { $0.map { $0 * scale } }
        let bias = zip(head.bias, weight).map { bias, row in bias - zip(row, means).reduce(0) { $0 + $1.0 * $1.1 } }
        return (weight.joined().map { Float($0) }, bias.map { Float($0) })
    }
}
