import JSON
import Tokenization

/// Measures the work on a text before and after the forward pass, on one thread.
enum TextBench {
    /// Tokenizes all texts whole, with offsets and special tokens.
    static func tokenization(
        of texts: [String],
        _ tokenizer: Tokenizer,
        _ repetition: Repetition
    ) throws -> BenchFigure {
        func tokenize(_ texts: some Sequence<String>) throws -> Int {
            try texts.reduce(0) { $0 + (try tokenizer.encode($1).count) }
        }
        // A thousand texts are enough to bring the vocabulary into the caches.
        var tokens = try tokenize(texts.prefix(1000))
        let seconds = try repetition.median { tokens = try tokenize(texts) }
        return BenchFigure(
            shape: "tokenizer",
            settings: [],
            texts: texts.count,
            tokens: tokens,
            bytes: texts.reduce(0) { $0 + $1.utf8.count },
            seconds: seconds
        )
    }

    /// The number of components of an embedding, as in google/mobilebert-uncased.
    private static let width = 512

    /// Writes embeddings as POST /embed answers them.
    static func json(vectors count: Int, _ repetition: Repetition) -> BenchFigure {
        var random = RandomIDs(seed: UInt64(width), vocabularySize: 1 << 24)
        // The numbers are like those of a vector of length 1, with as many digits.
        let vectors = (0..<count).map { _ in
            (0..<width).map { _ in (Float(random.next()) - 10_500) / 250_000 }
        }
        func write() -> Int {
            var writer = JSONWriter()
            writer.array(vectors) { writer, vector in writer.numbers(vector) }
            return writer.bytes.count
        }
        let bytes = write()
        let seconds = repetition.median { _ = write() }
        return BenchFigure(shape: "json", settings: [], texts: count, tokens: nil, bytes: bytes, seconds: seconds)
    }
}
