internal import LinearAlgebra

extension Embeddings {
    /// Reads the embeddings. Their stream is the hidden states', and what is still to be applied to it is returned.
    static func load(
        _ reader: inout WeightReader,
        _ configuration: MobileBertConfiguration,
        _ formats: WeightFormats
    ) throws(EncoderError) -> (Embeddings, AffineCarry) {
        let hiddenSize = configuration.hiddenSize
        func table(
            _ name: String,
            _ rows: Int,
            _ width: Int,
            _ reader: inout WeightReader
        ) throws(EncoderError) -> EmbeddingTable {
            let values = try reader.tensor("embeddings.\(name).weight", shape: [rows, width])
            return EmbeddingTable(rows: rows, width: width, values: values)
        }
        let words = try table(
            "word_embeddings",
            configuration.vocabularySize,
            configuration.embeddingSize,
            &reader
        )
        let positions = try table("position_embeddings", configuration.maxPositionEmbeddings, hiddenSize, &reader)
        let types = try table("token_type_embeddings", configuration.typeVocabularySize, hiddenSize, &reader)

        var carry = AffineCarry.identity(width: hiddenSize)
        let transformation: Transformation
        if configuration.usesTrigramInput || configuration.embeddingSize != hiddenSize {
            let tokens = configuration.usesTrigramInput ? 3 : 1
            var dense = try reader.dense(
                "embeddings.embedding_transformation",
                outputs: hiddenSize,
                inputs: tokens * configuration.embeddingSize
            )
            dense.addToStream(&carry)
            dense.padInputs(groups: tokens, width: words.paddedWidth)
            let layer = LinearLayer(
                weight: dense.packedWeight(.embeddingTransformation, formats),
                accumulates: true
            )
            transformation = configuration.usesTrigramInput ? .trigram(layer) : .token(layer)
        } else {
            transformation = .none
        }
        let norm = try reader.norm(
            "embeddings.LayerNorm",
            width: hiddenSize,
            configuration: configuration,
            epsilon: MobileBertConfiguration.plainLayerNormEpsilon
        )
        let embeddings = Embeddings(
            words: words,
            positions: positions,
            types: types,
            transformation: transformation,
            norm: norm.folded(into: &carry)
        )
        return (embeddings, carry)
    }
}
