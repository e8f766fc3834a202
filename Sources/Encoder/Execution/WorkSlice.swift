internal import LinearAlgebra

/// One thread's part of the work on a block: its rows or its columns.
///
/// Many tokens are divided by rows: each thread takes its tokens through all layers, and the threads wait for each
/// other only around attention, which reads other tokens' keys and values. Few tokens are divided by the columns of
/// every product, so that each thread reads only its part of the weights, which is what a short text's time goes into;
/// then the threads meet after every step. Either way each value is computed as one thread alone would compute it.
struct WorkSlice: Sendable {
    /// How a block is divided.
    enum Division: Sendable {
        case rows
        case columns
    }

    /// Up to this many tokens for each thread, reading the weights takes longer than the arithmetic on them and the
    /// many meetings: measured with weights that stream from memory (float32) or the last cache.
    private static func fewTokens(_ dataType: DataType) -> Int {
        switch dataType {
        case .float32: 10
        case .bfloat16: 4
        case .int8: 2
        }
    }

    /// The most threads that divide columns. With AVX-512's panels of 64 columns, more than half of a MobileBERT
    /// layer's weights are in products of four panels (bottlenecks, queries and keys) or eight (intermediate layers,
    /// the output's bottleneck), which four threads divide evenly; the others have two. More threads would have work in
    /// the products of eight only, but make all meetings slower.
    static let mostThreadsByColumns = 4

    /// The thread's number in its team.
    let member: Int
    /// The number of threads that take part.
    let count: Int
    let division: Division
    private let barrier: TeamBarrier

    /// How a block of `tokens` is divided among a team of `count`, and how many of its threads take part.
    static func plan(tokens: Int, count: Int, in dataType: DataType) -> (division: Division, members: Int) {
        guard count > 1 else { return (.rows, 1) }
        if tokens <= mostTokensByColumns(count: count, in: dataType) {
            return (.columns, min(count, mostThreadsByColumns))
        }
        return (.rows, count)
    }

    /// The most tokens of a block that a team of `count` divides by columns.
    static func mostTokensByColumns(count: Int, in dataType: DataType) -> Int { fewTokens(dataType) * count }

    /// The slice of thread `member` of `count`.
    init(member: Int, count: Int, division: Division, barrier: TeamBarrier) {
        self.member = member
        self.count = count
        self.division = division
        self.barrier = barrier
    }

    /// This thread's part of `total` things that can be divided anywhere.
    func part(of total: Int) -> Range<Int> {
        total * member / count..<total * (member + 1) / count
    }

    /// The rows that this thread multiplies.
    func productRows(_ total: Int) -> Range<Int> { division == .rows ? part(of: total) : 0..<total }

    /// The columns of a product that this thread computes; slices begin on multiples of `step`.
    func productColumns(_ total: Int, step: Int) -> Range<Int> {
        guard division == .columns else { return 0..<total }
        let steps = part(of: (total + step - 1) / step)
        return min(steps.lowerBound * step, total)..<min(steps.upperBound * step, total)
    }

    /// Waits for the other threads.
    func meet() {
        if count > 1 { barrier.meet(count: count) }
    }

    /// Waits for the other threads after a step whose result several of them have made.
    func meetAfterColumns() {
        if division == .columns { meet() }
    }
}
