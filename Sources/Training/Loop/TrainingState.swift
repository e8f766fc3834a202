/// An entry of a run's log.
package struct LogEntry: Sendable, Equatable {
    /// The steps so far.
    package let step: Int
    /// The epochs so far.
    package let epoch: Double
    /// Names, as the Trainer writes them, with values.
    package let values: [String: Double]

    /// An entry with these values.
    package init(step: Int, epoch: Double, values: [String: Double]) {
        self.step = step
        self.epoch = epoch
        self.values = values
    }
}

/// The loss of all steps as a few means, however many steps there are.
package struct LossCurve: Sendable, Equatable {
    /// The most means: about as many as a picture can show. When there are more, each two become one.
    package static let most = 256
    /// Steps of a mean.
    package private(set) var width = 1
    /// All steps.
    package private(set) var steps = 0
    /// The sum of the losses of `width` steps, of which the last one may have fewer.
    package private(set) var sums: [Double] = []

    /// No steps.
    package init() {}

    /// A curve with these values; nil if they do not belong together.
    package init?(width: Int, steps: Int, sums: [Double]) {
        guard width > 0, steps >= 0, sums.count <= Self.most, steps <= width * sums.count,
            steps > width * (sums.count - 1)
        else { return nil }
        (self.width, self.steps, self.sums) = (width, steps, sums)
    }

    /// Gets the memory for all means, so that no step allocates any.
    mutating func reserve() { sums.reserveCapacity(Self.most) }

    /// Adds a step.
    mutating func append(_ loss: Double) {
        if sums.count == Self.most, steps == width * Self.most {
            for index in 0..<Self.most / 2 { sums[index] = sums[2 * index] + sums[2 * index + 1] }
            sums.removeLast(Self.most / 2)
            width *= 2
        }
        if steps.isMultiple(of: width) { sums.append(loss) } else { sums[sums.count - 1] += loss }
        steps += 1
    }

    /// The means, each with the last of its steps.
    package var points: [(step: Int, loss: Double)] {
        sums.enumerated().map { index, sum in
            let end = min((index + 1) * width, steps)
            return (end, sum / Double(end - index * width))
        }
    }
}

/// How far a run has got. With the parameters and moments of a checkpoint, a run goes on from it to the same bits:
/// order and dropout depend on the seed and the step alone.
package struct TrainingState: Sendable, Equatable {
    /// Steps so far.
    package var step = 0
    /// The best metric so far, and the step after which it was measured.
    package var best: (metric: Double, step: Int)?
    /// Evaluations since the best one.
    package var evaluationsSinceBest = 0
    /// The sum of the losses of the steps since the last entry of the log, and their number.
    package var unlogged: (loss: Double, steps: Int) = (0, 0)
    /// The loss of each step so far.
    package var curve = LossCurve()
    /// The log.
    package var log: [LogEntry] = []

    /// The beginning of a run.
    package init() {}

    /// Whether all values are equal.
    package static func == (a: TrainingState, b: TrainingState) -> Bool {
        a.step == b.step && a.best?.metric == b.best?.metric && a.best?.step == b.best?.step
            && a.evaluationsSinceBest == b.evaluationsSinceBest && a.unlogged == b.unlogged && a.curve == b.curve
            && a.log == b.log
    }
}

/// What a step has done.
package struct StepReport: Sendable {
    /// The steps so far.
    package let step: Int
    /// All steps of the run.
    package let totalSteps: Int
    /// The epochs so far.
    package let epoch: Double
    /// The mean loss of the step's examples.
    package let loss: Double
    /// The learning rate of the step.
    package let learningRate: Double
    /// The norm of the gradients before clipping.
    package let gradientNorm: Double
    /// The sequences of the step's examples.
    package let sequences: Int
}

/// What follows a run's steps: files, a terminal, or a test.
package protocol TrainingObserver: AnyObject {
    /// Whether the run should save and end.
    var isInterrupted: Bool { get }
    /// A step is done.
    func completed(_ step: StepReport)
    /// There is an entry in the log.
    func logged(_ entry: LogEntry)
    /// An evaluation is under way: so many of all examples are done.
    func evaluating(_ done: Int, of total: Int)
    /// The model was measured.
    func evaluated(_ evaluation: Evaluation, isBest: Bool)
    /// Writes a checkpoint.
    func save(_ state: TrainingState) throws
}
