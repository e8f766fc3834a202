import Encoder

/// Whether one text goes on with another.
package struct NextSentence: Sendable, Equatable {
    /// The probability that the second text follows the first.
    package let isNext: Float
    /// The probability that it comes from elsewhere.
    package let notNext: Float
    /// What these are the softmax of, in the same order.
    package let logits: [Float]
}

/// A text with its possible continuations or answers.
package struct ChoiceQuestion: Sendable, Equatable {
    /// What all choices share.
    package var prompt: String
    /// At least one.
    package var choices: [String]

    /// A prompt with its choices.
    package init(prompt: String, choices: [String]) {
        self.prompt = prompt
        self.choices = choices
    }
}

/// Which of its choices a question's answer is.
package struct ChoiceAnswer: Sendable, Equatable {
    /// The best choice's index.
    package let index: Int
    /// Of each choice, which add up to 1.
    package let probabilities: [Float]
    /// What these are the softmax of.
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

    /// The choice that goes best with each prompt: prompt and choice are encoded as a pair, each choice by itself.
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
