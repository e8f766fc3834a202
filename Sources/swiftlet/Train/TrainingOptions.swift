import ArgumentParser
import Encoder
import JSON
import Training

extension LearningRateSchedule.Kind: ExpressibleByArgument {}
extension Metric: ExpressibleByArgument {}
extension SequenceClassifier.ProblemType: ExpressibleByArgument {}

/// transformers' `IntervalStrategy`.
enum IntervalStrategy: String, CaseIterable, ExpressibleByArgument {
    case no
    case epoch
    case steps

    func interval(_ steps: Int) -> Interval {
        switch self {
        case .no: .never
        case .epoch: .epoch
        case .steps: .steps(steps)
        }
    }
}

extension TrainedPart: ExpressibleByArgument {
    /// `all`, `head`, `last:N` or `no-embeddings`.
    public init?(argument: String) {
        switch argument {
        case "all": self = .all
        case "head": self = .head
        case "no-embeddings": self = .noEmbeddings
        default:
            guard let count = argument.rest(after: "last:").flatMap({ Int($0) }), count >= 0 else { return nil }
            self = .last(count)
        }
    }
}

/// The options of the loop. Names and defaults are those of transformers' `TrainingArguments`; the exceptions are
/// --eval-strategy and --save-strategy, which are epoch, and --save-total-limit.
struct TrainingOptions: ParsableArguments {
    @Option(name: [.customLong("num-train-epochs"), .customLong("epochs")], help: "Passes over the training texts.")
    var epochs = 3

    @Option(help: "Steps to train for, instead of epochs.")
    var maxSteps: Int?

    @Option(name: [.customLong("per-device-train-batch-size"), .customLong("batch-size")], help: "Texts of a batch.")
    var batchSize = 8

    @Option(name: .customLong("per-device-eval-batch-size"), help: "Texts of a batch in evaluations.")
    var evaluationBatchSize = 8

    @Option(name: .customLong("gradient-accumulation-steps"), help: "Batches of a step.")
    var accumulation = 1

    @Option(help: "Learning rate after the warm-up.")
    var learningRate = 5e-5

    @Option(help: "What follows the warm-up: linear, cosine, constant or constant_with_warmup.")
    var lrSchedulerType = LearningRateSchedule.Kind.linear

    @Option(help: "Steps of the warm-up, or, below 1, their fraction of all steps.")
    var warmupSteps = 0.0

    @Option(help: "Weight decay of AdamW, not for norms and biases.")
    var weightDecay = 0.0

    @Option(name: .customLong("adam-beta1"), help: "Decay of AdamW's first moment.")
    var beta1 = 0.9

    @Option(name: .customLong("adam-beta2"), help: "Decay of AdamW's second moment.")
    var beta2 = 0.999

    @Option(name: .customLong("adam-epsilon"), help: "Added to the root of AdamW's second moment.")
    var epsilon = 1e-8

    @Option(help: "Largest norm of the gradients, to which longer ones are scaled down; 0 for none.")
    var maxGradNorm = 1.0

    @Option(help: "Fraction of a label that is spread over all labels.")
    var labelSmoothingFactor = 0.0

    @Option(help: "Factor of the learning rate from one layer to the one below it.")
    var layerDecay = 1.0

    @Option(help: "Weights that are trained: all, head, last:N (the head and N layers) or no-embeddings.")
    var train = TrainedPart.all

    @Option(help: "Seed of new weights, of the texts' order, of dropout and of the held-out texts.")
    var seed: UInt64 = 42

    @Option(help: "Steps between two entries of the log.")
    var loggingSteps = 500

    @Option(help: "When to measure the model: epoch, steps or no.")
    var evalStrategy = IntervalStrategy.epoch

    @Option(help: "Steps between two evaluations by steps.")
    var evalSteps = 500

    @Option(help: "When to write a checkpoint: epoch, steps or no.")
    var saveStrategy = IntervalStrategy.epoch

    @Option(help: "Steps between two checkpoints by steps.")
    var saveSteps = 500

    @Option(help: "Checkpoints to keep: the best one and the last ones.")
    var saveTotalLimit = 2

    @Option(
        name: .customLong("metric-for-best-model"),
        help: """
            Metric that chooses the best checkpoint: loss, or another one of the task, such as accuracy, macro_f1, \
            f1, exact_match or perplexity. (default: by the task)
            """
    )
    var bestMetric: Metric?

    @Option(help: "Evaluations without a better metric after which training ends. (default: never)")
    var earlyStoppingPatience: Int?

    func validate() throws {
        let counts = [
            ("num-train-epochs", epochs), ("max-steps", maxSteps ?? 1), ("per-device-train-batch-size", batchSize),
            ("per-device-eval-batch-size", evaluationBatchSize), ("gradient-accumulation-steps", accumulation),
            ("logging-steps", loggingSteps), ("eval-steps", evalSteps), ("save-steps", saveSteps),
            ("save-total-limit", saveTotalLimit), ("early-stopping-patience", earlyStoppingPatience ?? 1),
        ]
        for (name, value) in counts where !(1...1_000_000_000).contains(value) {
            throw ValidationError("--\(name) must be at least 1, not \(value)")
        }
        let numbers = [
            ("learning-rate", learningRate), ("warmup-steps", warmupSteps), ("weight-decay", weightDecay),
            ("max-grad-norm", maxGradNorm),
        ]
        for (name, value) in numbers where !(value >= 0 && value.isFinite) {
            throw ValidationError("--\(name) must be a number from 0 on, not \(value)")
        }
        guard epsilon > 0, epsilon.isFinite else {
            throw ValidationError("--adam-epsilon must be more than 0, not \(epsilon)")
        }
        for (name, value) in [
            ("adam-beta1", beta1), ("adam-beta2", beta2), ("label-smoothing-factor", labelSmoothingFactor),
        ]
        where !(0..<1).contains(value) {
            throw ValidationError("--\(name) must be from 0 to below 1, not \(value)")
        }
        guard layerDecay > 0, layerDecay <= 1 else {
            throw ValidationError("--layer-decay must be more than 0 and at most 1, not \(layerDecay)")
        }
    }

    /// The settings for a loss.
    ///
    /// - Throws: for a metric that its kind does not have.
    func settings(_ loss: Loss) throws -> TrainingSettings {
        let kind = loss.kind
        var settings = TrainingSettings(kind)
        settings.loss = loss
        (settings.epochs, settings.maxSteps, settings.batchSize) = (epochs, maxSteps, batchSize)
        (settings.evaluationBatchSize, settings.accumulation) = (evaluationBatchSize, accumulation)
        (settings.learningRate, settings.schedule, settings.warmup) = (learningRate, lrSchedulerType, warmupSteps)
        settings.layerDecay = layerDecay
        (settings.optimizer.beta1, settings.optimizer.beta2, settings.optimizer.epsilon) = (beta1, beta2, epsilon)
        (settings.optimizer.weightDecay, settings.optimizer.maxGradientNorm) = (weightDecay, maxGradNorm)
        settings.loss.labelSmoothing = labelSmoothingFactor
        (settings.seed, settings.loggingSteps) = (seed, loggingSteps)
        settings.evaluation = evalStrategy.interval(evalSteps)
        settings.saving = saveStrategy.interval(saveSteps)
        settings.patience = earlyStoppingPatience
        if let bestMetric {
            let known = kind.metrics
            guard known.contains(bestMetric) else {
                let names = known.map(\.rawValue).joined(separator: ", ")
                throw CommandError.usage("--metric-for-best-model \(bestMetric.rawValue): expected one of \(names)")
            }
            settings.bestMetric = bestMetric
        }
        guard labelSmoothingFactor == 0 || kind.takesLabelSmoothing else {
            throw CommandError.usage("--label-smoothing-factor is for tasks where one label or choice is right")
        }
        return settings
    }
}
