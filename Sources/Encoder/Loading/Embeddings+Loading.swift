internal import LinearAlgebra

extension Embeddings {
    /// Folds the embeddings. Their stream is the hidden states', and what is still to be applied to it is returned.
    static func load(
        _ reader: inout WeightReader,
        _ configuration: EncoderConfiguration,
        _ formats: WeightFormats
    ) throws(EncoderError) -> (Packing<Embeddings>, AffineCarry) {
        let hiddenSize = configuration.hiddenSize
        let words = try reader.matrix(
            reader.names.words,
            configuration.vocabularySize,
            configuration.embeddingSize
        )
        let positions = try reader.matrix(
            reader.names.positions,
            configuration.maxPositionEmbeddings,
            hiddenSize
        )
        let types =
            try configuration.typeVocabularySize > 0
            ? reader.matrix(reader.names.types, configuration.typeVocabularySize, hiddenSize) : nil

        var carry = AffineCarry.identity(width: hiddenSize)
        var wordSquares: [Double]?
        if formats.balancesInputs {
            // Room of its own, which goes before any weight is packed: no other matrix is as large.
            var values: [Float] = []
            wordSquares = try words.columnSquares(&values)
            var squares = try positions.columnSquares(&values)
            if let types { squares = try zip(squares, types.columnSquares(&values)).map(+) }
            carry.squares = squares
        }
        let transformation = try transformation(&reader, configuration, wordSquares, &carry)
        let norm = try reader.norm(
            reader.names.embeddingNorm,
            width: hiddenSize,
            configuration: configuration,
            epsilon: configuration.plainLayerNormEpsilon
        )
        let step = norm.folded(into: &carry)
        let packing: Packing<Embeddings> = { packer throws(EncoderError) in
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
        return (packing, carry)
    }

    /// What makes word embeddings as wide as hidden states, where that takes something; it adds to the stream of
    /// `carry`.
    private static func transformation(
        _ reader: inout WeightReader,
        _ configuration: EncoderConfiguration,
        _ wordSquares: [Double]?,
        _ carry: inout AffineCarry
    ) throws(EncoderError) -> AffineMap? {
        guard configuration.usesTrigramInput || configuration.embeddingSize != configuration.hiddenSize else {
            if let wordSquares { carry.squares = carry.squares.map { zip($0, wordSquares).map(+) } }
            return nil
        }
        let tokens = configuration.usesTrigramInput ? 3 : 1
        var dense = try reader.dense(
            reader.names.embeddingTransformation,
            outputs: configuration.hiddenSize,
            inputs: tokens * configuration.embeddingSize
        )
        dense.inputSquares = wordSquares.map { Array(repeatElement($0, count: tokens).joined()) }
        try dense.addToStream(&carry, &reader.values)
        dense.padInputs(groups: tokens, width: EmbeddingTable.paddedWidth(configuration.embeddingSize))
        return dense
    }
}
