internal import LinearAlgebra

/// Loads what is on top of the encoder.
///
/// A head that `architectures` names must be whole if any of it is there; another one is taken if all of it is there,
/// as transformers' classes take what they find: bert-base-uncased is saved as a masked language model, and has the
/// next sentence head too.
struct HeadLoader {
    let configuration: EncoderConfiguration

    /// The heads that are a dense layer over the pooler's output or the last hidden state.
    func dense(_ reader: inout WeightReader) throws(EncoderError) -> [Head: DenseHead] {
        var heads: [Head: DenseHead] = [:]
        let labels = configuration.labels.count
        let classifiers: [(Head, Int)] = [
            (.sequenceClassification, labels), (.tokenClassification, labels), (.multipleChoice, 1),
        ]
        // The tensors of all three have the same names.
        if let (head, outputs) = classifiers.first(where: { configuration.statedHeads.contains($0.0) }) {
            heads[head] = try dense(head, reader.names.classifier, outputs: outputs, &reader)
        }
        heads[.questionAnswering] = try dense(.questionAnswering, reader.names.questionAnswering, outputs: 2, &reader)
        if !configuration.activatesPooler || reader.contains("\(reader.names.pooler).weight") {
            heads[.nextSentence] = try dense(.nextSentence, reader.names.nextSentence, outputs: 2, &reader)
        }
        return heads
    }

    /// The head of a masked language model, which reads the hidden states' stream with `carry`; nil without one.
    func languageModel(
        _ reader: inout WeightReader,
        _ carry: AffineCarry
    ) throws(EncoderError) -> Packing<LanguageModelHead>? {
        let (width, embeddingSize) = (configuration.hiddenSize, configuration.embeddingSize)
        let (dense, norm, decoder) = (reader.names.languageTransform, reader.names.languageNorm, reader.names.decoder)
        let bias = reader.contains("\(decoder).bias") ? "\(decoder).bias" : reader.names.decoderBias
        var names = ["\(dense).weight", "\(dense).bias", "\(norm).weight", "\(norm).bias", bias]
        if width > embeddingSize { names.append(reader.names.decoderExtension) }
        guard isThere(.maskedLanguageModel, names, reader) else { return nil }
        guard width >= embeddingSize else {
            throw .unsupportedConfiguration(
                file: configuration.path,
                key: "embedding_size",
                found: "\(embeddingSize)",
                expected: "hidden_size, \(width), or less, for a masked language model"
            )
        }

        var transform = try reader.dense(dense, outputs: width, inputs: width)
        transform.readStream(carry)
        let layerNorm = LayerNorm(
            shift: Array(repeating: 0, count: width),
            weight: try reader.tensor("\(norm).weight", shape: [width]),
            bias: try reader.tensor("\(norm).bias", shape: [width]),
            epsilon: configuration.layerNormEpsilon
        )
        let vocabulary = configuration.vocabularySize
        // As transformers: a matrix of its own where the file has one, else the word embeddings.
        let isTied = configuration.tiesWordEmbeddings && !reader.contains("\(decoder).weight")
        let words =
            isTied
            ? try reader.matrix(reader.names.words, vocabulary, embeddingSize)
            : try reader.matrix("\(decoder).weight", vocabulary, embeddingSize)
        let others =
            width > embeddingSize
            ? try reader.matrix(reader.names.decoderExtension, width - embeddingSize, vocabulary) : nil
        let decoderBias = try reader.tensor(bias, shape: [vocabulary])
        return { [configuration, transform] packer throws(EncoderError) in
            LanguageModelHead(
                transform: try packer.layer(
                    transform,
                    for: .headTransform,
                    biased: true,
                    activation: configuration.activation
                ),
                norm: layerNorm,
                decoder: try packer.decoder(words, joinedWith: others, bias: decoderBias)
            )
        }
    }

    private func dense(
        _ head: Head,
        _ name: String,
        outputs: Int,
        _ reader: inout WeightReader
    ) throws(EncoderError) -> DenseHead? {
        guard isThere(head, ["\(name).weight", "\(name).bias"], reader) else { return nil }
        return DenseHead(
            weight: try reader.tensor("\(name).weight", shape: [outputs, configuration.hiddenSize]),
            bias: try reader.tensor("\(name).bias", shape: [outputs])
        )
    }

    private func isThere(_ head: Head, _ tensors: [String], _ reader: WeightReader) -> Bool {
        let found = tensors.filter(reader.contains)
        return configuration.statedHeads.contains(head) ? !found.isEmpty : found.count == tensors.count
    }
}

extension WeightPacker {
    /// A masked language model's decoder: each word piece's row is its embedding, and behind it its column of `others`.
    fileprivate func decoder(
        _ words: StoredMatrix,
        joinedWith others: StoredMatrix?,
        bias: [Float]
    ) throws(EncoderError) -> LinearLayer {
        var (wordValues, otherValues): ([Float], [Float]) = ([], [])
        try words.read(into: &wordValues)
        try others?.read(into: &otherValues)
        let (narrow, rest, vocabulary) = (words.inputs, others?.outputs ?? 0, words.outputs)
        let weight = PackedWeight(
            outputs: vocabulary,
            inputs: narrow + rest,
            format: formats.format(of: .decoder),
            arithmetic: formats.arithmetic,
            arena: arena
        ) { output, row, start in
            for column in 0..<narrow { row[start + column] = wordValues[output * narrow + column] }
            for column in 0..<rest { row[start + narrow + column] = otherValues[column * vocabulary + output] }
        }
        return LinearLayer(weight: weight, bias: bias)
    }
}
