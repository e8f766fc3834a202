import Encoder
import Host
import JSON
import Training

/// The result of a run.
struct TrainingReport {
    var output: String
    var task: TrainingTask
    var labels: [String]
    var settings: TrainingSettings
    var state: TrainingState
    var totalSteps: Int
    var end: TrainingRun.End
    var texts: (training: Int, validation: Int)
    /// The measurement of the model that was written; nil if this process has not made it.
    var evaluation: Evaluation?
    /// How far the model's scores agree with how often they are right; nil where it was not measured, or where the task
    /// has no scores of labels.
    var calibration: Calibration?

    private var loss: Double? { state.log.last { $0.values["loss"] != nil }?.values["loss"] }

    /// The metrics of the model that was written: the best one, which an earlier process may have measured.
    var metrics: [(name: String, value: Double)] {
        guard let best = state.best else { return [] }
        let values = state.log.last { $0.step == best.step && $0.values["eval_loss"] != nil }?.values ?? [:]
        return Metric.allCases.compactMap { metric in values["eval_\(metric.rawValue)"].map { (metric.rawValue, $0) } }
    }

    /// How the run has ended.
    var ending: String {
        switch end {
        case .completed: "completed"
        case .stoppedEarly:
            "stopped early: no better \(settings.bestMetric.rawValue) in \(settings.patience ?? 0) evaluations"
        case .interrupted: "interrupted"
        case .diverged(let step): "diverged at step \(step)"
        }
    }

    /// For people.
    var lines: [String] {
        var rows = [
            [task.unit, "\(texts.training) to learn from, \(texts.validation) held out"],
            ["steps", "\(state.step) of \(totalSteps), \(ending)"],
        ]
        if let loss { rows.append(["training loss", Decimals.significant(loss)]) }
        if let best = state.best { rows.append(["best", "after step \(best.step)"]) }
        rows += metrics.map { ["held-out \($0.name)", Decimals.fixed($0.value, digits: 4)] }
        if let calibration { rows += calibration.rows }
        var lines = Columns.aligned(rows)
        if let confusion = evaluation?.confusion {
            lines += ["", "Held-out texts of each label (rows) by the label they were given (columns):"]
            lines += confusion.lines(labels: labels)
        }
        if let calibration { lines += ["", Calibration.heading] + calibration.lines }
        return lines + ["", "\(output) is ready: swiftlet serve --model \(output)"]
    }

    /// Writes the report as one JSON object, for programs.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("output")
            writer.string(output)
            writer.key("task")
            writer.string(task.rawValue)
            if !labels.isEmpty {
                writer.key("labels")
                writer.array(labels) { $0.string($1) }
            }
            if let problemType = settings.loss.kind.problemType {
                writer.key("problem_type")
                writer.string(problemType.rawValue)
            }
            writer.key("training_texts")
            writer.integer(texts.training)
            writer.key("held_out_texts")
            writer.integer(texts.validation)
            writer.key("steps")
            writer.integer(state.step)
            writer.key("end")
            writer.string(ending)
            if let loss {
                writer.key("loss")
                writer.number(loss)
            }
            if let best = state.best {
                writer.key("best_step")
                writer.integer(best.step)
            }
            for (name, value) in metrics {
                writer.key("eval_\(name)")
                writer.number(value)
            }
            if let confusion = evaluation?.confusion {
                writer.key("confusion_matrix")
                writer.array(confusion.counts) { writer, row in writer.array(row) { $0.integer($1) } }
            }
            calibration?.write(to: &writer)
        }
    }

    /// The README.md of the folder: a model card of the Hub.
    func card(baseModel: String, data: String, validation: String) -> String {
        let measured =
            metrics.map { "- \($0.name): \(Decimals.fixed($0.value, digits: 4))" }
            + (calibration?.rows ?? []).map { "- \($0.joined(separator: ": "))" }
        let confusion = evaluation?.confusion.map { matrix in
            "\n```\n\(matrix.lines(labels: labels).joined(separator: "\n"))\n```\n"
        }
        let names = labels.map { "`\($0)`" }.joined(separator: ", ")
        let kind = settings.loss.kind.problemType.map { " (\($0.rawValue))" } ?? ""
        let labelLine = labels.isEmpty ? "" : "- Labels: \(names)\(kind).\n"
        let results =
            metrics.isEmpty
            ? "Not measured."
            : "On \(texts.validation) \(task.unit) of \(validation), which were not used for training:\n\n"
                + measured.joined(separator: "\n") + "\n" + (confusion ?? "")
        return """
            ---
            library_name: \(task.library)
            pipeline_tag: \(task.pipeline)
            ---
            # \(baseModel), fine-tuned

            All weights or a part of them were trained by `swiftlet train` \(SwiftletVersion.current), from \
            \(baseModel).

            \(labelLine)- Data: \(texts.training) \(task.unit) of \(data); this program does not know their source or \
            their owner.
            - Training: \(state.step) steps of \(settings.batchSize * settings.accumulation) \(task.unit) with AdamW, \
            learning rate \(Decimals.significant(settings.learningRate)) (\(settings.schedule.rawValue)), weight decay \
            \(Decimals.significant(settings.optimizer.weightDecay)), seed \(settings.seed).

            ## Measured

            \(results)
            ## Limits

            The model learnt only from those texts, and answers for any text, however different. Measure it on your \
            own texts before you rely on it.

            """
    }
}
