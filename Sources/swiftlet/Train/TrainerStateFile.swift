import Foundation
import JSON
import Training

/// `trainer_state.json` as transformers' `TrainerState` writes and reads it.
enum TrainerStateFile {
    static let name = "trainer_state.json"

    /// What the file says of a run beside its state.
    struct Run {
        var totalSteps: Int
        var settings: TrainingSettings
        /// The folder of the best checkpoint.
        var bestCheckpoint: String?
    }

    /// The file.
    ///
    /// - Parameter stepsPerEpoch: of the run.
    static func bytes(_ state: TrainingState, _ run: Run, stepsPerEpoch: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writeBest(state, run, &writer)
            writer.key("epoch")
            writer.number(Double(state.step) / Double(stepsPerEpoch))
            integer("eval_steps", steps(of: run.settings.evaluation), &writer)
            integer("global_step", state.step, &writer)
            for name in ["is_hyper_param_search", "is_local_process_zero", "is_world_process_zero"] {
                writer.key(name)
                writer.boolean(name != "is_hyper_param_search")
            }
            writer.key("log_history")
            writer.array(state.log) { writer, entry in write(entry, &writer) }
            integer("logging_steps", run.settings.loggingSteps, &writer)
            integer("max_steps", run.totalSteps, &writer)
            integer("num_input_tokens_seen", 0, &writer)
            let epochs = (run.totalSteps + stepsPerEpoch - 1) / stepsPerEpoch
            integer("num_train_epochs", run.settings.maxSteps == nil ? run.settings.epochs : epochs, &writer)
            integer("save_steps", steps(of: run.settings.saving), &writer)
            writer.key("stateful_callbacks")
            writer.object { _ in }
            writer.key("total_flos")
            writer.number(0.0)
            integer("train_batch_size", run.settings.batchSize, &writer)
            for name in ["trial_name", "trial_params"] {
                writer.key(name)
                writer.null()
            }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private static func steps(of interval: Interval) -> Int {
        if case .steps(let steps) = interval { steps } else { 500 }
    }

    private static func integer(_ key: String, _ value: Int, _ writer: inout JSONWriter) {
        writer.key(key)
        writer.integer(value)
    }

    private static func writeBest(_ state: TrainingState, _ run: Run, _ writer: inout JSONWriter) {
        writer.key("best_global_step")
        if let best = state.best { writer.integer(best.step) } else { writer.null() }
        writer.key("best_metric")
        if let best = state.best { writer.number(best.metric) } else { writer.null() }
        writer.key("best_model_checkpoint")
        if let path = run.bestCheckpoint { writer.string(path) } else { writer.null() }
    }

    private static func write(_ entry: LogEntry, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("epoch")
            writer.number(entry.epoch)
            for (key, value) in entry.values.sorted(by: { $0.key < $1.key }) {
                writer.key(key)
                // JSON has no other numbers.
                if value.isFinite { writer.number(value) } else { writer.null() }
            }
            writer.key("step")
            writer.integer(entry.step)
        }
    }

    /// Reads the state of a checkpoint; nil for a file that is none.
    static func state(_ bytes: [UInt8]) -> TrainingState? {
        guard case .object(let file)? = try? JSONParser.parse(bytes), let step = file["global_step"]?.integer,
            case .array(let log)? = file["log_history"]
        else { return nil }
        var state = TrainingState()
        state.step = step
        if let best = file["best_global_step"]?.integer, let metric = file["best_metric"]?.double {
            state.best = (metric, best)
        }
        for case .object(let entry) in log {
            var values: [String: Double] = [:]
            for member in entry.members where member.key != "epoch" && member.key != "step" {
                values[member.key] = member.value.double
            }
            guard let step = entry["step"]?.integer, let epoch = entry["epoch"]?.double else { return nil }
            state.log.append(LogEntry(step: step, epoch: epoch, values: values))
        }
        return state
    }
}

/// What a checkpoint holds beside transformers' files, so that a run goes on from it to the same bits: the settings
/// that must be the same, and the rest of the state.
struct ResumeNote {
    static let name = "swiftlet_train.json"

    /// The settings, by the names that messages give them.
    var settings: [(name: String, value: String)]
    var evaluationsSinceBest = 0
    var unlogged: (loss: Double, steps: Int) = (0, 0)
    var curve = LossCurve()

    /// The note of a state.
    func of(_ state: TrainingState) -> ResumeNote {
        var note = self
        (note.evaluationsSinceBest, note.unlogged, note.curve) = (
            state.evaluationsSinceBest, state.unlogged, state.curve
        )
        return note
    }

    /// Gives a state what its own file does not hold.
    func complete(_ state: inout TrainingState) {
        (state.evaluationsSinceBest, state.unlogged, state.curve) = (evaluationsSinceBest, unlogged, curve)
    }

    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("settings")
            writer.object { writer in
                for (name, value) in settings {
                    writer.key(name)
                    writer.string(value)
                }
            }
            writer.key("evaluations_since_best")
            writer.integer(evaluationsSinceBest)
            writer.key("unlogged_loss")
            writer.number(unlogged.loss)
            writer.key("unlogged_steps")
            writer.integer(unlogged.steps)
            writer.key("curve_width")
            writer.integer(curve.width)
            writer.key("curve_steps")
            writer.integer(curve.steps)
            writer.key("curve_sums")
            writer.array(curve.sums) { $0.number($1) }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    init(settings: [(name: String, value: String)]) { self.settings = settings }

    /// Reads a note; nil for a file that is none.
    init?(_ bytes: [UInt8]) {
        guard case .object(let file)? = try? JSONParser.parse(bytes), case .object(let settings)? = file["settings"],
            let evaluations = file["evaluations_since_best"]?.integer, let loss = file["unlogged_loss"]?.double,
            let steps = file["unlogged_steps"]?.integer, let width = file["curve_width"]?.integer,
            let curveSteps = file["curve_steps"]?.integer, case .array(let sums)? = file["curve_sums"],
            let curve = LossCurve(width: width, steps: curveSteps, sums: sums.compactMap(\.double))
        else { return nil }
        self.settings = settings.members.compactMap { member in
            if case .string(let value) = member.value { (member.key, value) } else { nil }
        }
        evaluationsSinceBest = evaluations
        unlogged = (loss, steps)
        self.curve = curve
    }
}
