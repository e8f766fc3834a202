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
    /// The rows of the tokens that have a label, and the labels.
    private(set) var labelled: [Int32] = []
    private(set) var labels: [Int32] = []
    /// The sequences, the tokens and the labelled tokens of each example.
    private var sequencesOfExamples: [Range<Int>] = []
    private var tokensOfExamples: [Range<Int>] = []
    private var labelledOfExamples: [Range<Int>] = []
    /// The places of an example's tokens, while they are masked.
    private var places: [Int] = []
    private let capacity: BatchCapacity

    init(_ capacity: BatchCapacity) {
        self.capacity = capacity
        words.reserveCapacity(capacity.tokens)
        following.reserveCapacity(capacity.tokens)
        preceding.reserveCapacity(capacity.tokens)
        positions.reserveCapacity(capacity.tokens)
        types.reserveCapacity(capacity.tokens)
        sequences.reserveCapacity(capacity.sequences)
        firsts.reserveCapacity(capacity.sequences)
        labelled.reserveCapacity(capacity.labelled)
        labels.reserveCapacity(capacity.labelled)
        sequencesOfExamples.reserveCapacity(capacity.sequences)
        tokensOfExamples.reserveCapacity(capacity.sequences)
        labelledOfExamples.reserveCapacity(capacity.sequences)
        places.reserveCapacity(capacity.longest)
    }

    var tokens: Int { words.count }

    /// Takes the sequences of these examples.
    ///
    /// - Parameter masks: chooses the tokens that have a label; nil if the examples have all labels.
    /// - Precondition: they fit the capacity.
    func fill(_ batch: ExampleBatch, masks: EpochMasks? = nil) {
        removeAll()
        for index in 0..<batch.count {
            let example = batch[index]
            let (first, row, firstLabelled) = (sequences.count, words.count, labelled.count)
            for number in 0..<example.sequences.count { append(example.sequences[number]) }
            if case .tokenLabels(let own) = example.target {
                if let masks {
                    masks.mask(own, number: batch.number(index), places: &places) { place, id in
                        words[row + place] = id
                        label(row + place, own[place])
                    }
                } else {
                    for place in 0..<own.count where own[place] != Target.ignored { label(row + place, own[place]) }
                }
            }
            sequencesOfExamples.append(first..<sequences.count)
            tokensOfExamples.append(row..<words.count)
            labelledOfExamples.append(firstLabelled..<labelled.count)
        }
        for number in 0..<sequences.count { appendNeighbours(of: sequences[number]) }
        precondition(tokens <= capacity.tokens && sequences.count <= capacity.sequences, "a batch above the capacity")
        precondition(labelled.count <= capacity.labelled, "\(labelled.count) labels; at most \(capacity.labelled)")
    }

    private func removeAll() {
        words.removeAll(keepingCapacity: true)
        following.removeAll(keepingCapacity: true)
        preceding.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
        sequences.removeAll(keepingCapacity: true)
        firsts.removeAll(keepingCapacity: true)
        labelled.removeAll(keepingCapacity: true)
        labels.removeAll(keepingCapacity: true)
        sequencesOfExamples.removeAll(keepingCapacity: true)
        tokensOfExamples.removeAll(keepingCapacity: true)
        labelledOfExamples.removeAll(keepingCapacity: true)
    }

    private func label(_ row: Int, _ label: Int32) {
        labelled.append(Int32(row))
        labels.append(label)
    }

    private func append(_ sequence: TokenizedSequence) {
        let first = words.count
        for position in 0..<sequence.ids.count {
            words.append(sequence.ids[position])
            positions.append(Int32(position))
            types.append(sequence.typeIDs[position])
        }
        firsts.append(Int32(first))
        sequences.append(first..<words.count)
    }

    private func appendNeighbours(of rows: Range<Int>) {
        for row in rows {
            following.append(row + 1 < rows.upperBound ? words[row + 1] : -1)
            preceding.append(row > rows.lowerBound ? words[row - 1] : -1)
        }
    }

    /// The rows of each example in a matrix with such rows.
    func rows(_ kind: ActivationPlace.Rows) -> [Range<Int>] {
        switch kind {
        case .sequences: sequencesOfExamples
        case .tokens: tokensOfExamples
        case .labelled: labelledOfExamples
        case .members: preconditionFailure("threads have no examples")
        }
    }
}
