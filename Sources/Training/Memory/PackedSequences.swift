/// The sequences of a batch, one behind the other without padding: a row for each token.
///
/// Owner: the trainer, which fills it between two runs of its team. While the team runs, all threads only read it.
final class PackedSequences: @unchecked Sendable {
    /// Each token's word piece, and those of its neighbours in the sequence, or -1 at the sequence's ends.
    private(set) var words: [Int32] = []
    private(set) var following: [Int32] = []
    private(set) var preceding: [Int32] = []
    private(set) var positions: [Int32] = []
    private(set) var types: [Int32] = []
    /// The rows of each sequence.
    private(set) var sequences: [Range<Int>] = []
    /// The row of each sequence's first token.
    private(set) var firsts: [Int32] = []
    /// The sequences of each example.
    private(set) var examples: [Range<Int>] = []
    /// The rows of the tokens that have a label, the labels, and those of each example.
    private(set) var labelled: [Int32] = []
    private(set) var labels: [Int32] = []
    private var labelledOfExamples: [Range<Int>] = []
    private let capacity: BatchCapacity

    init(_ capacity: BatchCapacity) {
        self.capacity = capacity
        for path in [\PackedSequences.words, \.following, \.preceding, \.positions, \.types] {
            self[keyPath: path].reserveCapacity(capacity.tokens)
        }
        sequences.reserveCapacity(capacity.sequences)
        examples.reserveCapacity(capacity.sequences)
        firsts.reserveCapacity(capacity.sequences)
        labelled.reserveCapacity(capacity.labelled)
        labels.reserveCapacity(capacity.labelled)
        labelledOfExamples.reserveCapacity(capacity.sequences)
    }

    var tokens: Int { words.count }

    /// Takes the sequences of these examples.
    ///
    /// - Precondition: they fit the capacity.
    func fill(_ batch: [TokenizedExample]) {
        for path in [
            \PackedSequences.words, \.following, \.preceding, \.positions, \.types, \.firsts, \.labelled, \.labels,
        ] {
            self[keyPath: path].removeAll(keepingCapacity: true)
        }
        sequences.removeAll(keepingCapacity: true)
        examples.removeAll(keepingCapacity: true)
        labelledOfExamples.removeAll(keepingCapacity: true)
        for example in batch {
            let (first, firstLabelled) = (sequences.count, labelled.count)
            if case .tokenLabels(let labels) = example.target { append(labels, at: words.count) }
            for sequence in example.sequences { append(sequence) }
            examples.append(first..<sequences.count)
            labelledOfExamples.append(firstLabelled..<labelled.count)
        }
        precondition(tokens <= capacity.tokens && sequences.count <= capacity.sequences, "a batch above the capacity")
        precondition(labelled.count <= capacity.labelled, "\(labelled.count) labels; at most \(capacity.labelled)")
    }

    private func append(_ tokenLabels: [Int32], at row: Int) {
        for (token, label) in tokenLabels.enumerated() where label != Target.ignored {
            labelled.append(Int32(row + token))
            labels.append(label)
        }
    }

    private func append(_ sequence: TokenizedSequence) {
        let (ids, first) = (sequence.ids, words.count)
        for position in ids.indices {
            words.append(ids[position])
            following.append(position + 1 < ids.count ? ids[position + 1] : -1)
            preceding.append(position > 0 ? ids[position - 1] : -1)
            positions.append(Int32(position))
            types.append(sequence.typeIDs[position])
        }
        firsts.append(Int32(first))
        sequences.append(first..<words.count)
    }

    /// The rows of each example in a matrix with such rows.
    func rows(_ kind: ActivationPlace.Rows) -> [Range<Int>] {
        switch kind {
        case .sequences: examples
        case .tokens: examples.map { sequences[$0.lowerBound].lowerBound..<sequences[$0.upperBound - 1].upperBound }
        case .labelled: labelledOfExamples
        case .members: preconditionFailure("threads have no examples")
        }
    }
}
