import Host
import JSON
import Training

/// The result of a fit.
struct FitReport {
    var labels: [String]
    var features: String
    var trainingRows: Int
    var inversePenalty: Double
    /// Accuracy in cross-validation, and the values of C that were tried; nil if C was given.
    var crossValidation: (accuracy: Double, scores: [CrossValidation.Score])?
    var converged: Bool
    var heldOut: ConfusionMatrix
    var output: String

    /// The fraction of the most frequent class among the held-out texts: the accuracy of always guessing that class.
    var majority: Double {
        let largest = heldOut.counts.map { $0.reduce(0, +) }.max() ?? 0
        return heldOut.total > 0 ? Double(largest) / Double(heldOut.total) : 0
    }

    /// For people.
    var lines: [String] {
        let percent = { (fraction: Double) in Decimals.fixed(100 * fraction, digits: 2) + " %" }
        var lines = Columns.aligned([
            ["texts", "\(trainingRows) to learn from, \(heldOut.total) held out"],
            ["features", features],
            [
                "C",
                Decimals.significant(inversePenalty)
                    + (crossValidation.map { ", cross-validated accuracy \(percent($0.accuracy))" } ?? ", as given"),
            ],
            ["accuracy", "\(percent(heldOut.accuracy)) (the most frequent label: \(percent(majority)))"],
            ["macro-F1", Decimals.fixed(heldOut.macroF1, digits: 4)],
        ])
        lines += ["", "Held-out texts of each label (rows) by the label they were given (columns):"]
        lines += confusion
        if !converged { lines += ["", "The search ended before a minimum was found."] }
        return lines + ["", "\(output) is ready: swiftlet serve --model \(output)"]
    }

    /// The confusion matrix with precision, recall and F1.
    var confusion: [String] { heldOut.lines(labels: labels) }

    /// Writes the report as one JSON object, for programs.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.key("output")
            writer.string(output)
            writer.key("labels")
            writer.array(labels) { $0.string($1) }
            writer.key("features")
            writer.string(features)
            writer.key("training_texts")
            writer.integer(trainingRows)
            writer.key("held_out_texts")
            writer.integer(heldOut.total)
            writer.key("C")
            writer.number(inversePenalty)
            if let crossValidation {
                writer.key("cross_validation")
                writer.array(crossValidation.scores) { writer, score in
                    writer.object { writer in
                        writer.key("C")
                        writer.number(score.inversePenalty)
                        writer.key("accuracy")
                        writer.number(score.accuracy)
                    }
                }
            }
            writer.key("converged")
            writer.boolean(converged)
            writer.key("accuracy")
            writer.number(heldOut.accuracy)
            writer.key("macro_f1")
            writer.number(heldOut.macroF1)
            writer.key("confusion_matrix")
            writer.array(heldOut.counts) { writer, row in writer.array(row) { $0.integer($1) } }
        }
    }

    /// The README.md of the folder: a model card of the Hub.
    func card(baseModel: String, data: String, heldOutData: String) -> String {
        let majority = Decimals.fixed(100 * majority, digits: 2)
        return """
            ---
            library_name: transformers
            pipeline_tag: text-classification
            ---
            # A classifier over \(baseModel)

            A logistic regression over frozen features: only the last layer was fitted, by `swiftlet fit` \
            \(SwiftletVersion.current). The encoder's weights are \(baseModel)'s.

            - Labels: \(labels.map { "`\($0)`" }.joined(separator: ", ")).
            - Data: \(trainingRows) texts of \(data); this program does not know their source or their owner.
            - Features: \(features). Penalty: C = \(Decimals.significant(inversePenalty)) \
            \(crossValidation == nil ? "(given)" : "(by stratified cross-validation)").

            ## Measured

            On \(heldOut.total) texts of \(heldOutData), which were not used for training: accuracy \
            \(Decimals.fixed(100 * heldOut.accuracy, digits: 2)) %, macro-F1 \
            \(Decimals.fixed(heldOut.macroF1, digits: 4)). \
            The most frequent label alone would be right for \(majority) %.

            ```
            \(confusion.joined(separator: "\n"))
            ```

            ## Limits

            The model learnt only from those texts, and gives one of its labels to any text, however different. \
            Measure it on your own texts before you rely on it.

            """
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
