import Foundation
import Training

/// Joins a run with its folder, the terminal and the signals.
final class TrainingSession: TrainingObserver {
    private let model: TrainableModel
    private let folder: TrainingFolder
    private let description: TrainingFolder.ModelDescription
    private let note: ResumeNote
    private let file: (TrainingState) -> [UInt8]
    private let limit: Int
    private let firstStep: Int
    private var events: EventFile?
    private var hasEvents = true
    private let interruption = InterruptionNotice()
    private var progress: TrainingProgress
    /// The best evaluation of all; nil if an earlier process made it.
    private(set) var best: Evaluation?

    /// - Parameters:
    ///   - file: makes a state's trainer_state.json.
    ///   - limit: the number of checkpoints to keep.
    init(
        _ model: TrainableModel,
        _ folder: TrainingFolder,
        _ description: TrainingFolder.ModelDescription,
        note: ResumeNote,
        firstStep: Int,
        limit: Int,
        file: @escaping (TrainingState) -> [UInt8]
    ) {
        self.model = model
        self.folder = folder
        self.description = description
        self.note = note
        self.limit = limit
        self.file = file
        self.firstStep = firstStep
        progress = TrainingProgress(firstStep: firstStep)
    }

    /// The status to end with where a signal has come.
    var interruptionStatus: ExitStatus? { interruption.status }

    var isInterrupted: Bool { interruption.status != nil }

    func completed(_ step: StepReport) { progress.completed(step) }

    func logged(_ entry: LogEntry) {
        let values = entry.values.sorted { $0.key < $1.key }.map { "\($0.key) \(Decimals.significant($0.value))" }
        let place = "step \(entry.step)  epoch \(Decimals.fixed(entry.epoch, digits: 2))  "
        progress.note(place + values.joined(separator: "  "))
        writeEvent(entry)
    }

    /// A run goes on without its events where they cannot be written.
    private func writeEvent(_ entry: LogEntry) {
        guard hasEvents else { return }
        do throws(CommandError) {
            if events == nil { events = try EventFile(in: "\(folder.path)/\(EventFile.folder)", step: firstStep + 1) }
            try events?.append(entry)
        } catch {
            hasEvents = false
            progress.note("warning: no more events for TensorBoard: \(error)")
        }
    }

    func evaluating(_ done: Int, of total: Int) { progress.evaluating(done, of: total) }

    func evaluated(_ evaluation: Evaluation, isBest: Bool) {
        if isBest { best = evaluation }
    }

    func save(_ state: TrainingState) throws {
        let note = note.of(state)
        let clock = ContinuousClock()
        let duration = try clock.measure {
            try folder.save(model, description, state, stateFile: file(state), note: note, limit: limit)
        }
        progress.pause(duration)
    }

    func finish() { progress.finish() }
}
