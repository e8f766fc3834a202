import Encoder
import Training

/// Fits a head to features and targets, and measures it.
struct FitTask {
    var labels: [String]
    var problemType: SequenceClassifier.ProblemType
    /// What the head should say of each text.
    var targets: [Target]
    /// Each text's features.
    var features: [[Float]]
    /// Texts to measure on; nil to hold out a part of the training texts.
    var validation: (features: [[Float]], targets: [Target])?
    var heldOutFraction = 0.2
    var folds = 5
    var inversePenalty: Double?
    var classWeights: ClassWeights?
    var seed: UInt64 = 0

    /// The value of C if no label has two texts, so that cross-validation cannot choose it; scikit-learn's default.
    private static let fallbackInversePenalty = 1.0

    init(
        labels: [String],
        problemType: SequenceClassifier.ProblemType = .singleLabel,
        targets: [Target],
        features: [[Float]]
    ) {
        (self.labels, self.problemType, self.targets, self.features) = (labels, problemType, targets, features)
    }

    /// Chooses the penalty, fits, measures, and finds the temperature of a classifier.
    ///
    /// - Parameter data: the name of the texts' file, for messages.
    /// - Throws: `unusableText` if no text can be held out.
    func run(data: String) throws(CommandError) -> (head: FittedHead, report: FitReport) {
        let split =
            validation == nil
            ? Stratification.split(labels: targets.map(\.stratum), fraction: heldOutFraction, seed: seed)
            : (training: Array(targets.indices), heldOut: [])
        guard validation != nil || !split.heldOut.isEmpty else {
            let whole = problemType == .singleLabel ? "no label has two texts" : "there is only one text"
            throw .unusableText(place: data, reason: "\(whole), so no text can be held out")
        }
        let scaling = FeatureScaling(features, rows: split.training)
        let matrix = scaling.matrix(features)

        var regression = PenalizedRegression(problemType, inversePenalty: Self.fallbackInversePenalty)
        regression.classWeights = classWeights?.values(split.training.map { targets[$0].stratum }, labels: labels.count)
        let scores = inversePenalty == nil ? crossValidate(regression, matrix, rows: split.training) : []
        let best = CrossValidation.best(scores, of: problemType)
        regression.inversePenalty = inversePenalty ?? best?.inversePenalty ?? Self.fallbackInversePenalty
        let fit = regression.fit(matrix, targets: targets, labels: labels.count, rows: split.training)

        let (truth, logits): ([Target], [[Double]])
        if let validation {
            let rows = scaling.matrix(validation.features)
            (truth, logits) = (validation.targets, fit.head.logits(rows, rows: validation.targets.indices))
        } else {
            truth = split.heldOut.map { targets[$0] }
            logits = fit.head.logits(matrix, rows: split.heldOut)
        }
        let calibration = Calibration(logits: logits, targets: truth, problemType: problemType)
        let report = FitReport(
            labels: labels,
            problemType: problemType,
            features: "",
            texts: (split.training.count, truth.count),
            inversePenalty: regression.inversePenalty,
            classWeights: regression.classWeights,
            crossValidation: best.map { ($0.value, scores) },
            converged: fit.converged,
            evaluation: Evaluation(logits: logits, targets: truth, problemType),
            variance: problemType == .regression ? Self.variance(truth) : 0,
            calibration: calibration,
            output: ""
        )
        let (weight, bias) = scaling.unscaled(fit.head)
        let temperature = calibration?.temperature.value
        let head = FittedHead(
            labels: labels,
            problemType: problemType,
            weight: weight,
            bias: bias,
            temperature: temperature
        )
        return (head, report)
    }

    private func crossValidate(
        _ regression: PenalizedRegression,
        _ matrix: FeatureMatrix,
        rows: [Int]
    ) -> [CrossValidation.Score] {
        var validation = CrossValidation()
        validation.folds = folds
        validation.seed = seed
        var done = 0
        var progress = ProgressReporter(counting: "fits", of: folds * validation.inversePenalties.count)
        let scores = validation.scores(regression, matrix, targets: targets, labels: labels.count, rows: rows) {
            count,
            _ in
            progress.advance(by: count - done, size: count - done)
            done = count
        }
        progress.finish(always: true)
        return scores
    }

    /// The mean squared error of always guessing the mean of the numbers.
    private static func variance(_ targets: [Target]) -> Double {
        let values = targets.flatMap { target in if case .values(let values) = target { values } else { [Float]() } }
        let count = Double(max(1, values.count))
        let mean = values.reduce(0) { $0 + Double($1) } / count
        return values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    }
}

/// A head as it is written into a model's folder.
struct FittedHead {
    var labels: [String]
    var problemType = SequenceClassifier.ProblemType.singleLabel
    /// Shape [labels, features], row-major.
    var weight: [Float]
    /// Shape [labels].
    var bias: [Float]
    /// The divisor of logits for calibrated scores; nil if none was found.
    var temperature: Double?
}
