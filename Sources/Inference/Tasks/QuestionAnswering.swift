import Encoder
import Time
import Tokenization

/// A question, and the text in which its answer is searched.
package struct Question: Sendable, Equatable {
    /// The question.
    package var question: String
    /// The context, a text of any length.
    package var context: String

    /// A question with its context. Neither may be empty.
    package init(question: String, context: String) {
        self.question = question
        self.context = context
    }
}

/// The options of question answering. Names, defaults and meaning are those of transformers' pipeline.
package struct QuestionAnsweringOptions: Sendable, Equatable {
    /// How many answers to give, best first.
    package var topK = 1
    /// The most tokens of an answer.
    package var maxAnswerLength = 15
    /// The most tokens of a window, question and special tokens included; nil for 384. Never more than the model takes.
    package var maxSequenceLength: Int?
    /// How many tokens of the context a window shares with the one before it; nil for 128, or less where windows are
    /// short.
    package var documentStride: Int?
    /// The most tokens of the question; more are cut.
    package var maxQuestionLength = 64
    /// Whether "there is no answer" is a possible answer.
    package var acceptsNoAnswer = false
    /// Whether answers are made to begin and end with whole words.
    package var alignsToWords = true

    /// The pipeline's defaults.
    package init() {}
}

/// A part of the context that answers a question. If nothing is between `start` and `end`, there is no answer.
package struct Answer: Sendable, Equatable {
    /// The probability that the answer is right, summed over all places with the same text.
    package let score: Double
    /// The answer's beginning in the context, in Unicode scalars.
    package let start: Int
    /// The answer's end.
    package let end: Int
    /// The context's own text.
    package let text: String
}

extension InferenceService {
    /// The most answers to a question. Until they are sorted, a multiple of this is held for every window of the
    /// context.
    package static let maxAnswers = 100
    /// The default length of a window, in tokens: that of SQuAD models' training.
    private static let defaultWindowLength = 384
    /// The default number of tokens that neighbouring windows share.
    private static let defaultOverlap = 128

    /// The answers to each question, best first, at most `topK` and at least one.
    ///
    /// A context that is too long for the model is divided into overlapping windows, each of which is a sequence of its
    /// own in the scheduler.
    package func answers(
        to questions: [Question],
        options: QuestionAnsweringOptions
    ) async throws -> Outcome<[[Answer]]> {
        try require(.questionAnswering)
        try check(options)
        try checkCount(questions.count)
        let started = Instant.now
        var usage = Usage()
        var divided: [WindowedQuestion] = []
        var encodings: [Encoding] = []
        for (index, question) in questions.enumerated() {
            try RequestOptions.check()
            let windows = try windowed(question, index: index, options)
            try checkWindows(encodings.count + windows.ranges.count)
            encodings += windows.ranges.map { windows.tokens.encoding(of: $0, collectOffsets: false) }
            usage.characters += question.question.unicodeScalars.count + question.context.unicodeScalars.count
            usage.truncatedInputs += windows.tokens.truncatedTokenCount > 0 ? 1 : 0
            divided.append(windows)
        }
        usage.tokenizationTime = started.duration(to: .now)
        let counts = divided.map(\.ranges.count)
        let outcome = try await outputs(ofWindows: encodings, counts: counts, .spanLogits, usage: usage)
        var first = 0
        let answers = try zip(questions, divided).map { question, windows in
            defer { first += windows.ranges.count }
            let rows = first..<first + windows.ranges.count
            return try windows.answers(in: question.context, encodings[rows], outcome.value[rows], options)
        }
        return Outcome(value: answers, usage: outcome.usage)
    }

    private func check(_ options: QuestionAnsweringOptions) throws(InferenceError) {
        try check("top_k", options.topK, atLeast: 1, atMost: Self.maxAnswers)
        try check("max_answer_len", options.maxAnswerLength, atLeast: 1)
        try check("max_question_len", options.maxQuestionLength, atLeast: 1)
        try check("max_seq_len", options.maxSequenceLength ?? 1, atLeast: 1)
        try check("doc_stride", options.documentStride ?? 0, atLeast: 0)
    }

    private func windowed(
        _ question: Question,
        index: Int,
        _ options: QuestionAnsweringOptions
    ) throws -> WindowedQuestion {
        guard !question.question.isEmpty else { throw InferenceError.emptyText("question", input: index) }
        guard !question.context.isEmpty else { throw InferenceError.emptyText("context", input: index) }
        let maxLength = min(options.maxSequenceLength ?? Self.defaultWindowLength, maxInputLength)
        let tokens = try tokenizer().windows(
            dividing: question.context,
            behind: question.question,
            maxLength: maxLength,
            maxLeadingLength: options.maxQuestionLength
        )
        guard tokens.capacity > 0 else {
            throw InferenceError.noCapacityForContext(input: index, question: tokens.leadingCount, maxLength: maxLength)
        }
        var overlap = min(maxLength / 2, Self.defaultOverlap)
        if overlap >= tokens.capacity { overlap = tokens.capacity / 2 }
        if let stride = options.documentStride {
            // As in the pipeline, which complains only if it has to divide.
            guard stride < tokens.capacity || tokens.fitsOneWindow else {
                throw InferenceError.overlapTooLong("doc_stride", stride, capacity: tokens.capacity)
            }
            overlap = min(stride, tokens.capacity - 1)
        }
        return WindowedQuestion(tokens: tokens, ranges: tokens.windows(overlap: overlap))
    }
}

/// A question with its context, as tokens.
private struct WindowedQuestion {
    let tokens: TokenWindows
    /// The context's windows.
    let ranges: [Range<Int>]

    /// The answers that follow from the outputs for the windows.
    func answers(
        in context: String,
        _ encodings: ArraySlice<Encoding>,
        _ outputs: ArraySlice<EncoderOutput>,
        _ options: QuestionAnsweringOptions
    ) throws -> [Answer] {
        var answers = AnswerCollection(context: context)
        var nullScore = 1.0
        // As many as the pipeline takes of each window: which answer is best depends on this number, because several
        // spans may become one answer.
        let count = options.alignsToWords ? 2 * options.topK + 10 : options.topK
        for ((range, encoding), output) in zip(zip(ranges, encodings), outputs) {
            try RequestOptions.check()
            let place = encoding.sequenceIDs.firstIndex(of: 1) ?? 0
            let spans = AnswerSpans(
                logits: output.values,
                context: place..<place + range.count,
                hasNullToken: encoding.specialTokensMask.first ?? false,
                maxLength: options.maxAnswerLength,
                count: count
            )
            nullScore = min(nullScore, spans.nullScore)
            for span in spans.spans {
                let tokens = range.lowerBound + span.tokens.lowerBound...range.lowerBound + span.tokens.upperBound
                let bytes = self.tokens.bytes(of: tokens, wholeWordsIn: options.alignsToWords ? range : nil)
                answers.add(bytes, score: span.score)
            }
        }
        return answers.best(options.topK, nullScore: options.acceptsNoAnswer ? nullScore : nil)
    }
}
