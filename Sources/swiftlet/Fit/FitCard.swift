import Encoder
import Host
import Training

extension FitReport {
    /// The README.md of the folder: a model card of the Hub.
    func card(baseModel: String, data: String, heldOutData: String) -> String {
        let measured = (metrics.map { "- \($0.name): \($0.value)" } + calibrationLines).joined(separator: "\n")
        let table = table.map { "\n```\n\($0.joined(separator: "\n"))\n```\n" } ?? ""
        let weights = classWeights.map { weights in
            " Weights of the labels: \(weights.map { Decimals.significant($0) }.joined(separator: ", "))."
        }
        return """
            ---
            library_name: transformers
            pipeline_tag: text-classification
            ---
            # A \(problemType == .regression ? "regression" : "classifier") over \(baseModel)

            A \(problemType == .regression ? "ridge" : "logistic") regression over frozen features: only the last \
            layer was fitted, by `swiftlet fit` \(SwiftletVersion.current). The encoder's weights are \(baseModel)'s.

            - Labels: \(labels.map { "`\($0)`" }.joined(separator: ", ")) (\(problemType.rawValue)).
            - Data: \(texts.training) texts of \(data); this program does not know their source or their owner.
            - Features: \(features). Penalty: C = \(Decimals.significant(inversePenalty)) \
            \(crossValidation == nil ? "(given)" : "(by cross-validation)").\(weights ?? "")

            ## Measured

            On \(texts.heldOut) texts of \(heldOutData), which were not used for training:

            \(measured)
            \(table)
            ## Limits

            The model learnt only from those texts, and \(gift) to any text, however different. \
            Measure it on your own texts before you rely on it.

            """
    }

    private var gift: String {
        switch problemType {
        case .singleLabel: "gives one of its labels"
        case .multiLabel: "gives its labels"
        case .regression: "gives a number"
        }
    }

    private var calibrationLines: [String] {
        guard let calibration else { return [] }
        let rows = calibration.rows.map { "- \($0[0]): \($0[1])" }
        guard calibration.temperature.value != nil else { return rows }
        return rows + [
            "- `calibration_temperature` in config.json: logits divided by it give calibrated scores "
                + "(`\"calibrated\": true` in a request to `swiftlet serve`)."
        ]
    }
}
