internal import Encoder
internal import LinearAlgebra

/// Word, position and token type embeddings, with a norm and dropout. MobileBERT's narrower word embeddings, each
/// beside those of the tokens after and before it (the trigram), go through a dense layer first.
struct Embeddings {
    let words, positions: EmbeddingTable
    let types: EmbeddingTable?
    /// The tables of which a step uses few rows.
    let sparseTables: [EmbeddingTable]
    /// The dense layer over the joined embeddings, and its input.
    private let transformation: (dense: Linear, joined: ActivationPlace)?
    private let isTrigram: Bool
    private let norm: Norm
    private let dropout: Dropout
    private let sum: ActivationPlace
    /// The hidden states before the first layer.
    let output: ActivationPlace

    /// Whether the head reads the word embeddings too, so that all of their rows have a gradient.
    private let areWordsTied: Bool

    init(
        _ configuration: EncoderConfiguration,
        _ dropout: TrainingConfiguration,
        areWordsTied: Bool,
        _ plan: inout MemoryPlan
    ) {
        self.areWordsTied = areWordsTied
        let names = configuration.architecture.tensors
        let (hidden, narrow) = (configuration.hiddenSize, configuration.embeddingSize)
        let padding = Int32(dropout.paddingID ?? -1)
        words = EmbeddingTable(
            names.words,
            rows: configuration.vocabularySize,
            columns: narrow,
            ignoring: padding,
            &plan
        )
        positions = EmbeddingTable(names.positions, rows: configuration.maxPositionEmbeddings, columns: hidden, &plan)
        let typeCount = configuration.typeVocabularySize
        types = typeCount > 0 ? EmbeddingTable(names.types, rows: typeCount, columns: hidden, &plan) : nil
        sparseTables = (areWordsTied ? [] : [words]) + [positions] + (types.map { [$0] } ?? [])
        isTrigram = configuration.usesTrigramInput
        let joined = narrow * (isTrigram ? 3 : 1)
        transformation =
            isTrigram || narrow != hidden
            ? names.embeddingTransformation.map { name in
                (Linear(name, outputs: hidden, inputs: joined, &plan), plan.place(joined))
            } : nil
        let epsilon = configuration.normalization == .layerNorm ? configuration.plainLayerNormEpsilon : nil
        norm = Norm(names.embeddingNorm, width: hidden, epsilon: epsilon, &plan)
        self.dropout = Dropout(dropout.hidden, &plan)
        sum = plan.place(hidden)
        output = plan.place(hidden)
    }

    /// Notes the rows that a batch uses.
    func markUse(_ batch: PackedSequences) {
        if !areWordsTied { words.use.mark(batch.words) }
        positions.use.mark(batch.positions)
        types?.use.mark(batch.types)
    }

    /// The parts of the transformation's input: columns, and the tokens whose embeddings stand there.
    private func forEachPart(_ pass: Pass, _ body: (_ columns: Range<Int>, _ words: [Int32]) -> Void) {
        let width = words.table.columns
        guard isTrigram else { return body(0..<width, pass.batch.words) }
        body(0..<width, pass.batch.following)
        body(width..<2 * width, pass.batch.words)
        body(2 * width..<3 * width, pass.batch.preceding)
    }

    /// Writes `output`. All threads have met when it returns.
    func forward(_ pass: Pass) {
        let (batch, sum, output) = (pass.batch, pass[sum], pass[output])
        if let transformation {
            let joined = pass[transformation.joined]
            forEachPart(pass) { words.forward($1, into: joined.columns($0), adding: false, pass) }
            pass.meet()
            transformation.dense.forward(joined, into: sum, pass)
        } else {
            words.forward(batch.words, into: sum, adding: false, pass)
        }
        positions.forward(batch.positions, into: sum, adding: true, pass)
        types?.forward(batch.types, into: sum, adding: true, pass)
        pass.meet()
        norm.forward(sum, into: output, pass)
        dropout.apply(toRowsOf: output, into: output, pass)
        pass.meet()
    }

    /// Writes the gradients of the parameters.
    ///
    /// - Parameters:
    ///   - dy: the place of the output's gradient.
    ///   - spare: a place as wide.
    func backward(_ dy: ActivationPlace, spare: ActivationPlace, _ pass: Pass) {
        guard words.table.isTrained else { return }
        let (batch, dy, dsum) = (pass.batch, pass[dy], pass[spare])
        dropout.apply(toRowsOf: dy, into: dy, pass)
        pass.meet()
        norm.backward(pass[sum], dy, into: dsum, pass)
        pass.meet()
        positions.backward(batch.positions, dsum, pass)
        types?.backward(batch.types, dsum, pass)
        if let transformation {
            let djoined = pass[pass.scratch.embedded]
            transformation.dense.parametersBackward(pass[transformation.joined], dsum, pass)
            transformation.dense.inputBackward(dsum, into: djoined, pass)
            pass.meet()
            forEachPart(pass) { words.backward($1, djoined.columns($0), pass) }
        } else {
            words.backward(batch.words, dsum, pass)
        }
        pass.meet()
    }
}

/// A table of embeddings, of whose rows a step uses few. Only these have a gradient; the others' gradient is zero.
struct EmbeddingTable {
    let table: Parameter
    /// `padding_idx`, a row that has no gradient; -1 for none.
    private let ignored: Int32
    let use: RowUse

    init(_ name: String, rows: Int, columns: Int, ignoring ignored: Int32 = -1, _ plan: inout MemoryPlan) {
        table = plan.parameter(name, [rows, columns], decays: true)
        self.ignored = ignored
        use = RowUse(rows: rows)
    }

    /// Writes this thread's columns of the rows' embeddings, or adds them.
    func forward(_ numbers: [Int32], into y: MatrixRegion, adding: Bool, _ pass: Pass) {
        let own = pass.columns(table.columns)
        pass.kernels.gather(
            pass.values(table).columns(own),
            numbers,
            into: y.columns(own),
            accumulating: adding,
            of: pass.memory.buffer
        )
    }

    /// Adds this thread's columns of the rows' gradients.
    func backward(_ numbers: [Int32], _ dy: MatrixRegion, _ pass: Pass) {
        let own = pass.columns(table.columns)
        pass.kernels.scatter(
            dy.columns(own),
            numbers,
            ignoring: ignored,
            into: pass.gradient(table).columns(own),
            of: pass.memory.buffer
        )
    }
}
