import ArgumentParser
import Encoder
import Foundation
import Inference
import JSON
import Training

extension ClassifierExport.Features: ExpressibleByArgument {}

/// `swiftlet fit`: fits a classifier to the user's texts, over a model's frozen features.
struct FitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract: "Fit a classifier or a regression to labelled texts, over a model's frozen features.",
        discussion: """
            The head is a multinomial logistic regression, the same as scikit-learn's LogisticRegression; the encoder \
            does not change. Some texts of each label are held out to measure accuracy. The head is fitted on the \
            rest, with the penalty that stratified cross-validation chooses. The output folder is a checkpoint of \
            transformers' class for sequence classification: serve, classify and AutoModelForSequenceClassification \
            load it.

            LABELS
              Each text has one label. With --problem-type multi_label_classification it has any number, separated by \
            commas, and each label has a logistic regression of its own. With --problem-type regression the label is a \
            number, and the head is a ridge regression (scikit-learn's Ridge with alpha = 1 / C).

            CALIBRATION
              The held-out texts also give a temperature, by which logits are divided so that a score says how often \
            it is right (Guo et al., 2017). It stands in config.json as calibration_temperature; classify \
            --calibrated, and "calibrated": true in a request, use it. The report has the expected calibration error \
            before and after, and the table that it is computed from.

            EXAMPLES
              swiftlet fit --data reviews.csv --text-column review --label-column stars --output stars-model
              swiftlet fit --model ./all-MiniLM-L6-v2 --data train.tsv --validation dev.tsv \\
                --text-column sentence --label-column label --output sentiment
              swiftlet fit --data topics.csv --problem-type multi_label_classification --label-column topics \\
                --output topics-model
              swiftlet fit --data rare.csv --class-weights balanced --output rare-model
              swiftlet serve --model sentiment

            FEATURES
              pooler  the output of the model's pooler; best for a model that was trained for a similar task
              cls     the last hidden state of the first token
              mean    the mean of the last hidden states of all tokens, like most sentence embeddings; stored in the \
            checkpoint as one more layer, which attends to all tokens alike. Not for MobileBERT.
            Without --features: pooler for a sequence classifier; else cls for MobileBERT and for models whose \
            pooling is cls; else mean.
            """
    )

    @OptionGroup var modelOptions: ModelOptions
    @OptionGroup var engineFlags: EngineFlags

    @Option(
        help: ArgumentHelp(
            "File of labelled texts: .csv or .tsv with a line of column names, or .jsonl.",
            valueName: "file"
        )
    )
    var data: String

    @Option(help: ArgumentHelp("Texts to measure on, of the same form. (default: a part of --data)", valueName: "file"))
    var validation: String?

    @OptionGroup var records: RecordOptions

    @Option(help: "Column of a table, or key of JSON objects, that holds the label.")
    var labelColumn = "label"

    @Option(
        help: """
            What labels are: single_label_classification, multi_label_classification or regression.
            """
    )
    var problemType = SequenceClassifier.ProblemType.singleLabel

    @Option(
        help: ArgumentHelp(
            """
            Weight of each label in the loss, in the labels' order (1,2.5); or balanced, by which all labels count \
            alike.
            """,
            valueName: "numbers"
        )
    )
    var classWeights: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Folder to write the model to.", valueName: "dir"))
    var output: String

    @Flag(help: "Replace what is at --output.")
    var force = false

    @Option(help: "The features that the head reads: pooler, cls or mean.")
    var features: ClassifierExport.Features?

    @Option(
        help: ArgumentHelp(
            "Fraction of the texts of each label to hold out without --validation.",
            valueName: "fraction"
        )
    )
    var heldOut = 0.2

    @Option(help: ArgumentHelp("Number of folds of the cross-validation.", valueName: "count"))
    var folds = 5

    @Option(
        name: .customLong("c"),
        help: ArgumentHelp(
            "scikit-learn's C: a smaller C gives smaller weights. (default: chosen by cross-validation)",
            valueName: "number"
        )
    )
    var inversePenalty: Double?

    @Option(
        help: ArgumentHelp(
            "Seed of the choice of held-out texts: the same seed holds out the same texts.",
            valueName: "number"
        )
    )
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp("Most tokens of a text; longer texts are cut. Written into the folder.", valueName: "tokens")
    )
    var maxLength: Int?

    @Option(help: "Form of the report: auto is text in a terminal and json elsewhere.")
    var format = OutputFormat.auto

    func validate() throws {
        guard heldOut > 0, heldOut < 1 else {
            throw ValidationError("--held-out must be between 0 and 1, not \(heldOut)")
        }
        guard (2...100).contains(folds) else { throw ValidationError("--folds must be 2 to 100, not \(folds)") }
        if let inversePenalty, !(inversePenalty > 0 && inversePenalty.isFinite) {
            throw ValidationError("--c must be more than 0, not \(inversePenalty)")
        }
        if classWeights != nil, problemType != .singleLabel {
            throw ValidationError("--class-weights is for one label for each text")
        }
        if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be at least 1, not \(maxLength)") }
        for path in [data] + (validation.map { [$0] } ?? []) {
            guard let fields = records.fields(of: path), !fields.names.isEmpty else {
                throw ValidationError(
                    "\(path): a file of labelled texts ends in .csv, .tsv or .jsonl; else say --input-format"
                )
            }
        }
    }

    func run() async throws {
        let training = try read(data)
        let form = LabelForm(problemType: problemType)
        let (labels, targets) = try training.targets(form)
        let weights = try classWeights.map { argument throws(CommandError) in
            try ClassWeights(argument, labels: labels, problemType: problemType)
        }
        let measured = try validation.map { try read($0) }
        let measuredTargets = try measured?.targets(form, known: labels).targets
        let base = try await modelOptions.load(engine: engineFlags.options)
        let directory = base.transformerDirectory
        let export = try ClassifierExport(directory: directory, features: chosenFeatures(base))
        let folder = try FittedFolder(destination: output, replaces: force)
        let interruption = Interruption { folder.discard() }
        do {
            let length = min(maxLength ?? base.maxInputLength, base.maxInputLength)
            try folder.copyTokenizer(from: [base.directory, directory], maxLength: length)
            var task = FitTask(labels: labels, problemType: problemType, targets: targets, features: [])
            let extraction = try FeatureExtraction(
                export,
                in: folder,
                engine: engineFlags.options,
                maxLength: maxLength
            )
            task.features = try await extraction.features(of: training)
            if let measured, let measuredTargets {
                StandardError.write("\(validation ?? ""):\n")
                task.validation = (try await extraction.features(of: measured), measuredTargets)
            }
            await extraction.finish()
            task.classWeights = weights
            (task.heldOutFraction, task.folds, task.inversePenalty, task.seed) = (heldOut, folds, inversePenalty, seed)
            let (head, result) = try task.run(data: data)
            var report = result
            report.output = output
            report.features = "\(export.features.rawValue), \(export.featureCount) numbers"
            try folder.write(export, head)
            let card = report.card(
                baseModel: base.name,
                data: "`\(URL(fileURLWithPath: data).lastPathComponent)`",
                heldOutData: validation.map { "`\(URL(fileURLWithPath: $0).lastPathComponent)`" }
                    ?? "the same file, held out"
            )
            try folder.write(Array(card.utf8), as: "README.md")
            // The new folder is loaded as a test, before it replaces an older one.
            _ = try LoadedModel(directory: folder.path, engine: engineFlags.options)
            try folder.finish()
            try write(report)
        } catch {
            folder.discard()
            throw error
        }
        withExtendedLifetime(interruption) {}
    }

    private func read(_ path: String) throws(CommandError) -> LabelledTexts {
        var fields = records.fields(of: path) ?? RecordFields(format: .csv, names: [RecordOptions.defaultColumn])
        fields.names.append(labelColumn)
        let form = LabelForm(problemType: problemType)
        return try LabelledTexts(path: path, fields: fields, allowsEmptyLabels: form.allowsNone)
    }

    private func chosenFeatures(_ base: LoadedModel) -> ClassifierExport.Features {
        if let features { return features }
        if base.encoder.heads.contains(.sequenceClassification) { return .pooler }
        guard base.encoder.configuration.architecture.supports(.mean) else { return .cls }
        return base.embedding.poolings.contains(.cls) ? .cls : .mean
    }

    private func write(_ report: FitReport) throws {
        guard format.resolved == .json else {
            return try StandardOutput.write(Array((report.lines.joined(separator: "\n") + "\n").utf8))
        }
        var writer = JSONWriter()
        report.write(to: &writer)
        try StandardOutput.write(writer.bytes + [UInt8(ascii: "\n")])
    }
}
