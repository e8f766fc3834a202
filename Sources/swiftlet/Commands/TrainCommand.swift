import ArgumentParser
import Encoder
import Foundation
import Host
import Inference
import JSON
import LinearAlgebra
import ModelFiles
import Tokenization
import Training

/// `swiftlet train`: trains a model's weights on the user's texts.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fine-tune a model on your own data: all of its weights, or a part.",
        discussion: """
            Trains as transformers' Trainer does, on the CPU: AdamW, warm-up, dropout, gradient clipping. The output \
            folder is a checkpoint of transformers' class for the task, such as AutoModelForSequenceClassification: \
            that class, serve and the command of the task load it. The products are OpenBLAS's, which must be installed.

            EXAMPLES
              swiftlet train --task text-classification --data reviews.csv --text-column review \\
                --label-column stars --output stars-model
              swiftlet train --model google/mobilebert-uncased --data train.tsv --validation dev.tsv \\
                --text-column sentence --epochs 3 --batch-size 32 --warmup-steps 0.1 --output sentiment
              swiftlet train --data train.tsv --text-column sentence --output sentiment --resume
              swiftlet train --task token-classification --data train.conll --validation dev.conll --output names
              swiftlet train --task question-answering --data train-v1.1.json --output answers

            SENTENCE EMBEDDINGS
              With --task sentence-similarity, the data are pairs of texts that belong together (columns anchor and \
            positive; negative, where there is one) or pairs with scores (columns sentence1, sentence2 and score). A \
            positive is to be nearer to its anchor than all other texts of the batch. Of two pairs with scores, the \
            texts of the one with the higher score are to be nearer. The output is a folder of sentence-transformers.

              swiftlet train --task sentence-similarity --data pairs.jsonl --batch-size 32 --output retriever
              swiftlet train --task sentence-similarity --data train.csv --validation dev.csv --output similarity

            DATA
              text-classification    .csv, .tsv or .jsonl with a text (and a second one of a pair) and a label. With \
            --problem-type multi_label_classification there are any number, separated by commas; with regression, a \
            number.
              token-classification   .jsonl with words and labels, {"tokens": ["Ada", "sang"], "ner_tags": ["B-PER", \
            "O"]}; else columns as in CoNLL's files: a word first and its label last, an empty line between sentences.
              question-answering     SQuAD's .json, version 1.1 or 2; or .jsonl with context, question and answers.
              masked-language-model  a text on each line, or a column of a table.
              multiple-choice        .jsonl, {"prompt": "…", "choices": ["…", "…"], "label": 0}, or the keys of SWAG \
            and RACE.

            DURING A RUN
              Checkpoints stand in the output folder as checkpoint-N, with trainer_state.json as the Trainer writes \
            it. Ctrl-C saves one and ends; --resume goes on from the last one, to the same bits as without the \
            interruption. The model in the output folder is the best one by --metric-for-best-model. A classifier of \
            texts gets the temperature of its held-out texts, for calibrated scores (classify --calibrated).
            """
    )

    @OptionGroup var modelName: ModelNameOptions

    @OptionGroup(title: "Data") var input: TaskDataOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Folder to write the model to.", valueName: "dir"))
    var output: String

    @Flag(help: "Replace what is at --output.")
    var force = false

    @Flag(help: "Go on from the last checkpoint in --output, with the same data and options.")
    var resume = false

    @Option(
        help: ArgumentHelp("Most tokens of a text; longer texts are cut. Written into the folder.", valueName: "tokens")
    )
    var maxLength: Int?

    @OptionGroup(title: "Training options") var options: TrainingOptions

    @Option(help: "Form of the report: auto is text in a terminal and json elsewhere.")
    var format = OutputFormat.auto

    func validate() throws {
        if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be at least 1, not \(maxLength)") }
        if resume, force { throw ValidationError("--resume and --force exclude each other") }
        let isOfPairs = input.task == .sentenceSimilarity
        if isOfPairs, options.train == .head || options.train == .last(0) {
            throw ValidationError("--train head: sentence embeddings have no weights above the layers; try last:1")
        }
        if isOfPairs, options.batchSize < 2 {
            throw ValidationError("--batch-size must be at least 2: a pair is compared with the others of its batch")
        }
    }

    func run() async throws {
        let data = try input.read(input.data, known: nil)
        let measured = try input.validation.map { try input.read($0, known: data.labels) }
        let settings = try options.settings(try input.loss(of: data, measuring: measured ?? data))
        // The base model is found before anything is written.
        let base = resume ? nil : try await modelName.directory()
        let folder = try TrainingFolder(path: output, isResumed: resume, replaces: force)
        let checkpoint = try resume ? folder.lastState() : nil
        let source = try ModelOptions.check(checkpoint?.directory ?? base ?? "")
        do {
            let setup = try TrainingSetup(
                folder: source,
                input: input,
                settings: settings,
                data: data,
                validation: measured,
                maxLength: maxLength,
                part: options.train
            )
            try run(setup, folder, checkpoint, base: base)
        } catch let error as BackendError {
            throw CommandError.noEngine("\(error)")
        } catch let error as ModelError {
            throw CommandError.unusableModel("\(error)")
        }
    }

    private func run(
        _ setup: TrainingSetup,
        _ folder: TrainingFolder,
        _ checkpoint: (directory: String, state: TrainingState, note: ResumeNote)?,
        base: String?
    ) throws {
        let note = ResumeNote(settings: setup.fingerprint(base: base, saved: checkpoint?.note.settings))
        try checkpoint.map { try setup.check($0.note.settings, against: note.settings) }
        try setup.load(isResumed: checkpoint != nil)
        if let checkpoint { try folder.readMoments(of: checkpoint.directory, into: setup.model) }
        var run = TrainingRun(
            setup.model,
            training: setup.training,
            validation: setup.validation,
            settings: setup.settings,
            from: checkpoint?.state ?? TrainingState()
        )
        let (settings, totalSteps) = (setup.settings, run.totalSteps)
        let stepsPerEpoch = settings.stepsPerEpoch(examples: setup.training.examples.count)
        let file = { (state: TrainingState) in
            let best = state.best.map { folder.checkpoint($0.step) }
            let facts = TrainerStateFile.Run(totalSteps: totalSteps, settings: settings, bestCheckpoint: best)
            return TrainerStateFile.bytes(state, facts, stepsPerEpoch: stepsPerEpoch)
        }
        let session = TrainingSession(
            setup.model,
            folder,
            setup.description,
            note: note,
            firstStep: run.state.step,
            limit: options.saveTotalLimit,
            file: file
        )
        let end = try run.run(session)
        session.finish()
        try stop(end, run, folder, session)
        let evaluation = try session.best ?? measureBest(run, setup, folder, session)
        let report = TrainingReport(
            output: output,
            task: input.task,
            labels: setup.description.labels,
            settings: settings,
            state: run.state,
            totalSteps: totalSteps,
            end: end,
            texts: (setup.training.examples.count, setup.validation?.examples.count ?? 0),
            evaluation: evaluation,
            calibration: setup.validation.flatMap { set in
                evaluation.flatMap { Calibration($0, of: set, settings.loss.kind) }
            }
        )
        try finish(report, setup, folder, note, stateFile: file(run.state))
    }

    /// Writes the model and what people read about it.
    private func finish(
        _ report: TrainingReport,
        _ setup: TrainingSetup,
        _ folder: TrainingFolder,
        _ note: ResumeNote,
        stateFile: [UInt8]
    ) throws {
        let name = note.settings.first { $0.name == TrainingSetup.modelKey }?.value ?? ""
        let (data, validation) = (input.data, input.validation)
        let card = report.card(baseModel: name, data: fileName(data), validation: fileName(validation ?? data))
        let page = TrainingPage(
            title: "\(name), fine-tuned: \(input.task.rawValue)",
            report: report,
            validation: setup.validation,
            shown: setup.shown,
            settings: [("--data", data), ("--validation", validation ?? "held out: \(input.heldOut)")]
                + setup.table(baseModel: name)
        )
        try folder.finish(
            setup.model,
            setup.description,
            best: report.state.best.map(\.step),
            temperature: report.calibration?.temperature.value,
            stateFile: stateFile,
            texts: [("README.md", card), (TrainingPage.name, page.html)]
        )
        try write(report)
    }

    /// Measures the best checkpoint again, where an earlier process has measured it and only its metrics are known.
    private func measureBest(
        _ run: TrainingRun,
        _ setup: TrainingSetup,
        _ folder: TrainingFolder,
        _ session: TrainingSession
    ) throws -> Evaluation? {
        guard let best = run.state.best, let validation = setup.validation else { return nil }
        let directory = folder.checkpoint(best.step)
        guard FileManager.default.fileExists(atPath: directory) else { return nil }
        try setup.model.load(TrainableCheckpoint(directory: directory, head: input.task.head), seed: nil)
        return run.measure(validation, session)
    }

    /// Ends the command where a run has not come to its end.
    private func stop(
        _ end: TrainingRun.End,
        _ run: TrainingRun,
        _ folder: TrainingFolder,
        _ session: TrainingSession
    ) throws {
        switch end {
        case .completed, .stoppedEarly: return
        case .interrupted:
            StandardError.write("saved \(folder.checkpoint(run.state.step)); --resume goes on from it\n")
            ProcessEnd.now(session.interruptionStatus ?? .interrupted)
        case .diverged(let step):
            let last = folder.checkpoints.last.map { "; \(folder.checkpoint($0)) is kept" } ?? ""
            throw CommandError.diverged(
                "step \(step): loss or gradients are not finite numbers any more; "
                    + "try a smaller --learning-rate or more --warmup-steps\(last)"
            )
        }
    }

    private func fileName(_ path: String) -> String { "`\(URL(fileURLWithPath: path).lastPathComponent)`" }

    private func write(_ report: TrainingReport) throws {
        guard format.resolved == .json else {
            return try StandardOutput.write(Array((report.lines.joined(separator: "\n") + "\n").utf8))
        }
        var writer = JSONWriter()
        report.write(to: &writer)
        try StandardOutput.write(writer.bytes + [UInt8(ascii: "\n")])
    }
}
