/// The loop: epochs of steps, and between them evaluations and checkpoints. It knows no files and no terminal.
package struct TrainingRun {
    /// Why a run has ended.
    package enum End: Sendable, Equatable {
        /// All steps are done.
        case completed
        /// The metric has not become better for as many evaluations as the settings allow.
        case stoppedEarly
        /// The observer asked for it. The state is saved.
        case interrupted
        /// The loss, a gradient or a parameter is not a finite number. Checkpoints have parameters with a finite loss.
        case diverged(step: Int)
    }

    private let model: TrainableModel
    private let training: TrainingSet
    private let validation: TrainingSet?
    private let settings: TrainingSettings
    private let rates: LearningRateSchedule
    /// All steps of the run.
    package let totalSteps: Int
    private let stepsPerEpoch: Int
    private let depth: Int
    /// How far it has got.
    package private(set) var state: TrainingState

    /// A run from its beginning, or from the state of a checkpoint.
    ///
    /// - Parameter validation: nil for no evaluations.
    package init(
        _ model: TrainableModel,
        training: TrainingSet,
        validation: TrainingSet?,
        settings: TrainingSettings,
        from state: TrainingState = TrainingState()
    ) {
        self.model = model
        self.training = training
        self.validation = validation
        self.settings = settings
        self.state = state
        stepsPerEpoch = settings.stepsPerEpoch(examples: training.examples.count)
        totalSteps = settings.totalSteps(examples: training.examples.count)
        rates = settings.rates(totalSteps: totalSteps)
        depth = model.parameters.map(\.depth).max() ?? 0
    }

    private var epoch: Double { Double(state.step) / Double(stepsPerEpoch) }

    /// Runs the steps that are left.
    ///
    /// - Throws: what the observer throws when it saves.
    package mutating func run(_ observer: some TrainingObserver) throws -> End {
        var order = Array(training.examples.indices)
        var shuffledEpoch = -1
        state.curve.reserve()
        while state.step < totalSteps {
            let epoch = state.step / stepsPerEpoch
            if epoch != shuffledEpoch { shuffle(&order, epoch) }
            shuffledEpoch = epoch
            guard let report = nextStep(order) else { return .diverged(step: state.step + 1) }
            state.curve.append(report.loss)
            observer.completed(report)
            log(report, observer)
            let endsEpoch = state.step.isMultiple(of: stepsPerEpoch) || state.step == totalSteps
            if settings.evaluation.isDue(after: state.step, endsEpoch: endsEpoch) { evaluate(observer) }
            let isOut = settings.patience.map { state.evaluationsSinceBest >= $0 } ?? false
            let isInterrupted = observer.isInterrupted
            let isBest = state.best?.step == state.step && settings.saving != .never
            if isInterrupted || isBest || settings.saving.isDue(after: state.step, endsEpoch: endsEpoch) {
                // Nobody could use the checkpoint, and an older one may be removed for it.
                guard isSound(order) else { return .diverged(step: state.step) }
                try observer.save(state)
            }
            if isInterrupted { return .interrupted }
            if isOut { return .stoppedEarly }
        }
        return .completed
    }

    /// Sets the order of an epoch, which depends on nothing but the seed and the epoch.
    private func shuffle(_ order: inout [Int], _ epoch: Int) {
        for index in 0..<order.count { order[index] = index }
        var random = SplitMix64(seed: SplitMix64.mix(settings.seed) &+ UInt64(epoch))
        random.shuffle(&order)
    }

    private mutating func nextStep(_ order: [Int]) -> StepReport? { step(order, places(ofStep: state.step, order)) }

    /// The part of its epoch's order that a step learns from.
    private func places(ofStep step: Int, _ order: [Int]) -> Range<Int> {
        let perStep = settings.batchSize * settings.accumulation
        let start = step % stepsPerEpoch * perStep
        return start..<min(start + perStep, order.count)
    }

    /// The masks of a step's examples; nil if the examples have all labels.
    private func masks(ofStep step: Int) -> EpochMasks? {
        settings.masking.map { EpochMasks(masking: $0, seed: settings.seed, epoch: step / stepsPerEpoch) }
    }

    /// Whether all parameters, and the loss of a batch of the last step with them, are finite.
    private func isSound(_ order: [Int]) -> Bool {
        let last = state.step - 1
        let batch = ExampleBatch(training.examples, order, places(ofStep: last, order).prefix(settings.batchSize))
        return model.hasFiniteParameters && model.loss(batch, masks: masks(ofStep: last), settings.loss).isFinite
    }

    /// Computes a step and moves the parameters; nil if loss or gradients are not finite, and nothing has moved. After
    /// the first step of a run it allocates no memory.
    ///
    /// - Parameters:
    ///   - order: numbers of examples.
    ///   - places: the part of the order that the step learns from.
    package mutating func step(_ order: [Int], _ places: Range<Int>) -> StepReport? {
        let batches = (places.count + settings.batchSize - 1) / settings.batchSize
        let masks = masks(ofStep: state.step)
        var loss = 0.0
        for number in 0..<batches {
            let first = places.lowerBound + number * settings.batchSize
            let part = first..<min(first + settings.batchSize, places.upperBound)
            loss += model.computeGradients(
                ExampleBatch(training.examples, order, part),
                masks: masks,
                settings.loss,
                dropoutSeed: SplitMix64.mix(
                    SplitMix64.mix(~settings.seed) &+ UInt64(state.step) << 20 + UInt64(number)
                ),
                accumulating: number > 0,
                factor: 1 / Double(batches)
            )
        }
        loss /= Double(batches)
        let norm = model.gradientNorm()
        guard loss.isFinite, norm.isFinite else { return nil }
        let rate = rates.rate(after: state.step)
        let (optimizer, layerDecay, depth) = (settings.optimizer, settings.layerDecay, depth)
        let (number, clipping) = (state.step + 1, optimizer.clipping(norm: norm))
        model.move { decays, place in
            var factor = 1.0
            for _ in place..<depth { factor *= layerDecay }
            return optimizer.step(number, learningRate: rate * factor, decays: decays, gradientScale: clipping)
        }
        state.step += 1
        return StepReport(
            step: state.step,
            totalSteps: totalSteps,
            epoch: epoch,
            loss: loss,
            learningRate: rate,
            gradientNorm: norm,
            sequences: sequenceCount(order, places)
        )
    }

    private func sequenceCount(_ order: [Int], _ places: Range<Int>) -> Int {
        var count = 0
        for place in places { count += training.examples[order[place]].sequences.count }
        return count
    }

    private mutating func log(_ report: StepReport, _ observer: some TrainingObserver) {
        state.unlogged = (state.unlogged.loss + report.loss, state.unlogged.steps + 1)
        guard report.step.isMultiple(of: settings.loggingSteps) || report.step == totalSteps else { return }
        let values = [
            "loss": state.unlogged.loss / Double(state.unlogged.steps),
            "grad_norm": report.gradientNorm,
            "learning_rate": report.learningRate,
        ]
        state.unlogged = (0, 0)
        append(values, observer)
    }

    private mutating func append(_ values: [String: Double], _ observer: some TrainingObserver) {
        let entry = LogEntry(step: state.step, epoch: epoch, values: values)
        state.log.append(entry)
        observer.logged(entry)
    }

    private mutating func evaluate(_ observer: some TrainingObserver) {
        guard let validation else { return }
        let evaluation = measure(validation, observer)
        let values = evaluation.metrics.map { ("eval_\($0.key.rawValue)", $0.value) }
        append(Dictionary(uniqueKeysWithValues: values), observer)
        guard let metric = evaluation.metrics[settings.bestMetric] else { return }
        let isGreater = settings.bestMetric.isBetterWhenGreater
        let isBetter = state.best.map { isGreater ? metric > $0.metric : metric < $0.metric } ?? true
        let isBest = isBetter && metric.isFinite
        if isBest { state.best = (metric, state.step) }
        state.evaluationsSinceBest = isBest ? 0 : state.evaluationsSinceBest + 1
        observer.evaluated(evaluation, isBest: isBest)
    }

    /// Measures the model on some examples, the longest first, so that a batch has texts of similar length.
    package func measure(_ set: TrainingSet, _ observer: some TrainingObserver) -> Evaluation {
        let lengths = set.examples.map(\.tokenCount)
        let order = set.examples.indices.sorted { a, b in (lengths[b], a) < (lengths[a], b) }
        var outputs = Array(repeating: ExampleOutput(values: [], columns: 0), count: order.count)
        var (sum, weight) = (0.0, 0.0)
        for start in stride(from: 0, to: order.count, by: settings.evaluationBatchSize) {
            let numbers = order[start..<min(start + settings.evaluationBatchSize, order.count)]
            let batch = numbers.map { set.examples[$0] }
            let output = model.output(batch, labelSmoothing: settings.loss.labelSmoothing)
            let part = settings.loss.evaluate(output, batch)
            (sum, weight) = (sum + part.loss * part.weight, weight + part.weight)
            for (place, number) in numbers.enumerated() { outputs[number] = output[place] }
            observer.evaluating(numbers.endIndex, of: order.count)
        }
        return Evaluation(loss: weight > 0 ? sum / weight : 0, outputs: outputs, of: set, settings.loss.kind)
    }
}
