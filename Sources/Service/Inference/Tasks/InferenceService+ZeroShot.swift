import Encoder
import Foundation
import Tokenization

/// How `/zero_shot` treats its texts.
package struct ZeroShotOptions: Sendable, Equatable {
    /// What becomes of long texts; a label's hypothesis is never cut.
    package var input = InputOptions()
    /// What a text may be about.
    package var labels: [String]
    /// What becomes of a label that is put in the place of `{}`.
    package var hypothesisTemplate = "This example is {}."
    /// Whether labels are judged each by itself; else their scores add up to 1.
    package var isMultiLabel = false

    /// Everything as transformers' pipeline does it when nothing is said.
    package init(labels: [String]) {
        self.labels = labels
    }

    /// The labels of a text in which commas stand between them.
    package static func labels(separatedByCommas text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter { !$0.isEmpty }
    }
}

/// A label with how well it fits a text.
package struct LabelScore: Sendable, Equatable {
    /// The label as it was given.
    package let label: String
    /// Its probability: among all labels, or of entailment rather than contradiction.
    package let score: Float
}

extension InferenceService {
    /// The longest hypothesis template, in bytes: it is repeated for each label of each text.
    private static let maxTemplateBytes = 10_000

    /// The labels that fit each text, best first, by a model of natural language inference: the text is the premise,
    /// and each label makes a hypothesis. As transformers' zero-shot-classification pipeline does it.
    ///
    /// - Throws: `missingHead`, `notEntailmentModel`, `noLabels`, `invalidTemplate`, `tooManyInputs` where texts times
    ///   labels are more than a request may have inputs, and what other tasks throw.
    package func zeroShot(_ texts: [String], options: ZeroShotOptions) async throws -> Outcome<[[LabelScore]]> {
        let classifier = try classifier()
        guard classifier.labels.count > 1 else { throw TaskError.notEntailmentModel }
        guard !options.labels.isEmpty else { throw TaskError.noLabels }
        let (count, limit) = (texts.count * options.labels.count, configuration.maxClientBatchSize)
        guard count <= limit else { throw InferenceError.tooManyInputs(count: count, limit: limit) }
        let hypotheses = try options.labels.map { try hypothesis(options.hypothesisTemplate, $0) }
        let pairs = texts.flatMap { text in hypotheses.map { TextInput.pair(text, $0) } }
        var input = options.input
        input.truncationStrategy = .onlyFirst
        let outcome = try await naming({ $0 / hypotheses.count }) {
            try await run(pairs, input, computing: .logits)
        }
        // As there: the last label where none is called so, and its opposite is the first, or else the last.
        let entailment = classifier.labelIDs.first { $0.label.lowercased().hasPrefix("entail") }?.id
        let (entailed, contradicted) = (
            entailment ?? classifier.labels.count - 1, entailment == 0 ? classifier.labels.count - 1 : 0
        )
        let answers = texts.indices.map { text in
            let own = outcome.value[text * hypotheses.count..<(text + 1) * hypotheses.count].map(\.values)
            let scores =
                if options.isMultiLabel || own.count == 1 {
                    own.map { ScoreFunction.softmax.scores(logits: [$0[contradicted], $0[entailed]])[1] }
                } else {
                    ScoreFunction.softmax.scores(logits: own.map { $0[entailed] })
                }
            return zip(options.labels, scores).map(LabelScore.init).sorted { $0.score > $1.score }
        }
        return Outcome(value: answers, usage: outcome.usage)
    }

    /// The template with the label in the place of `{}` or `{0}`; doubled braces stand for single ones, as in Python.
    private func hypothesis(_ template: String, _ label: String) throws(TaskError) -> String {
        guard template.utf8.count <= Self.maxTemplateBytes else {
            throw .invalidTemplate("it has \(template.utf8.count) bytes, at most \(Self.maxTemplateBytes) are taken")
        }
        var hypothesis = ""
        var isFilled = false
        var rest = template[...]
        while let first = rest.first {
            let mark = ["{{", "}}", "{}", "{0}"].first { rest.hasPrefix($0) }
            rest = rest.dropFirst(mark?.count ?? 1)
            switch mark {
            case "{{": hypothesis.append("{")
            case "}}": hypothesis.append("}")
            case nil: hypothesis.append(first)
            default:
                hypothesis += label
                isFilled = true
            }
        }
        guard isFilled else { throw .invalidTemplate("it must have {} where the label goes") }
        return hypothesis
    }
}
