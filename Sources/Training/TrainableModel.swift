internal import Compute
package import Encoder
package import LinearAlgebra
internal import Synchronization

/// An encoder with a head that can be trained: its parameters, and the threads that compute with them.
///
/// Owner: one thread at a time, the caller, which is the leader of the team of threads. While a method runs, the
/// threads share the memory as ``AlignedBuffer`` says.
package final class TrainableModel: Sendable {
    private let memory: TrainingMemory
    private let model: HeadedEncoder
    /// The depths of all parameters are below this.
    private let depths: Int
    private let batch: PackedSequences
    private let work: TeamWork
    private let team: ThreadTeam
    /// What the team's threads call in each round.
    private let part: @Sendable (Int) -> Void
    /// The largest batch.
    package let capacity: BatchCapacity

    /// A model without values; the team has `capacity.members` threads.
    ///
    /// - Parameters:
    ///   - part: the parameters that are trained.
    ///   - kernels: the functions; nil for the fastest ones.
    /// - Throws: ``BackendError`` where OpenBLAS is not there.
    package init(
        _ configuration: EncoderConfiguration,
        _ training: TrainingConfiguration,
        head: HeadKind,
        training part: TrainedPart = .all,
        capacity: BatchCapacity,
        kernels: TrainingKernels? = nil
    ) throws(BackendError) {
        let kernels = if let kernels { kernels } else { try TrainingKernels() }
        let lowest = part.lowestDepth(layers: configuration.layerCount)
        var plan = MemoryPlan(capacity: capacity) { depth in depth >= lowest }
        let model = HeadedEncoder(configuration, head, training, lowestDepth: lowest, &plan)
        let (memory, batch) = (TrainingMemory(plan), PackedSequences(capacity))
        let tables = model.embeddings.sparseTables.map { ($0.table, $0.use) }
        let update = ParameterUpdate(plan.parameters, tables: tables)
        let work = TeamWork(memory, kernels, batch, model, update, capacity)
        (self.model, self.memory, self.batch, self.work) = (model, memory, batch, work)
        depths = 1 + (plan.parameters.map(\.depth).max() ?? 0)
        self.part = { work.perform($0) }
        team = ThreadTeam(startingThreads: capacity.members, named: "train")
        self.capacity = capacity
    }

    deinit { team.dismiss() }

    // MARK: Parameters

    /// All parameters, from the embeddings to the head.
    package var parameters: [Parameter] { memory.parameters }

    /// A parameter's values, row-major.
    package func values(_ parameter: Parameter) -> [Float] { memory.read(memory.values(parameter)) }

    /// Gives `body` a parameter's values to write.
    package func write<Failure: Error>(
        _ parameter: Parameter,
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        try memory.write(memory.values(parameter), body)
    }

    /// A trained parameter's gradient.
    package func gradient(_ parameter: Parameter) -> [Float] { memory.read(memory.gradient(parameter)) }

    /// The first or second moment of a trained parameter, by the index 0 or 1.
    package func moment(_ index: Int, _ parameter: Parameter) -> [Float] {
        memory.read(memory.moment(index, parameter))
    }

    /// Gives `body` a moment of a trained parameter to write. After the moments, call ``restoreUse()``.
    package func writeMoment<Failure: Error>(
        _ index: Int,
        _ parameter: Parameter,
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        try memory.write(memory.moment(index, parameter), body)
    }

    /// Finds which rows of embeddings have been trained before, by their moments.
    package func restoreUse() {
        for table in model.embeddings.sparseTables where table.table.isTrained {
            let (second, columns) = (moment(1, table.table), table.table.columns)
            let first = moment(0, table.table)
            table.use.restore(
                (0..<table.table.rows).map { row in
                    (row * columns..<(row + 1) * columns).contains { first[$0] != 0 || second[$0] != 0 }
                }
            )
        }
    }

    /// Sets a parameter as transformers does for a new layer: a weight's values are normally distributed, a bias is 0,
    /// and the weight of a norm is 1.
    package func initialize(_ parameter: Parameter, range: Double, seed: UInt64) {
        // Each parameter has numbers of its own.
        let name = parameter.name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var random = SplitMix64(seed: SplitMix64.mix(seed) ^ name)
        write(parameter) { values in
            for index in values.indices {
                values[index] = parameter.shape.count > 1 ? Float(range * random.normal()) : parameter.initialValue
            }
        }
    }

    // MARK: Computing

    /// The head's output for some examples, without dropout.
    ///
    /// - Parameter labelSmoothing: as ``Loss/labelSmoothing``, where the head computes the loss itself.
    package func output(_ examples: [TokenizedExample], labelSmoothing: Double = 0) -> HeadOutput {
        batch.fill(ExampleBatch(examples))
        work.begin(dropoutSeed: nil, accumulates: false, labelSmoothing: labelSmoothing)
        run(.forward)
        readOutput()
        return work.output
    }

    /// The mean loss of a batch, without dropout.
    func loss(_ examples: ExampleBatch, masks: EpochMasks?, _ loss: Loss) -> Double {
        batch.fill(examples, masks: masks)
        work.begin(dropoutSeed: nil, accumulates: false, labelSmoothing: loss.labelSmoothing)
        run(.forward)
        readOutput()
        work.evaluate(loss, examples)
        return work.value.loss
    }

    /// Whether all values of the trained parameters are finite.
    var hasFiniteParameters: Bool {
        parameters.allSatisfy { parameter in
            !parameter.isTrained || work.kernels.sumOfSquares(parameter.row(at: 0), of: memory.buffer).isFinite
        }
    }

    /// Computes the gradients of the mean loss of some examples.
    ///
    /// - Parameters:
    ///   - dropoutSeed: the seed of this batch's dropout; nil for none.
    ///   - accumulating: whether the gradients are added to those of the batches before.
    ///   - factor: the factor of the loss in the gradients.
    /// - Returns: the loss, without the factor.
    package func computeGradients(
        _ examples: [TokenizedExample],
        _ loss: Loss,
        dropoutSeed: UInt64?,
        accumulating: Bool = false,
        factor: Double = 1
    ) -> Double {
        computeGradients(
            ExampleBatch(examples),
            masks: nil,
            loss,
            dropoutSeed: dropoutSeed,
            accumulating: accumulating,
            factor: factor
        )
    }

    /// Computes the gradients of the mean loss of a batch, of which `masks` may choose the tokens that are to be
    /// guessed.
    func computeGradients(
        _ examples: ExampleBatch,
        masks: EpochMasks?,
        _ loss: Loss,
        dropoutSeed: UInt64?,
        accumulating: Bool,
        factor: Double
    ) -> Double {
        batch.fill(examples, masks: masks)
        if !accumulating { discardGradients() }
        model.embeddings.markUse(batch)
        work.begin(dropoutSeed: dropoutSeed, accumulates: accumulating, labelSmoothing: loss.labelSmoothing)
        run(.forward)
        readOutput()
        work.evaluate(loss, examples)
        let (place, columns) = (model.head.doutput, work.output.columns)
        memory.write(memory.region(place, rows: work.output.rowCount)) { values in
            for row in 0..<work.output.rowCount {
                for column in 0..<columns {
                    let gradient = work.value.gradient[row * columns + column]
                    values[row * place.stride + column] = Float(gradient * factor)
                }
            }
        }
        run(.backward)
        return work.value.loss
    }

    /// Clears the gradients of embeddings that no step has used. Other gradients are overwritten.
    private func discardGradients() {
        for index in 0..<model.embeddings.sparseTables.count {
            let table = model.embeddings.sparseTables[index]
            guard table.table.isTrained else { continue }
            for place in 0..<table.use.inStep.count {
                let number = Int(table.use.inStep[place])
                work.kernels.fill(memory.gradient(table.table).rows(number..<number + 1), of: memory.buffer)
            }
            table.use.endStep()
        }
    }

    /// The norm of all gradients together.
    package func gradientNorm() -> Double {
        run(.norm)
        return work.sumOfSquares.squareRoot()
    }

    /// Moves the parameters against their gradients.
    ///
    /// - Parameters:
    ///   - step: the numbers of the step for parameters that decay or not, at a depth.
    package func move(_ step: (_ decays: Bool, _ depth: Int) -> AdamWStep) {
        work.step.fill(depths: depths, step)
        run(.move)
        for index in 0..<model.embeddings.sparseTables.count { model.embeddings.sparseTables[index].use.endStep() }
    }

    private func readOutput() {
        let place = model.head.output
        let rows = batch.rows(place.rows)
        let count = rows.isEmpty ? 0 : rows[rows.count - 1].upperBound
        memory.read(memory.region(place, rows: count), into: &work.output.values)
        work.output.columns = place.columns
        // Copied, because the next batch would need new memory for an array that is shared.
        work.output.rows.removeAll(keepingCapacity: true)
        for index in 0..<rows.count { work.output.rows.append(rows[index]) }
    }

    /// Runs a round on all threads of the team.
    private func run(_ round: TeamWork.Round) {
        work.round = round
        team.runRound(keeping: part)
    }
}
