package import Encoder
import Foundation
import JSON
import Tokenization

/// Whether one text follows another.
package struct NextSentence: Sendable, Equatable {
    /// The probability that the second text follows the first.
    package let isNext: Float
    /// The probability that the second text comes from elsewhere.
    package let notNext: Float
    /// The logits whose softmax these probabilities are, in the same order.
    package let logits: [Float]
}

/// A text with its possible continuations or answers.
package struct ChoiceQuestion: Sendable, Equatable {
    /// The text that all choices share.
    package var prompt: String
    /// At least one.
    package var choices: [String]

    /// A prompt with its choices.
    package init(prompt: String, choices: [String]) {
        self.prompt = prompt
        self.choices = choices
    }
}

/// The choice that answers a question.
package struct ChoiceAnswer: Sendable, Equatable {
    /// The best choice's index.
    package let index: Int
    /// The probability of each choice. They add up to 1.
    package let probabilities: [Float]
    /// The logits whose softmax the probabilities are.
    package let logits: [Float]
}

extension InferenceService {
    /// Whether the second text of each pair follows the first.
    ///
    /// - Throws: `missingHead`, `pairExpected`, and what other tasks throw.
    package func nextSentence(_ inputs: [TextInput], options: InputOptions) async throws -> Outcome<[NextSentence]> {
        try require(.nextSentence)
        for (index, input) in inputs.enumerated() {
            guard case .pair = input else { throw TaskError.pairExpected(input: index) }
        }
        let outcome = try await run(inputs, options, computing: .nextSentenceLogits)
        let answers = outcome.value.map { output in
            let shares = ScoreFunction.softmax.scores(logits: output.values)
            return NextSentence(isNext: shares[0], notNext: shares[1], logits: output.values)
        }
        return Outcome(value: answers, usage: outcome.usage)
    }

    /// The best choice for each prompt. Prompt and choice are encoded as a pair, each choice by itself.
    ///
    /// - Throws: `missingHead`, `noChoices`, and what other tasks throw.
    package func choose(_ questions: [ChoiceQuestion], options: InputOptions) async throws -> Outcome<[ChoiceAnswer]> {
        try require(.multipleChoice)
        for (index, question) in questions.enumerated() where question.choices.isEmpty {
            throw TaskError.noChoices(input: index)
        }
        let pairs = questions.flatMap { question in question.choices.map { TextInput.pair(question.prompt, $0) } }
        let sources = questions.enumerated().flatMap { index, question in question.choices.map { _ in index } }
        let outcome = try await naming({ sources[$0] }) { try await run(pairs, options, computing: .logits) }
        var logits = outcome.value.map { $0.values[0] }[...]
        let answers = questions.map { question in
            let own = Array(logits.prefix(question.choices.count))
            logits = logits.dropFirst(question.choices.count)
            let best = own.indices.reduce(0) { own[$1] > own[$0] ? $1 : $0 }
            return ChoiceAnswer(index: best, probabilities: ScoreFunction.softmax.scores(logits: own), logits: own)
        }
        return Outcome(value: answers, usage: outcome.usage)
    }
}

/// How `/zero_shot` treats its texts.
package struct ZeroShotOptions: Sendable, Equatable {
    /// How long texts are treated. A label's hypothesis is never cut.
    package var input = InputOptions()
    /// The labels: what a text may be about.
    package var labels: [String]
    /// The template of a hypothesis. A label takes the place of `{}`.
    package var hypothesisTemplate = "This example is {}."
    /// Whether each label is judged by itself. Otherwise the scores add up to 1.
    package var isMultiLabel = false

    /// The defaults of transformers' pipeline.
    package init(labels: [String]) {
        self.labels = labels
    }

    /// The longest hypothesis template, in Unicode scalars. The template is repeated for each label of each text.
    private static let maxTemplateLength = 10_000

    /// The labels of a list with commas.
    package static func labels(separatedByCommas text: String) -> [String] {
        text.pieces(separatedBy: ",").map { String($0.stripped) }.filter { !$0.isEmpty }
    }

    /// The hypothesis of a label: the template with the label in the place of `{}` or `{0}`. Doubled braces stand for
    /// single ones, as in Python.
    func hypothesis(of label: String) throws(TaskError) -> String {
        let template = hypothesisTemplate
        let length = template.unicodeScalars.count
        guard length <= Self.maxTemplateLength else {
            throw .invalidTemplate("it has \(length) characters, at most \(Self.maxTemplateLength) are taken")
        }
        var hypothesis = ""
        var isFilled = false
        var rest = template[...]
        while let first = rest.unicodeScalars.first {
            if let after = rest.rest(after: "{}") ?? rest.rest(after: "{0}") {
                hypothesis += label
                isFilled = true
                rest = after
            } else {
                hypothesis.unicodeScalars.append(first)
                let isDoubled = rest.begins(with: "{{") || rest.begins(with: "}}")
                rest = Substring(rest.unicodeScalars.dropFirst(isDoubled ? 2 : 1))
            }
        }
        guard isFilled else { throw .invalidTemplate("it must have {} where the label goes") }
        return hypothesis
    }
}

/// A label with how well it fits a text.
package struct LabelScore: Sendable, Equatable {
    /// The label as it was given.
    package let label: String
    /// The label's probability: among all labels, or of entailment rather than contradiction.
    package let score: Float
}

extension SequenceClassifier {
    /// The class of entailment: the first in `label2id` whose name begins with "entail", in any case.
    fileprivate var entailmentID: Int? { labelIDs.first { $0.label.lowercased().begins(with: "entail") }?.id }

    /// Whether the labels are those of natural language inference, so that zero-shot scores mean something. (As in the
    /// pipeline, other models with more than one label compute them too.)
    package var judgesEntailment: Bool { labels.count > 1 && entailmentID != nil }
}

extension InferenceService {
    /// The labels that fit each text, best first, by a model of natural language inference, as in transformers'
    /// zero-shot-classification pipeline: the text is the premise, and each label makes a hypothesis.
    ///
    /// - Throws: `missingHead`, `notEntailmentModel`, `noLabels`, `labelTooLong`, `invalidTemplate`, `tooManyInputs` if
    ///   texts times labels are more than a request may have inputs, and what other tasks throw.
    package func zeroShot(_ texts: [String], options: ZeroShotOptions) async throws -> Outcome<[[LabelScore]]> {
        let classifier = try classifier()
        guard classifier.labels.count > 1 else { throw TaskError.notEntailmentModel }
        guard !options.labels.isEmpty else { throw TaskError.noLabels }
        let (count, limit) = (texts.count * options.labels.count, configuration.maxClientBatchSize)
        guard count <= limit else { throw InferenceError.tooManyInputs(count: count, limit: limit) }
        let hypotheses = try options.labels.map { try options.hypothesis(of: $0) }
        let pairs = texts.flatMap { text in hypotheses.map { TextInput.pair(text, $0) } }
        var input = options.input
        input.truncationStrategy = .onlyFirst
        let outcome = try await naming({ $0 / hypotheses.count }) {
            do {
                return try await run(pairs, input, computing: .logits)
            } catch InferenceError.tooLong(let pair, let tokens, let limit) {
                try checkLength(of: hypotheses[pair % hypotheses.count], options.labels[pair % hypotheses.count], limit)
                throw InferenceError.tooLong(input: pair, tokens: tokens, limit: limit)
            }
        }
        // As in the pipeline: if no label is called entailment, the last is it; its opposite is the first label, or
        // else the last.
        let entailment = classifier.entailmentID
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

    /// - Throws: `labelTooLong` if a hypothesis is too long even beside an empty text.
    private func checkLength(of hypothesis: String, _ label: String, _ limit: Int) throws {
        let tokens = try tokenizer().encode("", pair: hypothesis, options: EncodingOptions(collectOffsets: false)).count
        guard tokens > limit else { return }
        throw TaskError.labelTooLong(label, tokens: tokens, limit: limit)
    }
}
