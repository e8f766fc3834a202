import Training

/// Reports on standard error how far training has got: one line with a bar that is overwritten in a terminal, else a
/// line from time to time.
struct TrainingProgress {
    /// How much of the smoothed loss stays at each step, as in many training tools.
    private static let smoothing = 0.98
    private static let barWidth = 20

    private let isTerminal: Bool
    private let write: (String) -> Void
    private var started: ContinuousClock.Instant
    private var nextReport: ContinuousClock.Instant
    private var firstStep: Int
    private var sequences = 0
    private var smoothed = (sum: 0.0, weight: 0.0)
    private var hasLine = false

    init(
        firstStep: Int,
        isTerminal: Bool = StandardError.isTerminal,
        now: ContinuousClock.Instant = .now,
        write: @escaping (String) -> Void = StandardError.write
    ) {
        self.firstStep = firstStep
        self.isTerminal = isTerminal
        self.write = write
        started = now
        nextReport = now + (isTerminal ? ProgressReporter.terminalInterval : ProgressReporter.logInterval)
    }

    /// The loss of the last steps, each of which counts a little less than the one after it.
    var smoothedLoss: Double { smoothed.weight > 0 ? smoothed.sum / smoothed.weight : 0 }

    mutating func completed(_ step: StepReport, now: ContinuousClock.Instant = .now) {
        smoothed.sum = Self.smoothing * smoothed.sum + (1 - Self.smoothing) * step.loss
        smoothed.weight = Self.smoothing * smoothed.weight + (1 - Self.smoothing)
        sequences += step.sequences
        guard now >= nextReport || step.step == step.totalSteps else { return }
        nextReport = now + (isTerminal ? ProgressReporter.terminalInterval : ProgressReporter.logInterval)
        show(line(step, now))
    }

    private func line(_ step: StepReport, _ now: ContinuousClock.Instant) -> String {
        let seconds = started.duration(to: now) / .seconds(1)
        let rate = seconds > 0 ? Double(sequences) / seconds : 0
        let left = seconds * Double(step.totalSteps - step.step) / Double(max(1, step.step - firstStep))
        let done = Double(step.step) / Double(max(1, step.totalSteps))
        let facts = [
            "epoch \(Decimals.fixed(step.epoch, digits: 2))", "loss \(Decimals.significant(smoothedLoss))",
            "lr \(Decimals.significant(step.learningRate))", "grad_norm \(Decimals.significant(step.gradientNorm))",
            "\(Decimals.fixed(rate, digits: rate < 10 ? 1 : 0)) sentences/s", "\(ProgressReporter.clock(left)) left",
        ]
        var line = "step \(step.step)/\(step.totalSteps)  " + facts.joined(separator: "  ")
        if isTerminal {
            let bar = Columns.bar(Float(done), width: Self.barWidth)
            line = bar + String(repeating: "░", count: max(0, Self.barWidth - bar.count)) + " " + line
        }
        return line
    }

    /// Shows how many examples of an evaluation are done, in a terminal only.
    mutating func evaluating(_ done: Int, of total: Int, now: ContinuousClock.Instant = .now) {
        guard isTerminal, now >= nextReport else { return }
        nextReport = now + ProgressReporter.terminalInterval
        show("evaluating \(done)/\(total)")
    }

    private mutating func show(_ line: String) {
        // \u{1B}[K clears the rest of a longer line before.
        write(isTerminal ? "\r\(line)\u{1B}[K" : "\(line)\n")
        hasLine = isTerminal
    }

    /// Writes a line that stays.
    mutating func note(_ line: String) {
        write(hasLine ? "\r\(line)\u{1B}[K\n" : "\(line)\n")
        hasLine = false
    }

    /// Ends the line that is overwritten.
    mutating func finish() {
        if hasLine { write("\n") }
        hasLine = false
    }

    /// Leaves the time of saving and measuring out of the rate.
    mutating func pause(_ duration: Duration) { started += duration }
}
