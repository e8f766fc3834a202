import Encoder
import Foundation
import Host
import Training

/// `report.html`: what a run did and what its model makes of the validation examples, for people.
struct TrainingPage {
    static let name = "report.html"
    /// The validation examples with the largest losses that are shown.
    private static let hardest = 20
    /// A longer text is cut.
    private static let longestText = 600
    private static let longestFact = 300
    /// The labels of the largest matrix that is shown whole.
    private static let largestMatrix = 16
    /// Points of a picture of predicted values.
    private static let mostPoints = 2000
    private static let ratePoints = 128

    var title: String
    var report: TrainingReport
    /// The validation examples, and what is shown of each.
    var validation: TrainingSet?
    var shown: ((Int, TokenizedExample, ExampleOutput) -> ShownExample)?
    /// The names and values of all settings.
    var settings: [(name: String, value: String)]

    private var loss: Loss { report.settings.loss }
    private var labels: [String] { report.labels }
    private var evaluation: Evaluation? { report.evaluation }

    var html: String {
        var page = HTMLPage(title: title)
        page.add("<h1>\(HTMLPage.escaped(title))</h1>")
        page.add("<p class=\"quiet\">Trained by swiftlet train \(SwiftletVersion.current): \(summary)</p>")
        page.addFigures(figures)
        let charts = charts.compactMap(\.html)
        if !charts.isEmpty {
            page.addSection("Course of the training", "<div class=\"charts\">\(charts.joined(separator: "\n"))</div>")
        }
        if let evaluation { addPredictions(evaluation, to: &page) }
        page.addSection("Settings", HTMLPage.table(heading: [], settings.map { [$0.name, $0.value] }, isText: true))
        return page.text
    }

    private var summary: String {
        let texts = report.texts
        let measured = texts.validation > 0 ? "measured on \(texts.validation) others" : "not measured"
        let best = report.state.best.map { ", and is that of step \($0.step)" } ?? ""
        return HTMLPage.escaped(
            "\(report.state.step) of \(report.totalSteps) steps, \(report.ending). The model learnt from "
                + "\(texts.training) \(report.task.unit), was \(measured)\(best)."
        )
    }

    private var figures: [(name: String, value: String)] {
        var measured = report.metrics.map { ("validation \($0.name)", Decimals.fixed($0.value, digits: 4)) }
        if let error = report.calibration?.before.expectedCalibrationError {
            measured.append(("calibration error", Decimals.fixed(100 * error, digits: 2) + " %"))
        }
        guard let last = report.state.curve.points.last else { return measured }
        return measured + [("training loss, last steps", Decimals.fixed(last.loss, digits: 4))]
    }

    // MARK: Curves

    private func logged(_ key: String) -> [(x: Double, y: Double)] {
        report.state.log.compactMap { entry in entry.values[key].map { (Double(entry.step), $0) } }
    }

    private var charts: [Chart] {
        let best = report.state.best.map { (Double($0.step), "best") }
        let training = report.state.curve.points.map { (x: Double($0.step), y: $0.loss) }
        let measured = logged("eval_loss")
        var losses = [Chart.Series(name: "training", points: training)]
        if !measured.isEmpty { losses.append(.init(name: "validation", points: measured, hasMarks: true)) }
        let metrics = Metric.allCases.filter { $0 != .loss }.map { metric in
            Chart.Series(name: metric.rawValue, points: logged("eval_\(metric.rawValue)"), hasMarks: true)
        }.filter { !$0.points.isEmpty }
        let rates = report.settings.rates(totalSteps: report.totalSteps)
        let places = stride(from: 0, through: Self.ratePoints, by: 1).map { report.state.step * $0 / Self.ratePoints }
        let rate = places.map { (x: Double($0), y: rates.rate(after: $0)) }
        let norms = logged("grad_norm")
        return [
            Chart(title: "Loss", xName: "step", series: losses, mark: best),
            Chart(title: "Metrics of the validation", xName: "step", series: metrics, mark: best),
            Chart(title: "Learning rate", xName: "step", series: [.init(name: "learning rate", points: rate)]),
            Chart(title: "Norm of the gradients", xName: "step", series: [.init(name: "norm", points: norms)]),
        ]
    }

    // MARK: Predictions

    private func addPredictions(_ evaluation: Evaluation, to page: inout HTMLPage) {
        if let confusion = evaluation.confusion {
            page.addSection("Right and predicted labels", matrix(confusion))
            let rows = labels.indices.map { index in
                row(
                    labels[index],
                    confusion.precision(index),
                    confusion.recall(index),
                    confusion.f1(index),
                    confusion.counts[index].reduce(0, +)
                )
            }
            page.addSection("Each label", HTMLPage.table(heading: labelHeading, rows))
        }
        if let sets = evaluation.labelSets {
            let rows = labels.indices.map { index in
                row(labels[index], sets.precision(index), sets.recall(index), sets.f1(index), sets.truth[index])
            }
            page.addSection("Each label", HTMLPage.table(heading: labelHeading, rows))
        }
        if let calibration = report.calibration { addCalibration(calibration, to: &page) }
        guard let validation, validation.examples.count == evaluation.outputs.count else { return }
        if let scatter = scatter(evaluation, validation), let html = scatter.html {
            let isRegression = loss.kind == .sequences(.regression)
            page.addSection(isRegression ? "Right and predicted values" : "Scores and cosines", html)
        }
        if let shown { page.addSection("Hardest validation examples", hardest(evaluation, validation, shown)) }
    }

    private func addCalibration(_ calibration: Calibration, to page: inout HTMLPage) {
        let tables =
            [("as it is", calibration.before)] + (calibration.after.map { [("with the temperature", $0)] } ?? [])
        let series = tables.map { name, table in
            let bins = table.bins.filter { $0.count > 0 }
            return Chart.Series(name: name, points: bins.map { ($0.confidence, $0.accuracy) }, hasMarks: true)
        }
        let chart = Chart(
            title: "Scores, and how often they are right",
            xName: "mean score",
            series: series,
            form: .comparison,
            yName: "fraction that is right",
            scale: [0, 1]
        )
        let rows = HTMLPage.table(heading: [], calibration.rows, isText: true)
        page.addSection("Calibration", "<div class=\"charts\">\(chart.html ?? "")\n\(rows)</div>")
    }

    private var labelHeading: [String] {
        let counted = if case .tokens = loss.kind { "tokens" } else { "texts" }
        return ["label", "precision", "recall", "F1", counted]
    }

    private func row(_ label: String, _ precision: Double, _ recall: Double, _ f1: Double, _ count: Int) -> [String] {
        [label] + [precision, recall, f1].map { Decimals.fixed($0, digits: 4) } + ["\(count)"]
    }

    private func matrix(_ confusion: ConfusionMatrix) -> String {
        guard labels.count <= Self.largestMatrix else { return confusions(confusion) }
        let names = labels.map { HTMLPage.escaped(Columns.shown($0, width: 40)) }
        let head = names.map { "<th dir=\"auto\">\($0)</th>" }.joined()
        let rows = labels.indices.map { truth in
            let total = max(1, confusion.counts[truth].reduce(0, +))
            let cells = labels.indices.map { predicted in
                let count = confusion.counts[truth][predicted]
                let part = Decimals.fixed(Double(count) / Double(total), digits: 3)
                return "<td\(truth == predicted ? " class=\"right\"" : "") style=\"--part: \(part)\">\(count)</td>"
            }
            return "<tr><th dir=\"auto\">\(names[truth])</th>\(cells.joined())</tr>"
        }
        return
            "<p class=\"quiet\">A row stands for a right label, a column for a predicted one.</p>\n"
            + "<div class=\"wide matrix\"><table><thead><tr><th></th>\(head)</tr></thead><tbody>\n"
            + rows.joined(separator: "\n") + "\n</tbody></table></div>"
    }

    /// The most frequent mistakes, where a matrix would be too large to read.
    private func confusions(_ confusion: ConfusionMatrix) -> String {
        let pairs = labels.indices.flatMap { truth in
            labels.indices.filter { $0 != truth && confusion.counts[truth][$0] > 0 }.map { (truth, $0) }
        }
        let most = pairs.sorted { confusion.counts[$0.0][$0.1] > confusion.counts[$1.0][$1.1] }.prefix(Self.hardest)
        let rows = most.map { [labels[$0.0], labels[$0.1], "\(confusion.counts[$0.0][$0.1])"] }
        return HTMLPage.table(heading: ["right label", "predicted", "texts"], rows, isText: true)
    }

    /// Predicted values by the right ones: those of a regression, or the cosines of pairs with scores.
    private func scatter(_ evaluation: Evaluation, _ validation: TrainingSet) -> Chart? {
        let isRegression = loss.kind == .sequences(.regression)
        guard isRegression || loss.kind.hasScoredPairs else { return nil }
        let step = max(1, evaluation.outputs.count / Self.mostPoints)
        var points: [(x: Double, y: Double)] = []
        for index in stride(from: 0, to: evaluation.outputs.count, by: step) {
            let output = evaluation.outputs[index]
            guard case .values(let values) = validation.examples[index].target, let right = values.first else {
                continue
            }
            points.append((Double(right), isRegression ? Double(output.values.first ?? 0) : output.cosine))
        }
        return Chart(
            title: isRegression ? "Predicted value, by right value" : "Cosine of each pair, by its score",
            xName: isRegression ? "right value" : "score",
            series: [Chart.Series(name: "texts", points: points)],
            form: isRegression ? .comparison : .points,
            yName: isRegression ? "predicted" : "cosine"
        )
    }

    private func hardest(
        _ evaluation: Evaluation,
        _ validation: TrainingSet,
        _ shown: (Int, TokenizedExample, ExampleOutput) -> ShownExample
    ) -> String {
        let difficulties = loss.difficulties(evaluation.outputs, of: validation.examples)
        let order = difficulties.indices.sorted { (difficulties[$0], $1) > (difficulties[$1], $0) }
        let items = order.prefix(Self.hardest).map { index in
            let example = shown(index, validation.examples[index], evaluation.outputs[index])
            let facts = (example.facts + [(difficulty.name, Decimals.significant(difficulties[index]))]).map { fact in
                let value = HTMLPage.escaped(Columns.shown(fact.value, width: Self.longestFact))
                return "<div>\(HTMLPage.escaped(fact.name)) <b dir=\"auto\">\(value)</b></div>"
            }
            let text = HTMLPage.escaped(Columns.shown(example.text, width: Self.longestText))
            return "<li><p dir=\"auto\">\(text)</p>\n<div class=\"facts\">\(facts.joined())</div></li>"
        }
        return "<p class=\"quiet\">\(difficulty.note) Mistakes in the data are often among them.</p>\n"
            + "<ol class=\"texts\">\n\(items.joined(separator: "\n"))\n</ol>"
    }

    /// By what examples are hard.
    private var difficulty: (name: String, note: String) {
        if loss.kind.hasScoredPairs {
            return ("ranks between", "Those whose place by cosine is farthest from their place by score.")
        }
        if case .similarity = loss.kind {
            return ("place of the positive", "Those whose anchor finds most wrong texts before its positive.")
        }
        return ("loss", "Those with the largest loss.")
    }
}

extension Loss.Kind {
    fileprivate var hasScoredPairs: Bool { if case .similarity(_, .scored) = self { true } else { false } }
}
