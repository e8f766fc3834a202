internal import Compute
internal import Encoder
internal import LinearAlgebra
internal import Synchronization

/// What the threads of a training team do together in a round, and what the leader makes of it between two rounds. All
/// of its memory is kept from step to step.
///
/// Owner: the trainer, which changes it between two rounds. While the team runs, all threads only read it, beside the
/// sums, which their lock guards.
final class TeamWork: @unchecked Sendable {
    enum Round {
        case forward
        case backward
        case norm
        case move
    }

    private let memory: TrainingMemory
    let kernels: TrainingKernels
    private let batch: PackedSequences
    private let model: HeadedEncoder
    private let update: ParameterUpdate
    private let members: Int
    private let barrier = TeamBarrier()
    private let sums: Mutex<[Double]>
    var round = Round.forward
    private var dropoutSeed: UInt64?
    private var accumulates = false
    private var labelSmoothing = 0.0
    /// The numbers of the optimizer's step.
    var step = OptimizerStep()
    /// The head's output for the batch.
    var output = HeadOutput()
    /// The batch's loss.
    private(set) var value = LossValue()

    init(
        _ memory: TrainingMemory,
        _ kernels: TrainingKernels,
        _ batch: PackedSequences,
        _ model: HeadedEncoder,
        _ update: ParameterUpdate,
        _ capacity: BatchCapacity
    ) {
        (self.memory, self.kernels, self.batch) = (memory, kernels, batch)
        (self.model, self.update, members) = (model, update, capacity.members)
        sums = Mutex(Array(repeating: 0, count: capacity.members))
        let columns = model.head.output.columns
        let values = capacity.rows(model.head.output.rows) * columns
        output.values.reserveCapacity(values)
        output.rows.reserveCapacity(capacity.sequences)
        value.reserve(values: values, logits: max(columns, capacity.longest, capacity.sequences))
    }

    /// Begins a batch.
    func begin(dropoutSeed: UInt64?, accumulates: Bool, labelSmoothing: Double) {
        (self.dropoutSeed, self.accumulates, self.labelSmoothing) = (dropoutSeed, accumulates, labelSmoothing)
    }

    /// Computes the loss of ``output``.
    func evaluate(_ loss: Loss, _ examples: ExampleBatch) { loss.evaluate(output, examples, into: &value) }

    /// The sum of all threads' sums, after a round ``Round/norm``.
    var sumOfSquares: Double {
        sums.withLock { sums in
            var total = 0.0
            for member in 0..<sums.count { total += sums[member] }
            return total
        }
    }

    /// A thread's part of the round.
    func perform(_ member: Int) {
        let pass = Pass(
            memory: memory,
            kernels: kernels,
            batch: batch,
            scratch: model.scratch,
            member: member,
            members: members,
            barrier: barrier,
            dropoutSeed: dropoutSeed,
            accumulates: accumulates,
            labelSmoothing: labelSmoothing
        )
        switch round {
        case .forward: model.forward(pass)
        case .backward: model.backward(pass)
        case .norm:
            let sum = update.sumOfSquares(pass)
            sums.withLock { $0[member] = sum }
        case .move: update.apply(step, pass)
        }
    }
}
