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
    private let capacity: BatchCapacity

    init(_ capacity: BatchCapacity) {
        self.capacity = capacity
        for path in [\PackedSequences.words, \.following, \.preceding, \.positions, \.types] {
            self[keyPath: path].reserveCapacity(capacity.tokens)
        }
        sequences.reserveCapacity(capacity.sequences)
        firsts.reserveCapacity(capacity.sequences)
    }

    var tokens: Int { words.count }

    /// Takes the sequences with these numbers.
    ///
    /// - Precondition: they fit the capacity.
    func fill(_ examples: [TokenizedExample], _ numbers: ArraySlice<Int>) {
        for path in [\PackedSequences.words, \.following, \.preceding, \.positions, \.types, \.firsts] {
            self[keyPath: path].removeAll(keepingCapacity: true)
        }
        sequences.removeAll(keepingCapacity: true)
        for number in numbers {
            let (ids, types) = (examples[number].ids, examples[number].typeIDs)
            let first = words.count
            for position in ids.indices {
                words.append(ids[position])
                following.append(position + 1 < ids.count ? ids[position + 1] : -1)
                preceding.append(position > 0 ? ids[position - 1] : -1)
                positions.append(Int32(position))
                self.types.append(types[position])
            }
            firsts.append(Int32(first))
            sequences.append(first..<words.count)
        }
        precondition(tokens <= capacity.tokens && sequences.count <= capacity.sequences, "a batch above the capacity")
    }
}

/// A text as the model reads it.
package struct TokenizedExample: Sendable {
    /// The word pieces' ids, special tokens included.
    package let ids: [Int32]
    /// The token types, as many.
    package let typeIDs: [Int32]

    /// - Precondition: both have the same count, at least 1.
    package init(ids: [Int32], typeIDs: [Int32]) {
        precondition(!ids.isEmpty && ids.count == typeIDs.count, "\(ids.count) ids, \(typeIDs.count) types")
        self.ids = ids
        self.typeIDs = typeIDs
    }
}
