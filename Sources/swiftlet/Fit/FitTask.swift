import Training

/// Fits a head to features and labels, and measures its accuracy.
struct FitTask {
    var classes: [String]
    /// Each text's class.
    var labels: [Int]
    /// Each text's features.
    var features: [[Float]]
    /// Texts to measure on; nil to hold out a part of the training texts.
    var validation: (features: [[Float]], targets: [Target])?
    var heldOutFraction = 0.2
    var folds = 5
    var inversePenalty: Double?
    var seed: UInt64 = 0

    /// The value of C if no label has two texts, so that cross-validation cannot choose it; scikit-learn's default.
    private static let fallbackInversePenalty = 1.0

    init(classes: [String], targets: [Target], features: [[Float]]) {
        (self.classes, self.features) = (classes, features)
        labels = Self.labels(targets)
    }

    private static func labels(_ targets: [Target]) -> [Int] {
        targets.compactMap { target in if case .label(let label) = target { label } else { nil } }
    }

    /// Chooses the penalty, fits and measures.
    ///
    /// - Parameter data: the name of the texts' file, for messages.
    /// - Throws: `unusableText` if no text can be held out.
    func run(data: String) throws(CommandError) -> (head: (weight: [Float], bias: [Float]), report: FitReport) {
        let all = Array(labels.indices)
        let split =
            validation == nil
            ? Stratification.split(labels: labels, fraction: heldOutFraction, seed: seed) : (training: all, heldOut: [])
        guard validation != nil || !split.heldOut.isEmpty else {
            throw .unusableText(place: data, reason: "no label has two texts, so no text can be held out")
        }
        let scaling = FeatureScaling(features, rows: split.training)
        let matrix = scaling.matrix(features)

        var scores: [CrossValidation.Score] = []
        if inversePenalty == nil { scores = crossValidate(matrix, rows: split.training) }
        let best = CrossValidation.best(scores)
        let chosen = inversePenalty ?? best?.inversePenalty ?? Self.fallbackInversePenalty
        let fit = LogisticRegression(inversePenalty: chosen)
            .fit(matrix, labels: labels, classes: classes.count, rows: split.training)

        let (truth, predicted): ([Int], [Int])
        if let validation {
            let rows = scaling.matrix(validation.features)
            truth = Self.labels(validation.targets)
            predicted = fit.head.predictions(rows, rows: truth.indices)
        } else {
            (truth, predicted) = (split.heldOut.map { labels[$0] }, fit.head.predictions(matrix, rows: split.heldOut))
        }
        let report = FitReport(
            labels: classes,
            features: "",
            trainingRows: split.training.count,
            inversePenalty: chosen,
            crossValidation: best.map { ($0.accuracy, scores) },
            converged: fit.converged,
            heldOut: ConfusionMatrix(truth: truth, predicted: predicted, classes: classes.count),
            output: ""
        )
        return (scaling.unscaled(fit.head), report)
    }

    private func crossValidate(_ matrix: FeatureMatrix, rows: [Int]) -> [CrossValidation.Score] {
        var validation = CrossValidation()
        validation.folds = folds
        validation.seed = seed
        var done = 0
        var progress = ProgressReporter(counting: "fits", of: folds * validation.inversePenalties.count)
        let scores = validation.scores(matrix, labels: labels, classes: classes.count, rows: rows) { count, _ in
            progress.advance(by: count - done, size: count - done)
            done = count
        }
        progress.finish(always: true)
        return scores
    }
}
