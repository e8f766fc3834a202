/// One text's tokens on their way to the engine, with what the engine shall make of them. Equal rows have equal
/// results, bit for bit, so that one computation serves all of them.
package struct BatchRow<Task: Sendable & Hashable>: Sendable, Hashable {
    /// The row's input_ids, without padding; at least one.
    package let inputIDs: [Int32]
    /// The row's token_type_ids, one for each id.
    package let tokenTypeIDs: [Int32]
    /// What to compute for this row; the scheduler never looks inside.
    package let task: Task
    /// Made once, on the thread of who makes the row: tables of rows are looked up under the scheduler's lock.
    private let hash: Int

    /// A row of tokens with what to make of them.
    ///
    /// - Precondition: there is at least one id, and one type id for each.
    package init(inputIDs: [Int32], tokenTypeIDs: [Int32], task: Task) {
        precondition(!inputIDs.isEmpty, "a row needs at least one token")
        precondition(inputIDs.count == tokenTypeIDs.count, "one type id for each token")
        self.inputIDs = inputIDs
        self.tokenTypeIDs = tokenTypeIDs
        self.task = task
        var hasher = Hasher()
        hasher.combine(inputIDs)
        hasher.combine(tokenTypeIDs)
        hasher.combine(task)
        hash = hasher.finalize()
    }

    var tokenCount: Int { inputIDs.count }

    /// Whether nothing that determines the result differs.
    package static func == (a: Self, b: Self) -> Bool {
        a.hash == b.hash && a.task == b.task && a.inputIDs == b.inputIDs && a.tokenTypeIDs == b.tokenTypeIDs
    }

    /// Feeds what was made of all parts at once.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(hash)
    }
}

/// Rows that run together, right-padded to the longest: the contract of a BERT model's forward pass.
///
/// The three arrays are `[rows, length]`, row-major. Padding has id `padTokenID`, type 0 and mask 0.
package struct Batch<Task: Sendable & Hashable>: Sendable {
    /// The number of texts.
    package let rows: Int
    /// Tokens of the longest row.
    package let length: Int
    /// input_ids.
    package let inputIDs: [Int32]
    /// token_type_ids.
    package let tokenTypeIDs: [Int32]
    /// 1 for a token, 0 for padding.
    package let attentionMask: [UInt8]
    /// What each row is for, in row order.
    package let tasks: [Task]
    /// Tokens that are not padding.
    package let tokenCount: Int

    /// Positions of the padded arrays that hold no token.
    package var paddingCount: Int { rows * length - tokenCount }

    /// Pads rows to the longest.
    package init(_ members: [BatchRow<Task>], padTokenID: Int32) {
        let length = members.lazy.map(\.tokenCount).max() ?? 0
        var inputIDs: [Int32] = []
        var tokenTypeIDs: [Int32] = []
        var attentionMask: [UInt8] = []
        inputIDs.reserveCapacity(members.count * length)
        tokenTypeIDs.reserveCapacity(members.count * length)
        attentionMask.reserveCapacity(members.count * length)
        for row in members {
            let padding = length - row.tokenCount
            inputIDs += row.inputIDs
            inputIDs += repeatElement(padTokenID, count: padding)
            tokenTypeIDs += row.tokenTypeIDs
            tokenTypeIDs += repeatElement(0, count: padding)
            attentionMask += repeatElement(1, count: row.tokenCount)
            attentionMask += repeatElement(0, count: padding)
        }
        self.rows = members.count
        self.length = length
        self.inputIDs = inputIDs
        self.tokenTypeIDs = tokenTypeIDs
        self.attentionMask = attentionMask
        self.tasks = members.map(\.task)
        self.tokenCount = members.reduce(0) { $0 + $1.tokenCount }
    }
}
