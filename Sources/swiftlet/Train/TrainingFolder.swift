import Checkpoint
import Encoder
import Foundation
import JSON
import ModelFiles
import Training

/// The folder that a run writes: its checkpoints while it runs, and in the end the trained model.
///
/// A checkpoint is written under another name beside its place, and renamed when all of it is on the disk. So a run
/// that is killed, or a disk that is full, leaves those before as they are.
struct TrainingFolder {
    /// The moments of AdamW.
    private static let optimizerName = "optimizer.safetensors"
    private static let prefix = "checkpoint-"

    let path: String
    /// Nil on a file system without locks.
    private let owned: OwnedFolder?

    /// Makes the folder, or takes one that is there.
    ///
    /// - Parameters:
    ///   - isResumed: whether a run goes on in it.
    ///   - replaces: whether something that is there may be removed.
    /// - Throws: `usage`, or `writeFailed`.
    init(path: String, isResumed: Bool, replaces: Bool) throws(CommandError) {
        let manager = FileManager.default
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        let contents = try? manager.contentsOfDirectory(atPath: self.path)
        let isThere = manager.fileExists(atPath: self.path) && contents?.isEmpty != true
        guard isThere || !isResumed else {
            throw .usage("\(path) has no checkpoint to go on from; --force begins anew")
        }
        guard !isThere || isResumed || replaces else {
            throw .usage("\(path) is there already; --resume goes on with it, --force replaces it")
        }
        do {
            if isThere, !isResumed {
                let kind = try manager.attributesOfItem(atPath: self.path)[.type] as? FileAttributeType
                // Another run may be writing a folder.
                let old = OwnedFolder(self.path)
                guard old != nil || kind != .typeDirectory else {
                    throw CommandError.writeFailed(reason: "\(path): another process is writing it")
                }
                try manager.removeItem(atPath: self.path)
                withExtendedLifetime(old) {}
            }
            try manager.createDirectory(atPath: self.path, withIntermediateDirectories: true)
        } catch let error as CommandError {
            throw error
        } catch {
            throw .writeFailed(reason: "\(path): \(SystemError.text(error))")
        }
        owned = OwnedFolder(self.path)
        for name in (try? manager.contentsOfDirectory(atPath: self.path)) ?? []
        where name.begins(with: ".\(Self.prefix)") {
            try? manager.removeItem(atPath: "\(self.path)/\(name)")
        }
    }

    /// The steps after which there are checkpoints, ascending.
    var checkpoints: [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.compactMap { $0.rest(after: Self.prefix).flatMap { Int($0) } }.sorted()
    }

    /// The folder of the checkpoint after so many steps.
    func checkpoint(_ step: Int) -> String { "\(path)/\(Self.prefix)\(step)" }

    /// The files of a model with their contents, beside the weights.
    struct ModelDescription: Sendable {
        let source: TrainableCheckpoint
        let task: TrainingTask
        /// In id order; empty for a head without labels.
        let labels: [String]
        /// Nil for a head that has none.
        let problemType: SequenceClassifier.ProblemType?
        /// The tokenizer's files, and those of sentence-transformers, by their paths in the folder.
        let files: [(name: String, bytes: [UInt8])]
    }

    /// Writes a checkpoint, and removes the oldest ones above the limit, but not the best one.
    ///
    /// - Throws: what is wrong with a file.
    func save(
        _ model: TrainableModel,
        _ description: ModelDescription,
        _ state: TrainingState,
        stateFile: [UInt8],
        note: ResumeNote,
        limit: Int
    ) throws {
        let manager = FileManager.default
        let unfinished = "\(path)/.\(Self.prefix)\(state.step)"
        do {
            try? manager.removeItem(atPath: unfinished)
            try manager.createDirectory(atPath: unfinished, withIntermediateDirectories: false)
            try writeModel(model, description, in: unfinished)
            try Self.write(Self.moments(model), as: Self.optimizerName, in: unfinished)
            try Self.write(note.bytes, as: ResumeNote.name, in: unfinished)
            try Self.write(stateFile, as: TrainerStateFile.name, in: unfinished)
            try? manager.removeItem(atPath: checkpoint(state.step))
            try manager.moveItem(atPath: unfinished, toPath: checkpoint(state.step))
        } catch {
            try? manager.removeItem(atPath: unfinished)
            if error is CommandError || error is ModelError { throw error }
            throw CommandError.writeFailed(reason: "\(unfinished): \(SystemError.text(error))")
        }
        let old = checkpoints.filter { $0 != state.best?.step && $0 != state.step }
        let kept = limit - (state.best.map { $0.step != state.step && checkpoints.contains($0.step) } ?? false ? 2 : 1)
        for step in old.dropLast(max(0, kept)) { try? manager.removeItem(atPath: checkpoint(step)) }
    }

    private func writeModel(_ model: TrainableModel, _ description: ModelDescription, in directory: String) throws {
        for (name, bytes) in description.files {
            let parent = URL(fileURLWithPath: "\(directory)/\(name)").deletingLastPathComponent()
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
            try Self.write(bytes, as: name, in: directory)
        }
        let tensors = try Self.tensors(model, description.source)
        try Self.write(tensors, as: ModelFile.safetensors.name, in: directory)
        try writeConfiguration(description, temperature: nil, in: directory)
    }

    private func writeConfiguration(
        _ description: ModelDescription,
        temperature: Double?,
        in directory: String
    ) throws(CommandError) {
        let configuration = description.source.configurationFile(
            labels: description.labels,
            problemType: description.problemType,
            temperature: temperature
        )
        try Self.write(configuration, as: ModelFile.configuration.name, in: directory)
    }

    private static func tensors(
        _ model: TrainableModel,
        _ source: TrainableCheckpoint
    ) throws(ModelError) -> [OutgoingTensor] {
        let own = model.parameters.flatMap { parameter in
            source.outgoingNames(parameter.name).map { name in
                OutgoingTensor(name: name, shape: parameter.shape) { model.values(parameter) }
            }
        }
        return try own + source.otherTensors(beside: Set(model.parameters.map(\.name)))
    }

    private static func moments(_ model: TrainableModel) -> [OutgoingTensor] {
        model.parameters.filter(\.isTrained).flatMap { parameter in
            momentNames(parameter).enumerated().map { index, name in
                OutgoingTensor(name: name, shape: parameter.shape) { model.moment(index, parameter) }
            }
        }
    }

    /// The names of a parameter's moments, which begin as torch's.
    private static func momentNames(_ parameter: Parameter) -> [String] {
        ["exp_avg", "exp_avg_sq"].map { "\($0).\(parameter.name)" }
    }

    /// Reads the state of the last checkpoint.
    ///
    /// - Throws: `usage` where there is none, `unusableModel` where a file is not as it was written.
    func lastState() throws(CommandError) -> (directory: String, state: TrainingState, note: ResumeNote) {
        guard let last = checkpoints.last else {
            throw .usage("\(path) has no checkpoint to go on from; --force begins anew")
        }
        let directory = checkpoint(last)
        let contents = { (name: String) in
            FileManager.default.contents(atPath: "\(directory)/\(name)").map { [UInt8]($0) } ?? []
        }
        guard var state = TrainerStateFile.state(contents(TrainerStateFile.name)) else {
            throw .unusableModel("\(directory)/\(TrainerStateFile.name) is not there or not as it was written")
        }
        guard let note = ResumeNote(contents(ResumeNote.name)) else {
            throw .unusableModel("\(directory)/\(ResumeNote.name) is not there or not as it was written")
        }
        note.complete(&state)
        return (directory, state, note)
    }

    /// Reads the moments of a checkpoint.
    ///
    /// - Throws: what is wrong with the file.
    func readMoments(of directory: String, into model: TrainableModel) throws(ModelError) {
        let file = try Checkpoint(file: "\(directory)/\(Self.optimizerName)")
        for parameter in model.parameters where parameter.isTrained {
            for (index, name) in Self.momentNames(parameter).enumerated() {
                try model.writeMoment(index, parameter) { values throws(ModelError) in
                    try file.read(name, shape: parameter.shape, into: &values)
                }
            }
        }
        model.restoreUse()
    }

    /// Writes the trained model: that of the best checkpoint, or the model as it is.
    ///
    /// - Parameters:
    ///   - temperature: the temperature for calibrated scores; nil for none.
    ///   - texts: the files for people.
    /// - Throws: `writeFailed`.
    func finish(
        _ model: TrainableModel,
        _ description: ModelDescription,
        best: Int?,
        temperature: Double?,
        stateFile: [UInt8],
        texts: [(name: String, text: String)]
    ) throws {
        let manager = FileManager.default
        let unfinished = "\(path)/.\(Self.prefix)final"
        try? manager.removeItem(atPath: unfinished)
        if let best, manager.fileExists(atPath: checkpoint(best)) {
            try manager.copyItem(atPath: checkpoint(best), toPath: unfinished)
            for name in [Self.optimizerName, ResumeNote.name] {
                try manager.removeItem(atPath: "\(unfinished)/\(name)")
            }
        } else {
            try manager.createDirectory(atPath: unfinished, withIntermediateDirectories: false)
            try writeModel(model, description, in: unfinished)
        }
        try writeConfiguration(description, temperature: temperature, in: unfinished)
        try Self.write(stateFile, as: TrainerStateFile.name, in: unfinished)
        for (name, text) in texts { try Self.write(Array(text.utf8), as: name, in: unfinished) }
        // The configuration comes last: without it, the folder is no model.
        let names = try manager.subpathsOfDirectory(atPath: unfinished).filter { $0 != ModelFile.configuration.name }
        for name in names.sorted() + [ModelFile.configuration.name] {
            if try manager.attributesOfItem(atPath: "\(unfinished)/\(name)")[.type] as? FileAttributeType
                == .typeDirectory
            {
                try manager.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
                continue
            }
            let file = try OutputFile(path: "\(unfinished)/\(name)")
            try file.synchronize()
            try file.rename(to: "\(path)/\(name)")
        }
        try manager.removeItem(atPath: unfinished)
    }

    private static func write(_ bytes: [UInt8], as name: String, in directory: String) throws(CommandError) {
        let file = try OutputFile(path: "\(directory)/\(name)")
        // The best checkpoint has a file of this name too.
        try file.truncate(to: 0)
        try file.write(bytes)
        try file.synchronize()
    }

    private static func write(_ tensors: [OutgoingTensor], as name: String, in directory: String) throws {
        let file = try OutputFile(path: "\(directory)/\(name)")
        try SafetensorsWriter.write(tensors) { try file.write($0) }
        try file.synchronize()
    }
}
