internal import LinearAlgebra

/// One member's part of the work on a block.
///
/// Many tokens are divided by rows: each member takes its tokens through all layers, and only attention, which reads
/// other tokens' keys and values, has the members wait for each other. Few tokens are divided by the columns of every
/// product, so that each member reads only its part of the weights, which is what a short text's time goes into; then
/// the members meet after every step. Either way each value is computed as it would be alone.
struct Share: Sendable {
    /// How a block is divided.
    enum Division: Sendable {
        case rows
        case columns
    }

    /// Up to this many tokens for each member, reading the weights takes longer than the arithmetic on them, and all
    /// the longer than the many meetings: measured with weights that stream from memory (float32) or the last cache.
    private static func fewTokens(_ dataType: DataType) -> Int {
        switch dataType {
        case .float32: 10
        case .bfloat16: 4
        case .int8: 2
        }
    }

    /// Members among whom columns are divided at most. With AVX-512's panels of 64 columns, more than half of a
    /// MobileBERT layer's weights are in products of four panels (bottlenecks, queries and keys) or eight (intermediate
    /// layers, the output's bottleneck), which four members share evenly; the others have two. More members would have
    /// work in the products of eight only, but make all meetings slower.
    static let columnMembers = 4

    let member: Int
    let count: Int
    let division: Division
    private let barrier: TeamBarrier

    /// How a block of `tokens` is divided among a team of `count`, and how many members take part.
    static func plan(
        tokens: Int,
        count: Int,
        in dataType: DataType
    ) -> (division: Division, members: Int) {
        guard count > 1 else { return (.rows, 1) }
        if tokens <= mostTokensByColumns(count: count, in: dataType) { return (.columns, min(count, columnMembers)) }
        return (.rows, count)
    }

    /// Most tokens of a block that a team of `count` divides by columns.
    static func mostTokensByColumns(count: Int, in dataType: DataType) -> Int { fewTokens(dataType) * count }

    /// The share of member `member` of `count`.
    init(member: Int, count: Int, division: Division, barrier: TeamBarrier) {
        self.member = member
        self.count = count
        self.division = division
        self.barrier = barrier
    }

    /// This member's part of `total` things that can be divided anywhere.
    func part(of total: Int) -> Range<Int> {
        total * member / count..<total * (member + 1) / count
    }

    /// The rows that this member multiplies.
    func productRows(_ total: Int) -> Range<Int> { division == .rows ? part(of: total) : 0..<total }

    /// The columns that this member computes of a product; shares begin on multiples of `step`.
    func productColumns(_ total: Int, step: Int) -> Range<Int> {
        guard division == .columns else { return 0..<total }
        let steps = part(of: (total + step - 1) / step)
        return min(steps.lowerBound * step, total)..<min(steps.upperBound * step, total)
    }

    /// Waits for the others.
    func meet() {
        if count > 1 { barrier.meet(count: count) }
    }

    /// Waits for the others where a step's results are of several members' making.
    func meetAfterColumns() {
        if division == .columns { meet() }
    }
}
