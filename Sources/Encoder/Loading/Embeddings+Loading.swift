internal import LinearAlgebra
import ModelFiles

extension Embeddings {
    /// Folds the embeddings, with which the hidden states' stream begins.
    static func load(_ reader: inout WeightReader) throws(ModelError) -> Packing<Embeddings> {
        let (configuration, names) = (reader.configuration, reader.names)
        let hiddenSize = configuration.hiddenSize
        let words = try reader.matrix(wordsName(reader), configuration.vocabularySize, configuration.embeddingSize)
        let positions = try positions(&reader)
        let types =
            try configuration.typeVocabularySize > 0
            ? reader.matrix(names.types, configuration.typeVocabularySize, hiddenSize) : nil

        var wordSquares: [Double]?
        if reader.formats.balancesInputs {
            // Scratch of its own, freed before any weight is packed: no other matrix is as large.
            var values: [Float] = []
            wordSquares = try words.columnSquares(&values)
            var squares = try positions.columnSquares(&values)
            if let types { squares = try zip(squares, types.columnSquares(&values)).map(+) }
            reader.hidden.squares = squares
        }
        let transformation = try transformation(&reader, wordSquares)
        let epsilon = configuration.plainLayerNormEpsilon
        let step = try reader.norm(names.embeddingNorm, width: hiddenSize, epsilon: epsilon)
            .folded(into: &reader.hidden)
        return { packer throws(ModelError) in
            let layer = try transformation.map { map throws(ModelError) in
                try packer.layer(map, for: .embeddingTransformation, accumulates: true)
            }
            return Embeddings(
                // The first product rounds what it reads of them to bfloat16, or further, in any case.
                words: try packer.table(words, isNarrow: packer.formats.dataType != .float32),
                positions: try packer.table(positions),
                types: try types.map { table throws(ModelError) in try packer.table(table) },
                transformation: layer.map { configuration.usesTrigramInput ? .trigram($0) : .token($0) } ?? .none,
                norm: step
            )
        }
    }

    /// The position embeddings. Where they are sines and cosines, transformers computes those that the file lacks.
    private static func positions(_ reader: inout WeightReader) throws(ModelError) -> StoredMatrix {
        let (name, configuration) = (reader.names.positions, reader.configuration)
        let (rows, columns) = (configuration.maxPositionEmbeddings, configuration.hiddenSize)
        guard configuration.hasSinusoidalPositions, !reader.contains(name) else {
            return try reader.matrix(name, rows, columns)
        }
        return StoredMatrix(sinusoidalRows: rows, columns: columns)
    }

    /// The name of the word embeddings: a file may hold them as the decoder of a masked language model alone, since the
    /// two are one matrix.
    private static func wordsName(_ reader: WeightReader) -> String {
        let configuration = reader.configuration
        let words = reader.names.words
        guard !reader.contains(words), configuration.tiesWordEmbeddings,
            let decoder = configuration.architecture.heads[.maskedLanguageModel].map({ "\($0.layer).weight" })
        else { return words }
        return reader.contains(decoder) ? decoder : words
    }

    /// The dense layer that makes word embeddings as wide as hidden states and adds to their stream; nil where they
    /// have that width already.
    private static func transformation(
        _ reader: inout WeightReader,
        _ wordSquares: [Double]?
    ) throws(ModelError) -> AffineMap? {
        let configuration = reader.configuration
        guard configuration.usesTrigramInput || configuration.embeddingSize != configuration.hiddenSize else {
            if let wordSquares { reader.hidden.squares = reader.hidden.squares.map { zip($0, wordSquares).map(+) } }
            if let unused = reader.names.embeddingTransformation {
                for part in ["weight", "bias"] { reader.skip("\(unused).\(part)") }
            }
            return nil
        }
        let tokens = configuration.usesTrigramInput ? 3 : 1
        var dense = try reader.dense(
            reader.required(reader.names.embeddingTransformation),
            outputs: configuration.hiddenSize,
            inputs: tokens * configuration.embeddingSize
        )
        dense.inputSquares = wordSquares.map { Array(repeatElement($0, count: tokens).joined()) }
        try dense.addToStream(&reader.hidden, &reader.values)
        dense.padInputs(groups: tokens, width: EmbeddingTable.paddedWidth(configuration.embeddingSize))
        return dense
    }
}
