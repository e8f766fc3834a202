internal import LinearAlgebra

/// The passes over all trained parameters that end a step: the gradients' norm, and AdamW. Of an embedding table they
/// read only the rows that have, or had, a gradient.
struct ParameterUpdate {
    /// The trained parameters that are no tables of embeddings.
    private let dense: [Parameter]
    /// The trained tables, with the use of their rows.
    private let tables: [(table: Parameter, use: RowUse)]

    init(_ parameters: [Parameter], tables: [(table: Parameter, use: RowUse)]) {
        self.tables = tables.filter { $0.table.isTrained }
        let names = Set(tables.map(\.table.name))
        dense = parameters.filter { $0.isTrained && !names.contains($0.name) }
    }

    /// The sum of the squares of this thread's part of the gradients.
    func sumOfSquares(_ pass: Pass) -> Double {
        var sum = 0.0
        for number in 0..<dense.count {
            let parameter = dense[number]
            let row = parameter.row(at: pass.memory.trainedFloats).columns(pass.columns(parameter.count))
            sum += pass.kernels.sumOfSquares(row, of: pass.memory.buffer)
        }
        for number in 0..<tables.count {
            let (table, use) = tables[number]
            let gradient = pass.gradient(table)
            for index in pass.part(of: use.inStep.count) {
                let row = Int(use.inStep[index])
                sum += pass.kernels.sumOfSquares(gradient.rows(row..<row + 1), of: pass.memory.buffer)
            }
        }
        return sum
    }

    /// Moves this thread's part of the parameters.
    func apply(_ step: OptimizerStep, _ pass: Pass) {
        for number in 0..<dense.count { move(dense[number], step[dense[number]], pass) }
        for number in 0..<tables.count {
            let (table, use) = tables[number]
            move(table, use, step[table], pass)
        }
    }

    private func move(_ parameter: Parameter, _ step: AdamWStep, _ pass: Pass) {
        let (memory, own) = (pass.memory, pass.columns(parameter.count))
        let floats = memory.trainedFloats
        pass.kernels.adamW(
            parameter.row(at: 0).columns(own),
            gradient: parameter.row(at: floats).columns(own),
            firstMoment: parameter.row(at: 2 * floats).columns(own),
            secondMoment: parameter.row(at: 3 * floats).columns(own),
            step,
            of: memory.buffer
        )
    }

    /// A row that has no gradient in this step has one of zeros. A row that never had one keeps its moments of zero.
    private func move(_ table: Parameter, _ use: RowUse, _ step: AdamWStep, _ pass: Pass) {
        let memory = pass.memory
        let (values, gradient) = (memory.values(table), memory.gradient(table))
        let (first, second) = (memory.moment(0, table), memory.moment(1, table))
        for index in pass.part(of: table.rows) where use.wasUsed[index] || step.decay != 1 {
            let row = index..<index + 1
            let isInStep = use.isInStep[index]
            pass.kernels.adamW(
                values.rows(row),
                gradient: isInStep ? gradient.rows(row) : nil,
                firstMoment: first.rows(row),
                secondMoment: second.rows(row),
                step,
                of: memory.buffer
            )
            if isInStep { pass.kernels.fill(gradient.rows(row), of: memory.buffer) }
        }
    }
}

/// The numbers of a step for parameters at each depth, those that decay and those that do not. Its memory is kept from
/// step to step.
struct OptimizerStep {
    private var steps: [AdamWStep] = []

    /// Computes the numbers for the depths from 0 on.
    mutating func fill(depths: Int, _ step: (_ decays: Bool, _ depth: Int) -> AdamWStep) {
        steps.removeAll(keepingCapacity: true)
        for depth in 0..<depths {
            steps.append(step(false, depth))
            steps.append(step(true, depth))
        }
    }

    subscript(parameter: Parameter) -> AdamWStep { steps[2 * parameter.depth + (parameter.decays ? 1 : 0)] }
}
