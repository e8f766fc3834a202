/// One text or pair of texts as token ids, with the task that the engine has for it. Equal sequences have equal
/// results, bit for bit, so that one computation serves all of them.
package struct InputSequence<Task: Sendable & Hashable>: Sendable, Hashable {
    /// The sequence's input_ids, without padding.
    package let inputIDs: [Int32]
    /// The sequence's token_type_ids, one for each id.
    package let tokenTypeIDs: [Int32]
    /// The sequence's attention_mask, one entry for each id: 0 at positions that no token attends to and that pooling
    /// leaves out. They keep their places before the last 1. Nil if all are 1, as in every sequence made of text.
    package let attentionMask: [UInt8]?
    /// The output that the engine computes for this sequence; the scheduler never looks inside.
    package let task: Task
    /// The hash, computed once by the thread that makes the sequence, because the scheduler looks sequences up under
    /// its lock.
    private let hash: Int

    /// A sequence of tokens with its task.
    ///
    /// - Precondition: there is one type id for each id; a mask has an entry for each id, a 0 somewhere, and ends with
    ///   1. (Zeros at the end are padding, which a sequence does not have.)
    package init(inputIDs: [Int32], tokenTypeIDs: [Int32], attentionMask: [UInt8]? = nil, task: Task) {
        precondition(inputIDs.count == tokenTypeIDs.count, "one type id for each token")
        if let attentionMask {
            precondition(attentionMask.count == inputIDs.count, "one mask entry for each token")
            precondition(attentionMask.last == 1 && attentionMask.contains(0), "a mask hides something before its end")
        }
        self.inputIDs = inputIDs
        self.tokenTypeIDs = tokenTypeIDs
        self.attentionMask = attentionMask
        self.task = task
        var hasher = Hasher()
        hasher.combine(inputIDs)
        hasher.combine(tokenTypeIDs)
        hasher.combine(attentionMask)
        hasher.combine(task)
        hash = hasher.finalize()
    }

    /// The number of tokens.
    package var tokenCount: Int { inputIDs.count }

    /// Whether ids, type ids, masks and tasks are equal. These four determine the result.
    package static func == (a: Self, b: Self) -> Bool {
        a.hash == b.hash && a.task == b.task && a.inputIDs == b.inputIDs && a.tokenTypeIDs == b.tokenTypeIDs
            && a.attentionMask == b.attentionMask
    }

    /// Feeds the hash that was computed when the sequence was made.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(hash)
    }
}

/// Sequences that run together, right-padded to one length, with attention masks: the contract of a BERT model's
/// forward pass. The scheduler makes a batch, and the engine takes that very value.
///
/// The three arrays have the shape [batchSize, sequenceLength], row-major. Padding has id `padTokenID`, type 0 and
/// mask 0. The only initializer pads, so the arrays always fit each other, and each row of the mask is a sequence's own
/// mask (ones, unless it says otherwise), whose last entry is 1, followed by zeros: an engine need not check that.
package struct Batch<Task: Sendable & Hashable>: Sendable {
    /// The number of sequences.
    package let batchSize: Int
    /// The length that every sequence is padded to.
    package let sequenceLength: Int
    /// input_ids.
    package let inputIDs: [Int32]
    /// token_type_ids.
    package let tokenTypeIDs: [Int32]
    /// 1 for a token that is attended to, 0 for padding and for a token that its sequence's mask hides.
    package let attentionMask: [UInt8]
    /// The task of each sequence, in order.
    package let tasks: [Task]
    /// Tokens of all sequences, padding not counted.
    package let tokenCount: Int

    /// Positions of the padded arrays that hold no token.
    package var paddingCount: Int { batchSize * sequenceLength - tokenCount }

    /// Pads sequences to the longest of them.
    ///
    /// - Parameter minimumLength: the length to pad to if all sequences are shorter.
    package init(_ sequences: [InputSequence<Task>], padTokenID: Int32, minimumLength: Int = 0) {
        let length = max(minimumLength, sequences.lazy.map(\.tokenCount).max() ?? 0)
        var inputIDs: [Int32] = []
        var tokenTypeIDs: [Int32] = []
        var attentionMask: [UInt8] = []
        inputIDs.reserveCapacity(sequences.count * length)
        tokenTypeIDs.reserveCapacity(sequences.count * length)
        attentionMask.reserveCapacity(sequences.count * length)
        for sequence in sequences {
            let padding = length - sequence.tokenCount
            inputIDs += sequence.inputIDs
            inputIDs += repeatElement(padTokenID, count: padding)
            tokenTypeIDs += sequence.tokenTypeIDs
            tokenTypeIDs += repeatElement(0, count: padding)
            if let mask = sequence.attentionMask {
                attentionMask += mask
            } else {
                attentionMask += repeatElement(1, count: sequence.tokenCount)
            }
            attentionMask += repeatElement(0, count: padding)
        }
        self.batchSize = sequences.count
        self.sequenceLength = length
        self.inputIDs = inputIDs
        self.tokenTypeIDs = tokenTypeIDs
        self.attentionMask = attentionMask
        self.tasks = sequences.map(\.task)
        self.tokenCount = sequences.reduce(0) { $0 + $1.tokenCount }
    }

    /// The positions of one sequence in the padded arrays, its padding included.
    package func positions(ofSequence index: Int) -> Range<Int> {
        index * sequenceLength..<(index + 1) * sequenceLength
    }

    /// The positions of one sequence's tokens in the padded arrays: up to the last 1 of its attention mask.
    package func tokens(ofSequence index: Int) -> Range<Int> {
        let positions = positions(ofSequence: index)
        let last = attentionMask[positions].lastIndex(of: 1)
        return positions.lowerBound..<(last.map { $0 + 1 } ?? positions.lowerBound)
    }
}

/// Divides sequences into parts that run side by side, as the scheduler and `swiftlet bench` do: the parts have about
/// the same number of tokens, so that threads that take a part each finish together.
///
/// It goes from the longest sequence to the shortest and gives each to the part that has the fewest tokens so far
/// (longest processing time first). The resulting parts differ by a few tokens. Sequences of equal length stay in
/// order, so that the same sequences are always divided in the same way.
/// - Parameters:
///   - lengths: the tokens of each sequence.
///   - count: the number of parts, some of which may remain empty.
///   - mostSequences: the most sequences of one part.
/// - Returns: the indices of each part's sequences, from the longest to the shortest.
/// - Precondition: the parts can hold all sequences.
package func evenParts(of lengths: [Int], count: Int, mostSequences: Int = .max) -> [[Int]] {
    var parts = [(indices: [Int], tokens: Int)](repeating: ([], 0), count: count)
    for index in lengths.indices.sorted(by: { (lengths[$1], $0) < (lengths[$0], $1) }) {
        let open = parts.indices.lazy.filter { parts[$0].indices.count < mostSequences }
        guard let smallest = open.min(by: { parts[$0].tokens < parts[$1].tokens }) else {
            preconditionFailure("the parts cannot hold all sequences")
        }
        parts[smallest].indices.append(index)
        parts[smallest].tokens += lengths[index]
    }
    return parts.map(\.indices)
}
