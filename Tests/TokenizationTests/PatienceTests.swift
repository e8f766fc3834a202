import Synchronization
import Testing

@testable import Tokenization

/// Tests of the questions whether anybody still waits, which are asked while long texts are tokenized.
@Suite("A long text", .timeLimit(.minutes(10)))
struct PatienceTests {
    /// The calls of ``Tokenizer/isAwaited``, of which those after the first `patience` are answered with no.
    private final class Listener: Sendable {
        let calls = Mutex((count: 0, last: ContinuousClock.now, longest: Duration.zero))
        let patience: Int

        init(patience: Int = .max) { self.patience = patience }

        func ask() -> Bool {
            calls.withLock { calls in
                let now = ContinuousClock.now
                calls.longest = max(calls.longest, calls.last.duration(to: now))
                calls.last = now
                calls.count += 1
                return calls.count <= patience
            }
        }

        var count: Int { calls.withLock(\.count) }
        /// The longest time between two calls, or between the last one and now.
        var longest: Duration { calls.withLock { max($0.longest, $0.last.duration(to: .now)) } }
    }

    /// What texts are made of: words, ideographs, accents, one word, spaces, digits, and marks on one letter.
    static let parts = [
        "a fine film, ", "\u{6620}\u{753B}", "caf\u{E9} e\u{301}\u{323}a ", "x", "\u{E9}", " ", "\u{2003}", "7",
        "\u{301}",
    ]
    static let steps = [
        #"{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":true,"lowercase":true}"#,
        #"{"type":"NFKC"}"#, #"{"type":"NFD"}"#, #"{"type":"Lowercase"}"#, #"{"type":"StripAccents"}"#,
        #"{"type":"Strip","strip_left":true,"strip_right":true}"#, #"{"type":"Nmt"}"#,
        #"{"type":"Prepend","prepend":"a"}"#,
        #"{"type":"Replace","pattern":{"String":"x"},"content":"ab"}"#,
    ]
    static let splits = [
        #"{"type":"Whitespace"}"#, #"{"type":"Punctuation","behavior":"MergedWithNext"}"#,
        #"{"type":"Digits","individual_digits":true}"#, #"{"type":"FixedLength","length":3}"#,
        #"{"type":"CharDelimiterSplit","delimiter":"x"}"#,
        #"{"type":"Split","pattern":{"String":"a"},"behavior":"Contiguous","invert":false}"#,
    ]

    private func tokenizer(_ normalizers: [String], _ splits: [String]) throws -> Tokenizer {
        var sections = TokenizerJSONSections()
        sections.normalizer = #"{"type":"Sequence","normalizers":[\#(normalizers.joined(separator: ","))]}"#
        sections.preTokenizer = #"{"type":"Sequence","pretokenizers":[\#(splits.joined(separator: ","))]}"#
        return try TestFiles.withDirectory(["tokenizer.json": sections.text]) { try Tokenizer(directory: $0) }
    }

    private func check(_ tokenizer: Tokenizer, _ part: String, bytes: Int) throws {
        let text = String(repeating: part, count: bytes / part.utf8.count)
        let listener = Listener()
        let tokens = try Tokenizer.$isAwaited.withValue(listener.ask) { try tokenizer.encode(text) }
        #expect(listener.count > bytes / 65_536)
        // A release build takes a millisecond; a debug build on a busy machine takes seconds.
        #expect(listener.longest < .seconds(20), "\(part.debugDescription): \(listener.longest)")
        #expect(try tokenizer.encode(text) == tokens)
        let impatient = Listener(patience: 1)
        #expect(throws: TokenizerError.abandoned) {
            try Tokenizer.$isAwaited.withValue(impatient.ask) { try tokenizer.encode(text) }
        }
        // Each loop that is left over asks once, at most.
        #expect(impatient.count < 100, "\(part.debugDescription): \(impatient.count)")
    }

    @Test("is left half-way by BERT's tokenizer when nobody waits, whatever it is made of", arguments: parts)
    func bert(part: String) throws { try check(TestFiles.uncased(), part, bytes: 300_000) }

    @Test("is left half-way by any other parts when nobody waits, whatever it is made of", arguments: parts)
    func anyParts(part: String) throws { try check(tokenizer(Self.steps, Self.splits), part, bytes: 200_000) }

    @Test("that is decoded is left half-way too")
    func decoding() throws {
        let ids = [Int32](repeating: 2003, count: 100_000)
        let listener = Listener(patience: 1)
        #expect(throws: TokenizerError.abandoned) {
            try Tokenizer.$isAwaited.withValue(listener.ask) { try TestFiles.uncased().decode(ids) }
        }
    }
}
