internal import LinearAlgebra

extension Pooler {
    /// Folds the pooler. A checkpoint may lack it, as those of masked language models do, unless `architectures` names
    /// a head that reads its output.
    static func load(_ reader: inout WeightReader) throws(EncoderError) -> Packing<Pooler> {
        let configuration = reader.configuration
        guard configuration.activatesPooler else { return { _ in .firstToken } }
        let name = reader.names.pooler
        let exists = reader.contains("\(name).weight") || reader.contains("\(name).bias")
        guard exists || configuration.statedHeads.contains(where: \.readsPooler) else { return { _ in .absent } }
        var dense = try reader.dense(name, outputs: configuration.hiddenSize, inputs: configuration.hiddenSize)
        dense.readStream(reader.hidden)
        let activation = configuration.architecture.pooler.activation
        return { [dense] packer throws(EncoderError) in
            .dense(try packer.layer(dense, for: .pooler, biased: true, activation: activation))
        }
    }
}

extension Heads {
    /// Loads the heads on top of the encoder.
    ///
    /// If a checkpoint has any tensor of a head that `architectures` names, it must have all of them. Other heads are
    /// loaded if all their tensors are there, as transformers' classes do: bert-base-uncased is saved as a masked
    /// language model, and has the next sentence head too.
    static func load(_ reader: inout WeightReader) throws(EncoderError) -> Packing<Heads> {
        let configuration = reader.configuration
        var dense: [Head: DenseHead] = [:]
        let labels = configuration.labels.count
        let classifiers: [(Head, Int)] = [
            (.sequenceClassification, labels), (.tokenClassification, labels), (.multipleChoice, 1),
        ]
        // The tensors of all three have the same names, so `architectures` decides.
        if let (head, outputs) = classifiers.first(where: { configuration.statedHeads.contains($0.0) }) {
            dense[head] = try DenseHead.load(head, outputs: outputs, &reader)
        }
        dense[.questionAnswering] = try DenseHead.load(.questionAnswering, outputs: 2, &reader)
        if !configuration.activatesPooler || reader.contains("\(reader.names.pooler).weight") {
            dense[.nextSentence] = try DenseHead.load(.nextSentence, outputs: 2, &reader)
        }
        let languageModel = try LanguageModelHead.load(&reader)
        return { [dense] packer throws(EncoderError) in
            Heads(dense: dense, languageModel: try languageModel?(&packer))
        }
    }
}

extension DenseHead {
    /// Reads a head that is one dense layer; nil where the checkpoint or the architecture lacks it.
    fileprivate static func load(
        _ head: Head,
        outputs: Int,
        _ reader: inout WeightReader
    ) throws(EncoderError) -> DenseHead? {
        guard let name = reader.configuration.architecture.heads[head]?.layer else { return nil }
        guard reader.has(head, ["\(name).weight", "\(name).bias"]) else { return nil }
        return DenseHead(
            weight: try reader.tensor("\(name).weight", shape: [outputs, reader.configuration.hiddenSize]),
            bias: try reader.tensor("\(name).bias", shape: [outputs])
        )
    }
}

extension WeightReader {
    /// Whether the checkpoint has the head that consists of these tensors.
    fileprivate func has(_ head: Head, _ tensors: [String]) -> Bool {
        let found = tensors.filter(contains)
        return configuration.statedHeads.contains(head) ? !found.isEmpty : found.count == tensors.count
    }
}

extension LanguageModelHead {
    /// Folds the head of a masked language model, which reads the hidden states' stream; nil where the checkpoint or
    /// the architecture lacks it.
    fileprivate static func load(_ reader: inout WeightReader) throws(EncoderError) -> Packing<LanguageModelHead>? {
        let (configuration, names) = (reader.configuration, reader.names)
        guard let description = configuration.architecture.heads[.maskedLanguageModel] else { return nil }
        let (width, embeddingSize) = (configuration.hiddenSize, configuration.embeddingSize)
        let (dense, norm, decoder) = (names.languageTransform, names.languageNorm, description.layer)
        let bias = reader.contains("\(decoder).bias") ? "\(decoder).bias" : names.decoderBias
        var needed = ["\(dense).weight", "\(dense).bias", "\(norm).weight", "\(norm).bias", bias]
        let extensionName = width > embeddingSize ? reader.required(names.decoderExtension) : nil
        if let extensionName { needed.append(extensionName) }
        guard reader.has(.maskedLanguageModel, needed) else { return nil }
        let keys = configuration.architecture.keys
        guard width >= embeddingSize else {
            throw .unsupportedConfiguration(
                file: configuration.path,
                key: keys.embeddingSize?.name ?? "",
                found: "\(embeddingSize)",
                expected: "\(keys.hiddenSize.name), \(width), or less, for a masked language model"
            )
        }

        var transform = try reader.dense(dense, outputs: width, inputs: width)
        transform.readStream(reader.hidden)
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
            ? try reader.matrix(names.words, vocabulary, embeddingSize)
            : try reader.matrix("\(decoder).weight", vocabulary, embeddingSize)
        let others = try extensionName.map { name throws(EncoderError) in
            try reader.matrix(name, width - embeddingSize, vocabulary)
        }
        let decoderBias = try reader.tensor(bias, shape: [vocabulary])
        return { [transform, activation = configuration.activation] packer throws(EncoderError) in
            LanguageModelHead(
                transform: try packer.layer(
                    transform,
                    for: .headTransform,
                    biased: true,
                    activation: activation
                ),
                norm: layerNorm,
                decoder: try packer.decoder(words, joinedWith: others, bias: decoderBias)
            )
        }
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
