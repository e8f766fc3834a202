internal import Encoder
internal import LinearAlgebra

/// The vectors of sequences, made of their tokens' last hidden states h as sentence-transformers' Pooling does. Several
/// poolings stand one behind the other in a vector.
///
/// All but the largest values are sums over the n tokens: with the weights 1 / n (mean), 1 / sqrt(n) (mean_sqrt_len),
/// 2 t / (n (n + 1)) for token t from 1 on (weighted_mean), or 1 for the first token or the last one. There,
///
///     dh_t = w_t dy
///
/// The gradient of a largest value goes to the first token that has it, as in PyTorch.
struct SentenceEmbeddingHead: TrainableHead {
    let output, doutput: ActivationPlace
    private let poolings: [Pooling]

    /// - Precondition: no pooling is a dense layer's output.
    init(_ configuration: EncoderConfiguration, _ poolings: [Pooling], _ plan: inout MemoryPlan) {
        precondition(!poolings.contains(.pooler), "the pooler is no pooling of sentence-transformers")
        self.poolings = poolings
        output = plan.place(poolings.count * configuration.hiddenSize, rows: .sequences)
        doutput = plan.place(poolings.count * configuration.hiddenSize, rows: .sequences)
    }

    /// The rows that a pooling sums, with the first one's weight and what each further one counts more; nil for the
    /// largest values.
    private static func sum(_ pooling: Pooling, _ rows: Range<Int>) -> (rows: Range<Int>, weight: Float, step: Float)? {
        let count = Float(rows.count)
        return switch pooling {
        case .mean: (rows, 1 / count, 0)
        case .meanSqrtLength: (rows, 1 / count.squareRoot(), 0)
        case .weightedMean: (rows, 2 / (count * (count + 1)), 2 / (count * (count + 1)))
        case .cls, .pooler: (rows.prefix(1), 1, 0)
        case .lastToken: (rows.suffix(1), 1, 0)
        case .max: nil
        }
    }

    /// Calls `body` with each sequence's rows and its vector's place for each pooling, of this thread's columns.
    private func forEach(
        _ hidden: MatrixRegion,
        _ pass: Pass,
        _ body: (_ pooling: Pooling, _ rows: Range<Int>, _ sequence: Int, _ columns: Range<Int>, _ part: Range<Int>) ->
            Void
    ) {
        let own = pass.columns(hidden.columns)
        for number in 0..<poolings.count {
            let start = number * hidden.columns
            let part = start + own.lowerBound..<start + own.upperBound
            for sequence in 0..<pass.batch.sequences.count {
                body(poolings[number], pass.batch.sequences[sequence], sequence, own, part)
            }
        }
    }

    func forward(_ hidden: MatrixRegion, _ pass: Pass) {
        let (output, kernels) = (pass[output], pass.kernels)
        forEach(hidden, pass) { pooling, rows, sequence, columns, part in
            let vector = output.rows(sequence..<sequence + 1).columns(part)
            if let (rows, weight, step) = Self.sum(pooling, rows) {
                let tokens = hidden.rows(rows).columns(columns)
                kernels.sum(tokens, weight: weight, step: step, into: vector, of: pass.memory.buffer)
            } else {
                kernels.largest(hidden.rows(rows).columns(columns), into: vector, of: pass.memory.buffer)
            }
        }
        pass.meet()
    }

    func backward(_ hidden: MatrixRegion, into dhidden: MatrixRegion, _ pass: Pass) {
        let (output, doutput, kernels) = (pass[output], pass[doutput], pass.kernels)
        kernels.fill(dhidden.columns(pass.columns(hidden.columns)), of: pass.memory.buffer)
        forEach(hidden, pass) { pooling, rows, sequence, columns, part in
            let dvector = doutput.rows(sequence..<sequence + 1).columns(part)
            if let (rows, weight, step) = Self.sum(pooling, rows) {
                let tokens = dhidden.rows(rows).columns(columns)
                kernels.sumBackward(dvector, weight: weight, step: step, into: tokens, of: pass.memory.buffer)
            } else {
                kernels.largestBackward(
                    hidden.rows(rows).columns(columns),
                    output.rows(sequence..<sequence + 1).columns(part),
                    dvector,
                    into: dhidden.rows(rows).columns(columns),
                    of: pass.memory.buffer
                )
            }
        }
        pass.meet()
    }
}
