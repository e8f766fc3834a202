import Tokenization
import Training

/// Contexts with questions and answers: the data of question answering.
struct QuestionTexts: TaskData {
    /// A question about a context.
    struct Question {
        /// Where it stands in the file, for messages.
        let place: String
        let text: String
        /// The right answers, with the bytes of the context where each stands; none where the context has no answer.
        let answers: [(text: String, bytes: Range<Int>)]
    }

    /// A context with its questions, which are held out together.
    struct Paragraph {
        let context: String
        var questions: [Question] = []
    }

    /// The most tokens of a window, and the tokens that it shares with the one before it: the defaults of transformers'
    /// `run_qa.py`.
    static let (defaultLength, defaultStride) = (384, 128)

    let labels: [String] = []
    private let stride: Int
    private var paragraphs: [Paragraph]

    /// Reads a file: SQuAD's JSON, or JSON Lines with a question on each line.
    ///
    /// - Parameter stride: the tokens that neighbouring windows of a context share.
    /// - Throws: `unusableText` with file and line, `noInput`, or `readFailed`.
    init(path: String, stride: Int) throws(CommandError) {
        self.stride = stride
        paragraphs = try QuestionReader(path: path).paragraphs()
        guard !paragraphs.isEmpty else { throw .unusableText(place: path, reason: "there are no questions") }
    }

    var classes: [Int] { Array(repeating: 0, count: paragraphs.count) }

    func subset(_ numbers: [Int]) -> QuestionTexts {
        var part = self
        part.paragraphs = numbers.map { paragraphs[$0] }
        return part
    }

    /// A window becomes an example. Where it has not all of the answer, the answer is its first token.
    func tokenized(_ tokenizer: inout ExampleTokenizer) throws(CommandError) -> TaskExamples {
        var examples: [TokenizedExample] = []
        var (windows, keys): ([AnswerWindow], [AnswerKey]) = ([], [])
        var questions: [String] = []
        for paragraph in paragraphs {
            for question in paragraph.questions {
                let divided = try divide(question, paragraph.context, tokenizer)
                for range in divided.ranges {
                    let encoding = divided.tokens.encoding(of: range, collectOffsets: true)
                    let sequence = try tokenizer.sequence(encoding, place: question.place)
                    let first = encoding.sequenceIDs.firstIndex(of: 1) ?? 0
                    let bytes = Array(encoding.offsets[first..<first + range.count])
                    windows.append(AnswerWindow(question: keys.count, first: first, bytes: bytes))
                    let span = Self.span(of: question.answers.first?.bytes, bytes)
                    let target = span.map { first + $0.lowerBound...first + $0.upperBound } ?? 0...0
                    examples.append(TokenizedExample([sequence], .span(target)))
                }
                questions.append(question.text)
                keys.append(AnswerKey(context: paragraph.context, answers: question.answers.map(\.text)))
            }
        }
        let scoring = AnswerScoring(windows, keys)
        return TaskExamples(set: TrainingSet(examples) { scoring.metrics($0) }) { number, example, output in
            guard case .span(let span) = example.target else { preconditionFailure("\(example.target) for a window") }
            let (right, found) = scoring.answers(ofWindow: number, right: span, output)
            return ShownExample(
                questions[windows[number].question],
                [("right", right ?? "no answer in this window"), ("found", found ?? "no answer")]
            )
        }
    }

    private func divide(
        _ question: Question,
        _ context: String,
        _ tokenizer: ExampleTokenizer
    ) throws(CommandError) -> (tokens: TokenWindows, ranges: [Range<Int>]) {
        let tokens: TokenWindows
        do {
            tokens = try tokenizer.tokenizer.windows(
                dividing: context,
                behind: question.text,
                maxLength: tokenizer.maxLength
            )
        } catch {
            throw .unusableText(place: question.place, reason: "\(error)")
        }
        guard tokens.capacity > 0 else {
            let reason =
                "the question has \(tokens.leadingCount) tokens, which leave no space for the context in "
                + "\(tokenizer.maxLength)"
            throw .unusableText(place: question.place, reason: reason)
        }
        let overlap = stride < tokens.capacity ? stride : tokens.capacity / 2
        return (tokens, tokens.windows(overlap: overlap))
    }

    /// The tokens of an answer: from the last one that begins at or before its beginning to the first one that ends at
    /// or behind its end; nil if they do not hold all of it.
    static func span(of answer: Range<Int>?, _ tokens: [Range<Int32>]) -> ClosedRange<Int>? {
        guard let answer, let start = tokens.lastIndex(where: { $0.lowerBound <= answer.lowerBound }),
            let end = tokens.firstIndex(where: { $0.upperBound >= answer.upperBound }), start <= end
        else { return nil }
        return start...end
    }
}
