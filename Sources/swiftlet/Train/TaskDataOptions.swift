import ArgumentParser
import Encoder
import JSON
import Training

/// The options that say what is to be learnt, and where it stands in the files.
struct TaskDataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the model is to learn: \(TrainingTask.allCases.map(\.rawValue).joined(separator: ", ")).",
            discussion: "See DATA above for the files of each task."
        )
    )
    var task = TrainingTask.textClassification

    @Option(help: ArgumentHelp("File of the task's data.", valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("Data to measure on, of the same form. (default: a part of --data)", valueName: "file"))
    var validation: String?

    @Option(
        help: ArgumentHelp(
            "Fraction of the data to hold out without --validation, of the texts of each label; 0 for none.",
            valueName: "fraction"
        )
    )
    var heldOut = 0.1

    @OptionGroup var records: RecordOptions

    @Option(help: "Column or key that holds a second text, which is read as a pair with the first.")
    var textPairColumn: String?

    @Option(
        help: ArgumentHelp(
            "Column or key that holds the label. (default: label; for words ner_tags, labels or tags)"
        )
    )
    var labelColumn: String?

    @Option(help: ArgumentHelp("Key that holds the choices. (default: choices, endings or options)"))
    var choicesColumn: String?

    @Option(
        help: """
            What labels of texts are: single_label_classification, multi_label_classification or regression.
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

    @Option(
        help: ArgumentHelp("Tokens that neighbouring windows of a long context share.", valueName: "tokens")
    )
    var docStride = QuestionTexts.defaultStride

    @Option(
        help: ArgumentHelp("Fraction of the tokens that a masked language model is to guess.", valueName: "fraction")
    )
    var mlmProbability = 0.15

    @OptionGroup(title: "Sentence similarity") var pairs: PairOptions

    func validate() throws {
        guard heldOut >= 0, heldOut < 1 else {
            throw ValidationError("--held-out must be from 0 to below 1, not \(heldOut)")
        }
        guard docStride >= 0 else { throw ValidationError("--doc-stride must be at least 0, not \(docStride)") }
        guard mlmProbability > 0, mlmProbability < 1 else {
            throw ValidationError("--mlm-probability must be more than 0 and below 1, not \(mlmProbability)")
        }
        let foreign: [(name: String, isGiven: Bool, task: TrainingTask)] = [
            ("--text-pair-column", textPairColumn != nil, .textClassification),
            ("--problem-type", problemType != .singleLabel, .textClassification),
            ("--class-weights", classWeights != nil, .textClassification),
            ("a column of pairs", pairs.isGiven, .sentenceSimilarity),
            ("--choices-column", choicesColumn != nil, .multipleChoice),
        ]
        for (name, isGiven, owner) in foreign where isGiven && task != owner {
            throw ValidationError("\(name) is for --task \(owner.rawValue)")
        }
        if task == .sentenceSimilarity, records.textColumn != nil || labelColumn != nil {
            throw ValidationError("--text-column and --label-column are not for --task \(task.rawValue)")
        }
        for path in [data] + (validation.map { [$0] } ?? []) { try check(path) }
    }

    private func check(_ path: String) throws {
        let format = records.format(of: path)
        switch task {
        case .textClassification where format == .txt, .sentenceSimilarity where format == .txt:
            throw ValidationError(
                "\(path): a file of texts ends in .csv, .tsv or .jsonl; else say --input-format"
            )
        case .multipleChoice where format != .jsonl:
            throw ValidationError("\(path): a file of choices ends in .jsonl; else say --input-format jsonl")
        case .maskedLanguageModel: try records.validate(for: path)
        default: break
        }
    }

    /// Reads a file.
    ///
    /// - Parameter known: the labels of the training data; nil to take those that are there.
    /// - Throws: `unusableText` with file and line.
    func read(_ path: String, known: [String]?) throws(CommandError) -> any TaskData {
        switch task {
        case .textClassification:
            var fields = RecordFields(format: records.format(of: path), names: [])
            fields.names = [records.textColumn ?? RecordOptions.defaultColumn, labelColumn ?? "label"]
            if let textPairColumn { fields.names.append(textPairColumn) }
            let form = LabelForm(problemType: problemType)
            return try ClassifiedTexts(path: path, fields: fields, form: form, known: known)
        case .tokenClassification:
            var keys = LabelledWords.Keys()
            if let words = records.textColumn { keys.words = [words] }
            if let labelColumn { keys.labels = [labelColumn] }
            return try LabelledWords(path: path, format: records.format(of: path), keys: keys, known: known)
        case .questionAnswering: return try QuestionTexts(path: path, stride: docStride)
        case .maskedLanguageModel: return try PlainTexts(path: path, fields: records.fields(of: path))
        case .multipleChoice:
            var keys = Choices.Keys()
            if let prompt = records.textColumn { keys.prompt = [prompt] }
            if let choicesColumn { keys.choices = [choicesColumn] }
            if let labelColumn { keys.label = [labelColumn] }
            return try Choices(path: path, keys: keys)
        case .sentenceSimilarity:
            return try SentencePairs(path: path, format: records.format(of: path), options: pairs)
        }
    }

    /// The loss for the training data.
    ///
    /// - Parameter measured: what is measured on.
    /// - Throws: `usage` for weights that do not fit the labels.
    func loss(of data: any TaskData, measuring measured: any TaskData) throws(CommandError) -> Loss {
        switch task {
        case .textClassification:
            var loss = Loss(.sequences(problemType))
            loss.classWeights = try weights(data)
            return loss
        case .tokenClassification: return Loss(.tokens(areEntities: EntityScores.areEntities(data.labels)))
        case .questionAnswering: return Loss(.spans)
        case .maskedLanguageModel: return Loss(.maskedTokens)
        case .multipleChoice: return Loss(.choices)
        case .sentenceSimilarity:
            let kind = (measured as? SentencePairs)?.kind ?? .positives
            return Loss(.similarity(scale: pairs.scale, measured: kind))
        }
    }

    private func weights(_ data: any TaskData) throws(CommandError) -> [Double]? {
        guard let classWeights else { return nil }
        let weights = try ClassWeights(classWeights, labels: data.labels, problemType: problemType)
        return weights.values(data.classes, labels: data.labels.count)
    }
}
