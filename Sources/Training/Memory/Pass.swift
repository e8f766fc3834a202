internal import Encoder
internal import LinearAlgebra

/// One thread's view of a step: its part of the work, the memory, and the batch.
///
/// All threads of a team run the same code over the layers. Each computes its own rows or columns of a matrix, and
/// meets the others before it reads what they have written.
struct Pass {
    let memory: TrainingMemory
    let kernels: TrainingKernels
    let batch: PackedSequences
    let scratch: Scratch
    /// The thread's number in the team, and the number of threads.
    let member: Int
    let members: Int
    let barrier: TeamBarrier
    /// The seed of this step's dropout; nil without dropout.
    let dropoutSeed: UInt64?
    /// Whether gradients are added to those of the batches before.
    let accumulates: Bool
    /// The part of a masked token's target that is spread over all tokens.
    let labelSmoothing: Double

    /// Slices of columns begin on multiples of this, a cache line, so that no two threads write one line.
    private static let columnStep = AlignedBuffer.vectorWidth

    /// Waits for the other threads.
    func meet() {
        if members > 1 { barrier.meet(count: members) }
    }

    /// The rows of a matrix that this thread computes.
    func rows(_ region: MatrixRegion) -> Range<Int> { part(of: region.rows) }

    /// The columns, of so many, that this thread computes.
    func columns(_ count: Int) -> Range<Int> {
        let steps = part(of: (count + Self.columnStep - 1) / Self.columnStep)
        return min(steps.lowerBound * Self.columnStep, count)..<min(steps.upperBound * Self.columnStep, count)
    }

    /// This thread's part of `total` things.
    func part(of total: Int) -> Range<Int> { total * member / members..<total * (member + 1) / members }

    subscript(place: ActivationPlace) -> MatrixRegion {
        switch place.rows {
        case .tokens: memory.region(place, rows: batch.tokens)
        case .sequences: memory.region(place, rows: batch.sequences.count)
        case .labelled: memory.region(place, rows: batch.labelled.count)
        case .members: memory.region(place, rows: members)
        }
    }

    func values(_ parameter: Parameter) -> MatrixRegion { memory.values(parameter) }
    func gradient(_ parameter: Parameter) -> MatrixRegion { memory.gradient(parameter) }
}
