/// When something is done during training: transformers' `IntervalStrategy`.
package enum Interval: Sendable, Equatable {
    /// Never.
    case never
    /// At the end of each epoch.
    case epoch
    /// After so many steps.
    case steps(Int)

    /// Whether it is time after so many steps.
    func isDue(after steps: Int, endsEpoch: Bool) -> Bool {
        switch self {
        case .never: false
        case .epoch: endsEpoch
        case .steps(let interval): steps.isMultiple(of: interval)
        }
    }
}

/// The settings of a run, with the defaults of transformers' `TrainingArguments`.
package struct TrainingSettings: Sendable, Equatable {
    /// Passes over all training examples.
    package var epochs = 3
    /// The number of steps, instead of the epochs; nil to go by these.
    package var maxSteps: Int?
    /// Examples of a batch.
    package var batchSize = 8
    /// Examples of a batch in evaluations.
    package var evaluationBatchSize = 8
    /// Batches of a step.
    package var accumulation = 1
    /// The learning rate after the warm-up.
    package var learningRate = 5e-5
    /// How the learning rate changes.
    package var schedule = LearningRateSchedule.Kind.linear
    /// Steps of the warm-up; below 1, their part of all steps.
    package var warmup = 0.0
    /// The factor of the learning rate from one layer to the one below it; 1 for one rate.
    package var layerDecay = 1.0
    /// Decay, moments and clipping.
    package var optimizer = AdamW()
    /// The loss.
    package var loss: Loss
    /// How tokens are masked, anew in each epoch; nil if they are not.
    package var masking: Masking?
    /// The seed of the examples' order and of dropout.
    package var seed: UInt64 = 42
    /// Steps between two entries of the log.
    package var loggingSteps = 500
    /// When the model is measured on the validation examples.
    package var evaluation = Interval.epoch
    /// When a checkpoint is written.
    package var saving = Interval.epoch
    /// The metric by which the best checkpoint is chosen.
    package var bestMetric: Metric
    /// Evaluations without a better metric after which training ends; nil for no such end.
    package var patience: Int?

    /// transformers' defaults, with an evaluation and a checkpoint after each epoch.
    package init(_ kind: Loss.Kind) {
        loss = Loss(kind)
        bestMetric = kind.bestMetric
    }

    /// The steps of an epoch over so many examples.
    package func stepsPerEpoch(examples: Int) -> Int {
        let batches = (examples + batchSize - 1) / batchSize
        return max(1, (batches + accumulation - 1) / accumulation)
    }

    /// All steps of a run over so many examples.
    package func totalSteps(examples: Int) -> Int { maxSteps ?? epochs * stepsPerEpoch(examples: examples) }

    /// The learning rates of a run of so many steps.
    package func rates(totalSteps: Int) -> LearningRateSchedule {
        let steps = warmup < 1 ? (warmup * Double(totalSteps)).rounded(.up) : warmup
        return LearningRateSchedule(schedule, peak: learningRate, warmupSteps: Int(steps), totalSteps: totalSteps)
    }
}
