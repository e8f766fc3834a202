/// The rows of a block's activations that hold one sequence's tokens, a row for each position.
///
/// Rows are in the order of the positions, except for a sequence whose attention mask hides positions: there the rows
/// of the positions that are attended to come first. So attention needs no mask: its keys are the first rows. The
/// masked positions are only queries, because transformers computes their hidden states too, and a first token that is
/// masked is still what `pooler_output` is made of.
struct SequenceRows {
    /// The rows of all positions.
    let all: Range<Int>
    /// The rows of the positions that are attended to, at least one of any sequence that runs.
    let attended: Range<Int>
    private let order: RowOrder?

    /// Rows with the order of an attention mask; nil if it hides nothing.
    init(_ all: Range<Int>, order: RowOrder?) {
        self.all = all
        self.order = order
        attended = order.map { all.prefix($0.attendedCount) } ?? all
    }

    /// The position of the token that a row holds.
    func position(ofRow row: Int) -> Int {
        let index = row - all.lowerBound
        return order.map { $0.positions[index] } ?? index
    }

    /// The row that holds the token at a position.
    func row(ofPosition position: Int) -> Int {
        all.lowerBound + (order.map { $0.rows[position] } ?? position)
    }

    /// The rows of the positions from `first` on that are attended to.
    func attended(from first: Int) -> Range<Int> {
        guard let order else { return attended.dropFirst(first) }
        return attended.dropFirst(order.positions.prefix(order.attendedCount).prefix { $0 < first }.count)
    }

    /// The rows that the token at a position attends to where none attends to later ones; if there are none, all.
    func attended(upTo position: Int) -> Range<Int> {
        guard let order else { return attended.prefix(position + 1) }
        let count = order.positions.prefix(order.attendedCount).prefix { $0 <= position }.count
        return count == 0 ? attended : attended.prefix(count)
    }
}

/// The order of a masked sequence's rows: first the positions that are attended to, then the others, each in order.
struct RowOrder {
    /// The position that each row holds.
    let positions: [Int]
    /// The row that holds each position.
    let rows: [Int]
    /// The number of positions that are attended to.
    let attendedCount: Int

    /// The order for a sequence's attention mask; nil if it is all ones.
    init?(_ mask: ArraySlice<UInt8>) {
        guard mask.contains(0) else { return nil }
        let indices = mask.indices
        let ordered = indices.filter { mask[$0] != 0 } + indices.filter { mask[$0] == 0 }
        positions = ordered.map { $0 - mask.startIndex }
        attendedCount = mask.count { $0 != 0 }
        var rows = Array(repeating: 0, count: mask.count)
        for (row, position) in positions.enumerated() { rows[position] = row }
        self.rows = rows
    }
}
