import Encoder
import Training

/// Measures training: whole steps with dropout, clipping and AdamW, as `swiftlet train` makes them.
struct TrainBench {
    /// Tokens of SST-2's training sentences, special tokens included: the middles of 32 parts of equal size, which
    /// have 13.3 tokens in the mean. (google-bert's uncased vocabulary.)
    private static let lengths = [
        3, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 8, 8, 9, 9, 10, 11, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 24, 26, 29, 34, 42,
    ]
    /// Batches of random texts.
    private static let randomBatches = 10
    private static let labels = 2

    private let run: TrainingRun
    private let order: [Int]
    private let batches: [Range<Int>]
    /// The batch with the most tokens.
    private let largest: Range<Int>
    let texts, tokens: Int

    /// A classifier with two labels, of the weights in a folder.
    ///
    /// - Parameters:
    ///   - texts: the token ids of each text, in the order of the batches; nil for random ones as long as SST-2's.
    /// - Throws: what is wrong with the folder, or ``BackendError`` without OpenBLAS.
    init(_ source: TrainableCheckpoint, texts: [[Int32]]?, batch: Int, threads: Int) throws {
        let texts = texts ?? Self.randomTexts(batch * Self.randomBatches, source.configuration)
        let set = TrainingSet(
            texts.enumerated().map { index, ids in
                let sequence = TokenizedSequence(ids: ids, typeIDs: Array(repeating: 0, count: ids.count))
                return TokenizedExample([sequence], .label(index % Self.labels))
            }
        )
        let model = try TrainableModel(
            source.configuration,
            source.training,
            head: .sequenceClassification(labels: Self.labels),
            capacity: set.capacity(batchSize: batch, members: threads)
        )
        var settings = TrainingSettings(.sequences(.singleLabel))
        settings.batchSize = batch
        try model.load(source, seed: settings.seed)
        let tokens = { (batch: Range<Int>) in batch.reduce(0) { $0 + texts[$1].count } }
        order = Array(texts.indices)
        batches = stride(from: 0, to: texts.count, by: batch).map { $0..<min($0 + batch, texts.count) }
        largest = batches.max { tokens($0) < tokens($1) } ?? 0..<0
        run = TrainingRun(model, training: set, validation: nil, settings: settings)
        self.texts = texts.count
        self.tokens = tokens(texts.indices)
    }

    private static func randomTexts(_ count: Int, _ configuration: EncoderConfiguration) -> [[Int32]] {
        var random = RandomIDs(seed: UInt64(count), vocabularySize: configuration.vocabularySize)
        return (0..<count).map { _ in
            let length = lengths[random.index(below: lengths.count)]
            return (0..<min(length, configuration.maxPositionEmbeddings)).map { _ in random.next() }
        }
    }

    /// The median of the seconds for a step on each batch, one after the other.
    ///
    /// - Throws: `diverged` where a loss is not finite.
    func seconds(_ repetition: Repetition) throws -> Double {
        var run = run
        func steps(_ batches: [Range<Int>]) throws {
            for batch in batches where run.step(order, batch) == nil {
                throw CommandError.diverged("loss or gradients are not finite numbers with the weights of this model")
            }
        }
        // The largest batch touches all memory that any batch touches.
        try steps([largest, largest])
        return try repetition.median { try steps(batches) }
    }
}
