import Encoder
import Foundation
import Host
import Inference
import ModelFiles
import Tokenization
import Training

/// What a run needs: the base model, the tokenized texts, and the model that is trained.
struct TrainingSetup {
    /// The name of the base model in ``fingerprint(base:saved:)``.
    static let modelKey = "--model"

    let settings: TrainingSettings
    let training: TrainingSet
    let validation: TrainingSet?
    /// What people are shown of the validation examples; nil without them.
    let shown: ((Int, TokenizedExample, ExampleOutput) -> ShownExample)?
    let description: TrainingFolder.ModelDescription
    let model: TrainableModel
    let part: TrainedPart
    let threads: Int
    /// The most tokens of a text.
    let maxLength: Int

    /// Reads configuration and tokenizer of a model's folder, and tokenizes the texts.
    ///
    /// - Throws: what is wrong with the model or a text.
    init(
        folder: SentenceTransformerFolder,
        input: TaskDataOptions,
        settings: TrainingSettings,
        data: any TaskData,
        validation others: (any TaskData)?,
        maxLength: Int?,
        part: TrainedPart
    ) throws {
        let (task, directory) = (input.task, folder.transformerDirectory)
        let source = try TrainableCheckpoint(directory: directory, head: task.head)
        let tokenizer = try LoadedModel.tokenizer(directory: directory)
        StandardError.write(warnings: tokenizer.warnings)
        let positions = source.configuration.maxPositionEmbeddings
        let most = try LoadedModel.maxInputLength(directory: directory, positions: positions, tokenizer)
        let length = min(maxLength ?? task.defaultLength ?? most, most)
        let tokenize = { (data: any TaskData) throws(CommandError) in
            var tokenizer = ExampleTokenizer(tokenizer, maxLength: length, for: source.configuration)
            let tokenized = try data.tokenized(&tokenizer)
            let (cut, count) = (tokenizer.cutCount, tokenized.set.examples.reduce(0) { $0 + $1.sequences.count })
            if cut > 0 { StandardError.write("\(cut) of \(count) texts are cut to \(length) tokens\n") }
            return tokenized
        }
        let heldOut = others == nil ? input.heldOut : 0
        let (trained, measured) = Self.split(data, measuring: others, heldOut: heldOut, seed: settings.seed)
        var settings = settings
        if task == .maskedLanguageModel {
            settings.masking = try Self.masking(input.mlmProbability, tokenizer, source, directory: directory)
        }
        training = try tokenize(trained).set
        let (masking, seed) = (settings.masking, settings.seed)
        let tokenized = try measured.map(tokenize)
        validation = tokenized.map { masking?.masked($0.set, seed: seed) ?? $0.set }
        shown = tokenized?.shown
        let embedder: SentenceTransformerExport? =
            task == .sentenceSimilarity
            ? try SentenceTransformerExport(folder, hiddenSize: source.configuration.hiddenSize) : nil
        description = TrainingFolder.ModelDescription(
            source: source,
            task: task,
            labels: data.labels,
            problemType: settings.loss.kind.problemType,
            files: try FittedFolder.tokenizerFiles(from: [directory], maxLength: length)
                + (embedder?.files(maxLength: length) ?? [])
        )
        self.settings = settings
        self.part = part
        self.maxLength = length
        threads = CPUBudget.current().count
        let capacity = training.capacity(batchSize: settings.batchSize, members: threads, masking: masking)
        let other = self.validation?.capacity(batchSize: settings.evaluationBatchSize, members: threads)
        model = try TrainableModel(
            source.configuration,
            source.training,
            head: task.headKind(labels: data.labels.count, poolings: embedder?.poolings ?? []),
            training: part,
            capacity: other.map(capacity.union) ?? capacity
        )
    }

    /// Holds a part of the data out, where there is nothing else to measure on.
    private static func split(
        _ data: any TaskData,
        measuring others: (any TaskData)?,
        heldOut: Double,
        seed: UInt64
    ) -> (training: any TaskData, validation: (any TaskData)?) {
        guard heldOut > 0 else { return (data, others) }
        let split = Stratification.split(labels: data.classes, fraction: heldOut, seed: seed)
        return (data.subset(split.training), split.heldOut.isEmpty ? nil : data.subset(split.heldOut))
    }

    private static func masking(
        _ fraction: Double,
        _ tokenizer: Tokenizer,
        _ source: TrainableCheckpoint,
        directory: String
    ) throws(CommandError) -> Masking {
        guard let maskID = tokenizer.maskTokenID else {
            throw .unusableModel("\(directory): the tokenizer has no mask token")
        }
        let ids = min(tokenizer.vocabularySize, source.configuration.vocabularySize)
        return Masking(fraction: fraction, maskID: maskID, vocabularySize: ids)
    }

    /// The settings on which the bits of a run depend, with the names that messages give them.
    ///
    /// - Parameters:
    ///   - base: the folder of the base model; nil when a run goes on.
    ///   - saved: the settings of the run that goes on, which has its base model's name.
    func fingerprint(
        base: String?,
        saved: [(name: String, value: String)]?
    ) -> [(name: String, value: String)] {
        let model = base.map { URL(fileURLWithPath: $0).standardizedFileURL.lastPathComponent }
        return [
            (Self.modelKey, model ?? saved?.first { $0.name == Self.modelKey }?.value ?? ""),
            ("training options", "\(settings)"),
            ("--train", "\(part)"),
            ("labels", description.labels.joined(separator: "\n")),
            ("--data", "\(training.examples.count) texts, \(training.fingerprint)"),
            ("--validation", validation.map { "\($0.examples.count) texts, \($0.fingerprint)" } ?? ""),
            ("number of threads", "\(threads)"),
        ]
    }

    /// All settings by the names of the options, for people.
    func table(baseModel: String) -> [(name: String, value: String)] {
        let (optimizer, loss) = (settings.optimizer, settings.loss)
        let number = { (value: Double) in Decimals.significant(value) }
        let interval = { (interval: Interval) in
            switch interval {
            case .never: "no"
            case .epoch: "epoch"
            case .steps(let steps): "every \(steps) steps"
            }
        }
        let weights = loss.classWeights.map { $0.map(number).joined(separator: ", ") }
        let all = model.parameters.reduce(0) { $0 + $1.count }
        let trained = model.parameters.reduce(0) { $0 + ($1.isTrained ? $1.count : 0) }
        let epochs = settings.maxSteps == nil ? "--num-train-epochs" : "--max-steps"
        let table = [
            ("--task", description.task.rawValue), (Self.modelKey, baseModel),
            ("--problem-type", loss.kind.problemType?.rawValue ?? ""), ("--max-length", "\(maxLength)"),
            ("--train", "\(part): \(trained) of \(all) weights"),
            (epochs, "\(settings.maxSteps ?? settings.epochs)"),
            ("--per-device-train-batch-size", "\(settings.batchSize)"),
            ("--per-device-eval-batch-size", "\(settings.evaluationBatchSize)"),
            ("--gradient-accumulation-steps", "\(settings.accumulation)"),
            ("--learning-rate", number(settings.learningRate)), ("--lr-scheduler-type", settings.schedule.rawValue),
            ("--warmup-steps", number(settings.warmup)), ("--layer-decay", number(settings.layerDecay)),
            ("--weight-decay", number(optimizer.weightDecay)), ("--adam-beta1", number(optimizer.beta1)),
            ("--adam-beta2", number(optimizer.beta2)), ("--adam-epsilon", number(optimizer.epsilon)),
            ("--max-grad-norm", number(optimizer.maxGradientNorm)),
            ("--label-smoothing-factor", number(loss.labelSmoothing)), ("--class-weights", weights ?? "equal"),
            ("--eval-strategy", interval(settings.evaluation)), ("--save-strategy", interval(settings.saving)),
            ("--metric-for-best-model", settings.bestMetric.rawValue),
            ("--early-stopping-patience", settings.patience.map { "\($0)" } ?? "never"),
            ("--logging-steps", "\(settings.loggingSteps)"), ("--seed", "\(settings.seed)"), ("threads", "\(threads)"),
        ]
        return table.filter { !$0.1.isEmpty }
    }

    /// Compares the settings of a run with those of its checkpoint.
    ///
    /// - Throws: `usage` with what differs.
    func check(
        _ saved: [(name: String, value: String)],
        against current: [(name: String, value: String)]
    ) throws(CommandError) {
        for (name, value) in current {
            guard let old = saved.first(where: { $0.name == name })?.value, old != value else { continue }
            guard name == "number of threads" else {
                throw .usage("--resume: \(name) is not that of the run; give the same, or --force to begin again")
            }
            StandardError.write("warning: the run had \(old) threads and has \(value): its bits will be others\n")
        }
    }

    /// Reads the parameters. Those of the head that the checkpoint lacks are made new, and said aloud.
    ///
    /// - Throws: what is wrong with a tensor.
    func load(isResumed: Bool) throws(ModelError) {
        let made = try model.load(description.source, seed: isResumed ? nil : settings.seed)
        guard !made.isEmpty else { return }
        StandardError.write("new, because the checkpoint has none of this shape: \(made.joined(separator: ", "))\n")
    }
}

extension TrainableModel {
    /// Reads all parameters from a checkpoint. Those of the head that it lacks, or has in another shape, are made new.
    ///
    /// - Parameter seed: of the new ones; nil if none may be lacking.
    /// - Returns: the names, in a checkpoint, of those that were made new.
    /// - Throws: what is wrong with a tensor.
    @discardableResult
    func load(_ source: TrainableCheckpoint, seed: UInt64?) throws(ModelError) -> [String] {
        let headDepth = source.configuration.layerCount + 1
        var made: [String] = []
        for parameter in parameters {
            if let seed, parameter.depth == headDepth, source.shape(parameter.name) != parameter.shape {
                initialize(parameter, range: source.training.initializerRange, seed: seed)
                made.append(source.outgoingName(parameter.name))
            } else {
                try write(parameter) { values throws(ModelError) in
                    try source.read(parameter.name, shape: parameter.shape, into: &values)
                }
            }
        }
        return made
    }
}
