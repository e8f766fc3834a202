package import Encoder

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A number that says how good a model is.
package enum Metric: String, Sendable, CaseIterable {
    /// The mean loss.
    case loss
    /// The fraction of texts whose label, or set of labels, is right.
    case accuracy
    /// Of the entities that were found, the fraction that is right.
    case precision
    /// Of the right entities, the fraction that was found.
    case recall
    /// The harmonic mean of precision and recall: of entities, or of the words of answers in percent.
    case f1
    /// The percentage of answers that are right.
    case exactMatch = "exact_match"
    /// e to the power of the loss: among how many words the model wavers.
    case perplexity
    /// The unweighted mean of the labels' F1.
    case macroF1 = "macro_f1"
    /// F1 over all pairs of a text and a label, where a text has any number of labels.
    case microF1 = "micro_f1"
    /// Pearson's correlation of a regression's values with the right ones.
    case pearson
    /// The same of their ranks.
    case spearman

    /// Spearman's correlation of pairs' cosines with their scores.
    case spearmanCosine = "spearman_cosine"
    /// Pearson's.
    case pearsonCosine = "pearson_cosine"
    /// The fraction of anchors whose positive is the nearest of all documents.
    case accuracyAt1 = "cosine_accuracy@1"
    /// The mean of 1 / the place of the positive among all documents, 0 from the eleventh on.
    case reciprocalRankAt10 = "cosine_mrr@10"

    /// Whether more is better.
    package var isBetterWhenGreater: Bool { self != .loss && self != .perplexity }
}

extension Loss.Kind {
    /// The metrics that an evaluation gives.
    package var metrics: [Metric] {
        switch self {
        case .sequences(.singleLabel): [.loss, .accuracy, .macroF1]
        case .sequences(.multiLabel): [.loss, .accuracy, .macroF1, .microF1]
        case .sequences(.regression): [.loss, .pearson, .spearman]
        case .similarity(_, .positives): [.loss, .accuracyAt1, .reciprocalRankAt10]
        case .similarity(_, .scored): [.loss, .pearsonCosine, .spearmanCosine]
        case .tokens(let areEntities): areEntities ? [.loss, .accuracy, .precision, .recall, .f1] : [.loss, .accuracy]
        case .spans: [.loss, .exactMatch, .f1]
        case .choices: [.loss, .accuracy]
        case .maskedTokens: [.loss, .perplexity]
        }
    }

    /// The metric by which the best checkpoint is chosen if none is named.
    package var bestMetric: Metric {
        switch self {
        case .sequences(.singleLabel), .tokens(areEntities: false), .choices: .accuracy
        case .similarity(_, .positives): .reciprocalRankAt10
        case .similarity(_, .scored): .spearmanCosine
        case .tokens(areEntities: true), .spans: .f1
        case .sequences, .maskedTokens: .loss
        }
    }
}

/// What a model makes of the validation examples.
package struct Evaluation: Sendable {
    /// What the head made of each example; empty where only logits were compared.
    package private(set) var outputs: [ExampleOutput] = []
    /// The metrics of the loss's kind.
    package private(set) var metrics: [Metric: Double]
    /// True and predicted classes; nil where a text has any number of labels, or values.
    package private(set) var confusion: ConfusionMatrix?
    /// The counts of each label where a text has any number of them; else nil.
    package private(set) var labelSets: LabelSetCounts?

    /// Compares outputs with what they should be.
    ///
    /// - Parameter outputs: of each example.
    package init(loss: Double, outputs: [ExampleOutput], of set: TrainingSet, _ kind: Loss.Kind) {
        metrics = [.loss: loss]
        self.outputs = outputs
        let targets = set.examples.map(\.target)
        switch kind {
        case .sequences(let problemType):
            compare(outputs.map { $0.values.map { Double($0) } }, targets, problemType)
        case .similarity(_, let kind): compare(outputs, set.examples, kind)
        case .tokens:
            let confusion = ConfusionMatrix(
                truth: targets.flatMap(\.labels),
                predicted: outputs.flatMap(\.largestColumns),
                classes: outputs.first?.columns ?? 0
            )
            metrics[.accuracy] = confusion.accuracy
            self.confusion = confusion
        case .choices:
            let right = zip(outputs, targets).filter { .label(Self.largest($0.values)) == $1 }
            metrics[.accuracy] = Double(right.count) / Double(max(1, outputs.count))
        case .spans: break
        case .maskedTokens: metrics[.perplexity] = exp(loss)
        }
        metrics.merge(set.scorer?(outputs) ?? [:]) { $1 }
    }

    /// Compares rows of logits with what they should say.
    ///
    /// - Precondition: there is a row for each target.
    package init(logits: [[Double]], targets: [Target], _ problemType: SequenceClassifier.ProblemType) {
        metrics = [.loss: Loss(.sequences(problemType)).mean(logits, targets, problemType)]
        compare(logits, targets, problemType)
    }

    private mutating func compare(
        _ logits: [[Double]],
        _ targets: [Target],
        _ problemType: SequenceClassifier.ProblemType
    ) {
        switch problemType {
        case .singleLabel:
            let confusion = ConfusionMatrix(
                truth: targets.map(\.stratum),
                predicted: logits.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 },
                classes: logits.first?.count ?? 0
            )
            (metrics[.accuracy], metrics[.macroF1]) = (confusion.accuracy, confusion.macroF1)
            self.confusion = confusion
        case .multiLabel:
            let counts = LabelSetCounts(logits: logits, truth: Self.values(targets))
            (metrics[.accuracy], metrics[.macroF1]) = (counts.accuracy, counts.macroF1)
            metrics[.microF1] = counts.microF1
            labelSets = counts
        case .regression:
            let (found, right) = (logits.map { $0.first ?? 0 }, Self.values(targets).map { $0.first ?? 0 })
            metrics[.pearson] = Correlation.pearson(found, right)
            metrics[.spearman] = Correlation.spearman(found, right)
        }
    }

    private mutating func compare(_ outputs: [ExampleOutput], _ examples: [TokenizedExample], _ kind: PairKind) {
        switch kind {
        case .positives:
            let retrieval = Retrieval(outputs, of: examples)
            metrics[.accuracyAt1] = retrieval.accuracyAt1
            metrics[.reciprocalRankAt10] = retrieval.reciprocalRankAt10
        case .scored:
            let cosines = outputs.map(\.cosine)
            let scores = examples.map { Double($0.target.score ?? 0) }
            metrics[.pearsonCosine] = Correlation.pearson(cosines, scores)
            metrics[.spearmanCosine] = Correlation.spearman(cosines, scores)
        }
    }

    private static func largest(_ values: [Float]) -> Int { values.indices.max { values[$0] < values[$1] } ?? 0 }

    private static func values(_ targets: [Target]) -> [[Double]] {
        targets.map { target in if case .values(let values) = target { values.map { Double($0) } } else { [] } }
    }
}
