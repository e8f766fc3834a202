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
    private let update: ParameterUpdate
    private let kernels: TrainingKernels
    private let team: ThreadTeam
    private let barrier = TeamBarrier()
    private let batch: PackedSequences
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
        if let kernels { self.kernels = kernels } else { self.kernels = try TrainingKernels() }
        let lowest = part.lowestDepth(layers: configuration.layerCount)
        var plan = MemoryPlan(capacity: capacity) { depth in depth >= lowest }
        model = HeadedEncoder(configuration, head, training, lowestDepth: lowest, &plan)
        memory = TrainingMemory(plan)
        update = ParameterUpdate(plan.parameters, tables: model.embeddings.sparseTables.map { ($0.table, $0.use) })
        batch = PackedSequences(capacity)
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
    package func output(_ examples: [TokenizedExample]) -> HeadOutput {
        batch.fill(examples)
        run(dropoutSeed: nil, accumulates: false) { [model] in model.forward($0) }
        return headOutput()
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
        batch.fill(examples)
        if !accumulating { discardGradients() }
        model.embeddings.markUse(batch)
        run(dropoutSeed: dropoutSeed, accumulates: accumulating) { [model] in model.forward($0) }
        let output = headOutput()
        let result = loss.evaluate(output, examples)
        let place = model.head.doutput
        memory.write(memory.region(place, rows: output.rowCount)) { values in
            for (index, gradient) in result.gradient.enumerated() {
                let (row, column) = index.quotientAndRemainder(dividingBy: output.columns)
                values[row * place.stride + column] = Float(gradient * factor)
            }
        }
        run(dropoutSeed: dropoutSeed, accumulates: accumulating) { [model] in model.backward($0) }
        return result.loss
    }

    /// Clears the gradients of embeddings that no step has used. Other gradients are overwritten.
    private func discardGradients() {
        for table in model.embeddings.sparseTables where table.table.isTrained {
            for number in table.use.inStep {
                let row = memory.gradient(table.table).rows(Int(number)..<Int(number) + 1)
                kernels.fill(row, of: memory.buffer)
            }
            table.use.endStep()
        }
    }

    /// The norm of all gradients together.
    package func gradientNorm() -> Double {
        let sums = Mutex([Double](repeating: 0, count: capacity.members))
        run(dropoutSeed: nil, accumulates: false) { [update] pass in
            let sum = update.sumOfSquares(pass)
            sums.withLock { $0[pass.member] = sum }
        }
        return sums.withLock { $0.reduce(0, +) }.squareRoot()
    }

    /// Moves the parameters against their gradients.
    ///
    /// - Parameters:
    ///   - step: the numbers of the step for parameters that decay or not, at a depth.
    package func move(_ step: @Sendable (_ decays: Bool, _ depth: Int) -> AdamWStep) {
        run(dropoutSeed: nil, accumulates: false) { [update] pass in
            update.apply({ step($0.decays, $0.depth) }, pass)
        }
        model.embeddings.sparseTables.forEach { $0.use.endStep() }
    }

    private func headOutput() -> HeadOutput {
        let place = model.head.output
        let rows = batch.rows(place.rows)
        let values = memory.read(memory.region(place, rows: rows.last?.upperBound ?? 0))
        return HeadOutput(values: values, columns: place.columns, rows: rows)
    }

    /// Runs `body` on all threads of the team.
    private func run(dropoutSeed: UInt64?, accumulates: Bool, _ body: @Sendable (Pass) -> Void) {
        let (memory, kernels, batch, scratch) = (memory, kernels, batch, model.scratch)
        let (members, barrier) = (team.count, barrier)
        team.run { member in
            body(
                Pass(
                    memory: memory,
                    kernels: kernels,
                    batch: batch,
                    scratch: scratch,
                    member: member,
                    members: members,
                    barrier: barrier,
                    dropoutSeed: dropoutSeed,
                    accumulates: accumulates
                )
            )
        }
    }
}
