internal import LinearAlgebra
import ModelFiles

extension Pooler {
    /// Folds the pooler. A checkpoint may lack it, as those of masked language models do, unless it has a head that
    /// reads the pooler's output and has to be complete.
    static func load(_ reader: inout WeightReader) throws(ModelError) -> Packing<Pooler> {
        let configuration = reader.configuration
        guard configuration.activatesPooler else { return { _ in .firstToken } }
        guard reader.hasPooler || reader.heads.readsPooler(configuration, reader.contains) else {
            return { _ in .absent }
        }
        let width = configuration.hiddenSize
        var dense = try reader.dense(reader.names.pooler, outputs: width, inputs: width)
        dense.readStream(reader.hidden)
        let activation = configuration.architecture.pooler.activation
        return { [dense] packer throws(ModelError) in
            .dense(try packer.layer(dense, for: .pooler, biased: true, activation: activation))
        }
    }
}

extension WeightReader {
    /// Whether the checkpoint has the whole pooler. If the heads that have to be complete do not read it, something of
    /// another shape that goes by its name is ignored, as in transformers; else a wrong shape is an error.
    fileprivate var hasPooler: Bool {
        let width = configuration.hiddenSize
        let tensors = [("\(names.pooler).weight", [width, width]), ("\(names.pooler).bias", [width])]
        let isRead = heads.required.isEmpty || heads.required.contains(where: \.readsPooler)
        return isRead ? contains("\(names.pooler).weight") : contains(tensors)
    }

    /// Whether the head that consists of these tensors is to be loaded. If a checkpoint has any tensor of a head that
    /// has to be complete, it must have all its matrices. Other heads are loaded if all of these are there, as
    /// transformers' classes do: bert-base-uncased is saved as a masked language model, and has the next sentence head
    /// too.
    fileprivate func loads(_ head: Head, _ tensors: [(name: String, shape: [Int])]) -> Bool {
        guard head != heads.named else { return true }
        return heads.required.contains(head) ? tensors.contains { contains($0.name) } : contains(tensors)
    }
}

extension Heads {
    /// Loads the heads on top of the encoder.
    static func load(_ reader: inout WeightReader) throws(ModelError) -> Packing<Heads> {
        var dense: [Head: DenseHead] = [:]
        for head in reader.heads.classifiers {
            let labels = reader.configuration.labels.count
            dense[head] = try DenseHead.load(head, outputs: head == .multipleChoice ? 1 : labels, &reader)
        }
        dense[.questionAnswering] = try DenseHead.load(.questionAnswering, outputs: 2, &reader)
        if !reader.configuration.activatesPooler || reader.hasPooler || reader.heads.required.contains(.nextSentence) {
            dense[.nextSentence] = try DenseHead.load(.nextSentence, outputs: 2, &reader)
        }
        let languageModel = try LanguageModelHead.load(&reader)
        return { [dense] packer throws(ModelError) in
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
    ) throws(ModelError) -> DenseHead? {
        guard let name = reader.configuration.architecture.heads[head]?.layer else { return nil }
        let (weight, bias) = ("\(name).weight", "\(name).bias")
        let width = reader.configuration.hiddenSize
        guard reader.loads(head, [(weight, [outputs, width]), (bias, [outputs])]) else { return nil }
        return DenseHead(
            weight: try reader.tensor(weight, shape: [outputs, width]),
            bias: try reader.vector(bias, count: outputs)
        )
    }
}

extension LanguageModelHead {
    /// Folds the head of a masked language model, which reads the hidden states' stream; nil where the checkpoint or
    /// the architecture lacks it.
    ///
    /// The decoder's bias may be missing from the file under either of the two names. The decoder's matrix is that of
    /// the word embeddings, unless the file has another one.
    fileprivate static func load(_ reader: inout WeightReader) throws(ModelError) -> Packing<LanguageModelHead>? {
        let (configuration, names) = (reader.configuration, reader.names)
        guard let description = configuration.architecture.heads[.maskedLanguageModel] else { return nil }
        let (width, embeddingSize) = (configuration.hiddenSize, configuration.embeddingSize)
        let vocabulary = configuration.vocabularySize
        let (dense, norm, decoder) = (names.languageTransform, names.languageNorm, description.layer)
        let bias = reader.contains("\(decoder).bias") ? "\(decoder).bias" : names.decoderBias
        var needed = [
            ("\(dense).weight", [width, width]), ("\(dense).bias", [width]), ("\(norm).weight", [width]),
            ("\(norm).bias", [width]), (bias, [vocabulary]),
        ]
        let extensionName = width > embeddingSize ? reader.required(names.decoderExtension) : nil
        if let extensionName { needed.append((extensionName, [width - embeddingSize, vocabulary])) }
        guard reader.loads(.maskedLanguageModel, needed) else { return nil }
        let keys = configuration.architecture.keys
        guard width >= embeddingSize else {
            throw .wrongValue(
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
            weight: try reader.vector("\(norm).weight", count: width, default: 1),
            bias: try reader.vector("\(norm).bias", count: width),
            epsilon: configuration.layerNormEpsilon
        )
        // As transformers: a matrix and a bias of its own where the file has them, else the shared ones.
        let isTied = configuration.tiesWordEmbeddings && !reader.contains("\(decoder).weight")
        let words =
            isTied
            ? try reader.matrix(names.words, vocabulary, embeddingSize)
            : try reader.matrix("\(decoder).weight", vocabulary, embeddingSize)
        let others = try extensionName.map { name throws(ModelError) in
            try reader.matrix(name, width - embeddingSize, vocabulary)
        }
        let decoderBias = try reader.vector(bias, count: vocabulary)
        for name in [names.decoderBias, names.decoderExtension].compactMap(\.self) { reader.skip(name) }
        return { [transform, activation = configuration.activation] packer throws(ModelError) in
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
    ) throws(ModelError) -> LinearLayer {
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
