import Encoder
import Inference

extension TextModel {
    /// A part of a context that answers a question.
    public struct Answer: Sendable, Equatable {
        /// The context's own words.
        public let text: String
        /// Where they stand in the context.
        public let range: Range<String.Index>
        /// The probability that they are the answer.
        public let score: Float
    }

    /// The answers to a question in a context, best first: at most `count`, and at least one.
    ///
    /// - Parameters:
    ///   - question: A question, not empty.
    ///   - context: A text of any length, not empty. A long one is divided into windows.
    ///   - count: 1 to 100.
    public func answer(_ question: String, in context: String, count: Int = 1) async throws -> [Answer] {
        var options = QuestionAnsweringOptions()
        options.topK = count
        let answers = try await run { [options] in
            try await service.answers(to: [Question(question: question, context: context)], options: options).value[0]
        }
        return answers.map { answer in
            Answer(
                text: answer.text,
                range: context.range(ofScalars: answer.start..<answer.end),
                score: Float(answer.score)
            )
        }
    }

    /// A token that may stand in a mask's place.
    public struct Candidate: Sendable, Equatable {
        /// The token; `##ing` for one that continues a word.
        public let token: String
        /// The token's id.
        public let id: Int
        /// The token's probability.
        public let score: Float
        /// The text with the token in the mask's place.
        public let text: String
    }

    /// The best candidates for each mask of a text, in the order of the masks.
    ///
    /// - Parameters:
    ///   - text: A text with at least one mask, which most vocabularies write `[MASK]`.
    ///   - count: How many candidates for each mask, at least 1.
    ///   - targets: The only tokens to consider; nil for the whole vocabulary.
    public func fillMask(_ text: String, count: Int = 5, targets: [String]? = nil) async throws -> [[Candidate]] {
        var options = FillMaskOptions()
        options.topK = count
        options.targets = targets
        return try await run { [options] in
            try await service.fillMasks([.text(text)], options: options).value[0].map { candidates in
                candidates.map {
                    Candidate(token: $0.tokenText, id: Int($0.token), score: $0.score, text: $0.sequence)
                }
            }
        }
    }

    /// The probability that a text follows another one, rather than coming from elsewhere.
    public func follows(_ text: String, after first: String) async throws -> Float {
        try await run {
            try await service.nextSentence([.pair(first, text)], options: InputOptions()).value[0].isNext
        }
    }

    /// The choices' probabilities, with the best one.
    public struct Choice: Sendable, Equatable {
        /// The index of the best choice.
        public let index: Int
        /// The probability of each choice, in their order. They add up to 1.
        public let probabilities: [Float]
    }

    /// The best continuation of, or answer to, a prompt.
    ///
    /// - Parameters:
    ///   - prompt: The text that all choices share.
    ///   - choices: At least one.
    public func choose(_ prompt: String, from choices: [String]) async throws -> Choice {
        try await run {
            let question = ChoiceQuestion(prompt: prompt, choices: choices)
            let answer = try await service.choose([question], options: InputOptions()).value[0]
            return Choice(index: answer.index, probabilities: answer.probabilities)
        }
    }
}
