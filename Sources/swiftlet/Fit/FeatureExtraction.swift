import Encoder
import Host
import Inference
import Training

/// Computes the features of texts: the vectors that a classification head reads.
///
/// A checkpoint of the head's class computes them, with the tokenizer of the new folder. Either its head is the
/// identity; or it ends before the averaging layer, and the sums of that layer are computed here.
struct FeatureExtraction {
    /// Most bytes of all features together: half of a small server's memory. Nothing else in memory is large.
    private static let maxBytes = 8 << 30

    private let export: ClassifierExport
    private let inference: InferenceService
    private let input: InputOptions

    /// Writes the checkpoint into a folder that has the tokenizer, and loads it.
    init(
        _ export: ClassifierExport,
        in folder: FittedFolder,
        engine: ComputeOptions,
        maxLength: Int?
    ) throws {
        self.export = export
        let count = export.featureCount
        var identity = [Float](repeating: 0, count: count * count)
        for index in 0..<count { identity[index * count + index] = 1 }
        let bias = [Float](repeating: 0, count: count)
        let head = FittedHead(labels: (0..<count).map { "\($0)" }, weight: identity, bias: bias)
        try folder.write(export.belowAveraging, head)
        inference = InferenceService(
            model: try LoadedModel(directory: folder.path, engine: engine),
            configuration: InferenceConfiguration(workers: CPUBudget.current().count)
        )
        input = InputOptions(truncate: true, maxLength: maxLength)
    }

    /// The features of many texts.
    ///
    /// - Returns: a row for each text, in their order.
    /// - Throws: `unusableText` for a text that cannot be computed, or for too many texts.
    func features(of texts: LabelledTexts) async throws -> [[Float]] {
        let columns = export.featureCount
        let most = Self.maxBytes / (columns * MemoryLayout<Double>.stride)
        guard texts.texts.count <= most else {
            let reason = "\(texts.texts.count) records; at most \(most) with \(columns) features each are accepted"
            throw CommandError.unusableText(place: texts.source.path ?? "standard input", reason: reason)
        }
        var rows: [[Float]] = []
        rows.reserveCapacity(texts.texts.count)
        var progress = ProgressReporter(counting: "texts", of: texts.texts.count)
        try await WindowPipeline.run(.arguments(texts.texts.map(\.content))) {
            [self, source = texts.source, all = texts.texts] group in
            do {
                return try await features(of: group.map { .text($0.content) })
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

    private func features(of texts: [TextInput]) async throws -> [[Float]] {
        guard export.features == .mean else {
            return try await inference.run(texts, input, computing: .logits).value.map(\.values)
        }
        let count = export.featureCount
        return try await inference.run(texts, input, computing: .jointlyPooled([.cls, .mean], from: 0)).value.map {
            export.averaged(first: $0.values.prefix(count), mean: $0.values.suffix(count))
        }
    }

    /// Ends the engine's workers.
    func finish() async { await inference.shutDown() }
}

/// Centres features and scales them, all by one number, to a mean square of 1. A regression then needs fewer steps to
/// its minimum. The minimum itself stays the same, except that the unit of the penalty changes.
struct FeatureScaling {
    let means: [Double]
    let scale: Double

    /// Finds the centre and the scale from the rows with the given numbers.
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

    /// All rows, centred and scaled.
    func matrix(_ features: [[Float]]) -> FeatureMatrix {
        var matrix = FeatureMatrix(columns: means.count, reservingRows: features.count)
        for row in features { matrix.append(zip(row, means).map { (Double($0) - $1) * scale }) }
        return matrix
    }

    /// Converts a head over scaled features to a head over the original features.
    func unscaled(_ head: LinearHead) -> (weight: [Float], bias: [Float]) {
        let weight = head.weight.map { $0.map { $0 * scale } }
        let bias = zip(head.bias, weight).map { bias, row in bias - zip(row, means).reduce(0) { $0 + $1.0 * $1.1 } }
        return (weight.joined().map { Float($0) }, bias.map { Float($0) })
    }
}
