import Encoder
import Host
import JSON
import Training

/// The result of a fit.
struct FitReport {
    var labels: [String]
    var problemType: SequenceClassifier.ProblemType
    var features: String
    var texts: (training: Int, heldOut: Int)
    var inversePenalty: Double
    /// The weights of the labels; nil for equal ones.
    var classWeights: [Double]?
    /// The metric of ``CrossValidation/metric(of:)`` in cross-validation, and the values of C that were tried; nil if C
    /// was given.
    var crossValidation: (value: Double, scores: [CrossValidation.Score])?
    var converged: Bool
    /// The metrics on the held-out texts.
    var evaluation: Evaluation
    /// The mean squared error of always guessing the held-out numbers' mean; 0 for classifiers.
    var variance: Double
    /// Nil for a regression.
    var calibration: Calibration?
    var output: String

    /// The names by which the report has metrics.
    private static func name(_ metric: Metric, of problemType: SequenceClassifier.ProblemType) -> String {
        metric == .loss && problemType == .regression ? "mse" : metric.rawValue
    }

    private var selectionName: String {
        let name = Self.name(CrossValidation.metric(of: problemType), of: problemType)
        return classWeights == nil ? name : "weighted_\(name)"
    }

    /// The fraction of the most frequent class among the held-out texts: the accuracy of always guessing that class.
    private func majority(_ confusion: ConfusionMatrix) -> Double {
        let largest = confusion.counts.map { $0.reduce(0, +) }.max() ?? 0
        return confusion.total > 0 ? Double(largest) / Double(confusion.total) : 0
    }

    private static func percent(_ fraction: Double) -> String { Decimals.fixed(100 * fraction, digits: 2) + " %" }

    /// The metrics with their names, for people.
    var metrics: [(name: String, value: String)] {
        let number = { (metric: Metric) in Decimals.fixed(evaluation.metrics[metric] ?? 0, digits: 4) }
        let accuracy = Self.percent(evaluation.metrics[.accuracy] ?? 0)
        switch problemType {
        case .singleLabel:
            let most = evaluation.confusion.map { Self.percent(majority($0)) } ?? ""
            return [
                ("accuracy", "\(accuracy) (the most frequent label: \(most))"), ("macro-F1", number(.macroF1)),
            ]
        case .multiLabel:
            return [
                ("micro-F1", number(.microF1)), ("macro-F1", number(.macroF1)),
                ("subset accuracy", "\(accuracy) of the texts have exactly their labels"),
            ]
        case .regression:
            let error = Decimals.significant(evaluation.metrics[.loss] ?? 0)
            let mean = Decimals.significant(variance)
            return [
                ("mean squared error", "\(error) (always the mean: \(mean))"), ("Pearson", number(.pearson)),
                ("Spearman", number(.spearman)),
            ]
        }
    }

    /// How C was chosen.
    var penalty: String {
        guard let value = crossValidation?.value else { return "as given" }
        let name = selectionName.map { $0 == "_" ? " " : $0 }
        return "cross-validated \(String(name)) \(Decimals.significant(value))"
    }

    /// For people.
    var lines: [String] {
        var rows = [
            ["texts", "\(texts.training) to learn from, \(texts.heldOut) held out"],
            ["features", features],
            ["C", "\(Decimals.significant(inversePenalty)), \(penalty)"],
        ]
        if let classWeights {
            rows.append(["class weights", classWeights.map { Decimals.significant($0) }.joined(separator: ", ")])
        }
        rows += metrics.map { [$0.name, $0.value] }
        if let calibration { rows += calibration.rows }
        var lines = Columns.aligned(rows)
        if let table { lines += [""] + table }
        if let calibration { lines += ["", Calibration.heading] + calibration.lines }
        if !converged { lines += ["", "The search ended before a minimum was found."] }
        return lines + ["", "\(output) is ready: swiftlet serve --model \(output)"]
    }

    /// The metrics of each label; nil for a regression.
    var table: [String]? {
        if let confusion = evaluation.confusion {
            return ["Held-out texts of each label (rows) by the label they were given (columns):"]
                + confusion.lines(labels: labels)
        }
        return evaluation.labelSets?.lines(labels: labels)
    }

    /// Writes the report as one JSON object, for programs.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("output")
            writer.string(output)
            writer.key("labels")
            writer.array(labels) { $0.string($1) }
            writer.key("problem_type")
            writer.string(problemType.rawValue)
            writer.key("features")
            writer.string(features)
            writer.key("training_texts")
            writer.integer(texts.training)
            writer.key("held_out_texts")
            writer.integer(texts.heldOut)
            writer.key("C")
            writer.number(inversePenalty)
            if let classWeights {
                writer.key("class_weights")
                writer.array(classWeights) { $0.number($1) }
            }
            if let crossValidation {
                writer.key("cross_validation")
                writer.array(crossValidation.scores) { writer, score in
                    writer.object { writer in
                        writer.key("C")
                        writer.number(score.inversePenalty)
                        writer.key(selectionName)
                        writer.number(score.value)
                    }
                }
            }
            writer.key("converged")
            writer.boolean(converged)
            for metric in Loss.Kind.sequences(problemType).metrics {
                guard let value = evaluation.metrics[metric] else { continue }
                writer.key(Self.name(metric, of: problemType))
                writer.number(value)
            }
            if let confusion = evaluation.confusion {
                writer.key("confusion_matrix")
                writer.array(confusion.counts) { writer, row in writer.array(row) { $0.integer($1) } }
            }
            evaluation.labelSets?.write(labels, to: &writer)
            calibration?.write(to: &writer)
        }
    }
}

extension ConfusionMatrix {
    /// The matrix with precision, recall and F1 of each label, for people.
    func lines(labels: [String]) -> [String] {
        let names = labels.map { Columns.shown($0, width: 24) }
        let header = [""] + names + ["precision", "recall", "F1"]
        let rows = labels.indices.map { index in
            let fractions = [precision(index), recall(index), f1(index)]
            return [names[index]] + counts[index].map { "\($0)" }
                + fractions.map { Decimals.fixed($0, digits: 4) }
        }
        return Columns.aligned([header] + rows, alignedRight: Set(1..<header.count))
    }
}

extension LabelSetCounts {
    /// The counts with precision, recall and F1 of each label, for people.
    func lines(labels: [String]) -> [String] {
        let header = ["", "texts", "given to", "rightly", "precision", "recall", "F1"]
        let rows = labels.indices.map { index in
            let fractions = [precision(index), recall(index), f1(index)]
            return [
                Columns.shown(labels[index], width: 24), "\(truth[index])", "\(predicted[index])", "\(both[index])",
            ]
                + fractions.map { Decimals.fixed($0, digits: 4) }
        }
        return Columns.aligned([header] + rows, alignedRight: Set(1..<header.count))
    }

    fileprivate func write(_ labels: [String], to writer: inout JSONWriter) {
        writer.key("label_metrics")
        writer.array(labels.indices) { writer, index in
            writer.object { writer in
                writer.key("label")
                writer.string(labels[index])
                writer.key("texts")
                writer.integer(truth[index])
                writer.key("predicted")
                writer.integer(predicted[index])
                for (key, value) in [
                    ("precision", precision(index)), ("recall", recall(index)), ("f1", f1(index)),
                ] {
                    writer.key(key)
                    writer.number(value)
                }
            }
        }
    }
}
