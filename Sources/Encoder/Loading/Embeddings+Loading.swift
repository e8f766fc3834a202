internal import LinearAlgebra

extension Embeddings {
    /// Folds the embeddings, with which the hidden states' stream begins.
    static func load(_ reader: inout WeightReader) throws(EncoderError) -> Packing<Embeddings> {
        let (configuration, names) = (reader.configuration, reader.names)
        let hiddenSize = configuration.hiddenSize
        let words = try reader.matrix(names.words, configuration.vocabularySize, configuration.embeddingSize)
        let positions = try reader.matrix(names.positions, configuration.maxPositionEmbeddings, hiddenSize)
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
        return { packer throws(EncoderError) in
            let layer = try transformation.map { map throws(EncoderError) in
                try packer.layer(map, for: .embeddingTransformation, accumulates: true)
            }
            return Embeddings(
                // The first product rounds what it reads of them to bfloat16, or further, in any case.
                words: try packer.table(words, isNarrow: packer.formats.dataType != .float32),
                positions: try packer.table(positions),
                types: try types.map { table throws(EncoderError) in try packer.table(table) },
                transformation: layer.map { configuration.usesTrigramInput ? .trigram($0) : .token($0) } ?? .none,
                norm: step
            )
        }
    }

    /// The dense layer that makes word embeddings as wide as hidden states and adds to their stream; nil where they
    /// have that width already.
    private static func transformation(
        _ reader: inout WeightReader,
        _ wordSquares: [Double]?
    ) throws(EncoderError) -> AffineMap? {
        let configuration = reader.configuration
        guard configuration.usesTrigramInput || configuration.embeddingSize != configuration.hiddenSize else {
            if let wordSquares { reader.hidden.squares = reader.hidden.squares.map { zip($0, wordSquares).map(+) } }
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
