internal import LinearAlgebra

extension Embeddings {
    /// Folds the embeddings. Their stream is the hidden states', and what is still to be applied to it is returned.
    static func load(
        _ reader: inout WeightReader,
        _ configuration: MobileBertConfiguration
    ) throws(EncoderError) -> (Packing<Embeddings>, AffineCarry) {
        let hiddenSize = configuration.hiddenSize
        let words = reader.matrix(
            "embeddings.word_embeddings.weight",
            configuration.vocabularySize,
            configuration.embeddingSize
        )
        let positions = reader.matrix(
            "embeddings.position_embeddings.weight",
            configuration.maxPositionEmbeddings,
            hiddenSize
        )
        let types = reader.matrix(
            "embeddings.token_type_embeddings.weight",
            configuration.typeVocabularySize,
            hiddenSize
        )

        var carry = AffineCarry.identity(width: hiddenSize)
        var transformation: AffineMap?
        if configuration.usesTrigramInput || configuration.embeddingSize != hiddenSize {
            let tokens = configuration.usesTrigramInput ? 3 : 1
            var dense = try reader.dense(
                "embeddings.embedding_transformation",
                outputs: hiddenSize,
                inputs: tokens * configuration.embeddingSize
            )
            try dense.addToStream(&carry, &reader.values)
            dense.padInputs(groups: tokens, width: EmbeddingTable.paddedWidth(configuration.embeddingSize))
            transformation = dense
        }
        let norm = try reader.norm(
            "embeddings.LayerNorm",
            width: hiddenSize,
            configuration: configuration,
            epsilon: MobileBertConfiguration.plainLayerNormEpsilon
        )
        let step = norm.folded(into: &carry)
        let packing: Packing<Embeddings> = { [transformation] packer throws(EncoderError) in
            let layer = try transformation.map { map throws(EncoderError) in
                try packer.adder(map, for: .embeddingTransformation)
            }
            return Embeddings(
                words: try packer.table(words),
                positions: try packer.table(positions),
                types: try packer.table(types),
                transformation: layer.map { configuration.usesTrigramInput ? .trigram($0) : .token($0) } ?? .none,
                norm: step
            )
        }
        return (packing, carry)
    }
}
