import TestSupport
import Testing

@testable import Tokenization

@Suite("What holds for every text")
struct EncodingPropertyTests {
    let tokenizer: Tokenizer

    init() throws {
        tokenizer = try TestFiles.uncased()
    }

    /// The byte offsets at which the scalars of a text begin, and that of its end.
    private func boundaries(_ text: String) -> Set<Int32> {
        var place: Int32 = 0
        var places: Set<Int32> = [0]
        for scalar in text.unicodeScalars {
            place += Int32(UTF8.width(scalar))
            places.insert(place)
        }
        return places
    }

    private func check(_ text: String) throws {
        let encoding = try tokenizer.encode(text)
        let places = boundaries(text)
        #expect(encoding.ids.first == 101 && encoding.ids.last == 102)
        #expect(encoding.ids.allSatisfy { tokenizer.token(id: $0) != nil })
        let counts = [encoding.typeIDs.count, encoding.offsets.count, encoding.specialTokensMask.count]
        #expect(counts.allSatisfy { $0 == encoding.count } && encoding.sequenceIDs.count == encoding.count)
        var last: Range<Int32> = 0..<0
        for range in encoding.offsets.dropFirst().dropLast() {
            #expect(places.contains(range.lowerBound) && places.contains(range.upperBound), "\(text.debugDescription)")
            #expect(
                range.lowerBound >= last.lowerBound && range.upperBound >= last.upperBound,
                "\(text.debugDescription)"
            )
            #expect(!range.isEmpty, "\(text.debugDescription)")
            last = range
        }
    }

    @Test("Offsets only grow, lie on scalar boundaries inside the text, and are never empty")
    func offsetsOfRandomTexts() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<1500 { try check(RandomText.make(using: &generator)) }
    }

    @Test("BERT's own pass over a text gives what its parts give one after another")
    func ownPass() throws {
        let plain = [
            "the", "Film", "漢字", "привет", "Привет", "עברית", "don’t", "“quoted”", "naïve", "—", "\u{3000}", " ", ".",
            "が",
            "\u{301}", "\u{F900}", "x\u{200B}y", "🙂",
        ]
        var generator = SeededGenerator(seed: 8)
        for bits in 0..<16 {
            var parts = try TokenizerParts(directory: TestFiles.model)
            let normalizer = BertNormalizer(
                cleanText: bits & 1 != 0,
                handleChineseChars: bits & 2 != 0,
                stripAccents: bits & 4 != 0,
                lowercase: bits & 8 != 0
            )
            parts.normalizer = .bert(normalizer)
            let own = try Tokenizer(parts)
            parts.normalizer = .steps([.bert(normalizer)])
            let stepwise = try Tokenizer(parts)
            for _ in 0..<100 {
                let count = Int.random(in: 1...8, using: &generator)
                let words = (0..<count).map { _ in plain.randomElement(using: &generator) ?? "" }
                for text in [words.joined(), RandomText.make(using: &generator)] {
                    #expect(try own.encode(text) == stepwise.encode(text), "\(normalizer): \(text.debugDescription)")
                }
            }
        }
    }

    @Test("Random bytes, repaired into text, never fail")
    func randomBytes() throws {
        var generator = SeededGenerator(seed: 2)
        for count in 0..<300 { try check(RandomText.fromBytes(count, using: &generator)) }
    }

    @Test("Truncation never leaves more than the maximum, counts what it took, and keeps one end of the text")
    func truncation() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            let text = RandomText.make(using: &generator)
            let pair = Bool.random(using: &generator) ? RandomText.make(using: &generator) : nil
            let direction = TruncationDirection.allCases.randomElement(using: &generator) ?? .right
            let maximum = Int.random(in: 3...20, using: &generator)
            let whole = try tokenizer.encode(text, pair: pair)
            let options = EncodingOptions(truncation: Truncation(maxLength: maximum, direction: direction))
            let cut = try tokenizer.encode(text, pair: pair, options: options)
            #expect(cut.count == min(whole.count, maximum))
            #expect(cut.count + cut.truncatedTokenCount == whole.count)
            if pair == nil, cut.count > 2 {
                let kept = cut.ids.dropFirst().dropLast()
                let all = whole.ids.dropFirst().dropLast()
                #expect(kept.elementsEqual(direction == .right ? all.prefix(kept.count) : all.suffix(kept.count)))
            }
        }
    }

    @Test("A maximum below the number of special tokens is refused, and 0 is possible without them")
    func tooShort() throws {
        let error = TokenizerError.truncationTooShort(maxLength: 2, specialTokens: 3)
        #expect(throws: error) {
            try tokenizer.encode("a", pair: "b", options: EncodingOptions(truncation: Truncation(maxLength: 2)))
        }
        for maximum in [0, -5, Int.min] {
            let options = EncodingOptions(addSpecialTokens: false, truncation: Truncation(maxLength: maximum))
            if maximum < 0 {
                #expect(throws: TokenizerError.truncationTooShort(maxLength: maximum, specialTokens: 0)) {
                    try tokenizer.encode("a b", options: options)
                }
            } else {
                #expect(try tokenizer.encode("a b", options: options).ids == [])
            }
        }
        let unbounded = EncodingOptions(truncation: Truncation(maxLength: Int.max))
        #expect(try tokenizer.encode("a b", pair: "c", options: unbounded).count == 6)
    }

    @Test("Offsets are left out when they aren't wanted, and nothing else changes")
    func withoutOffsets() throws {
        var expected = try tokenizer.encode("some text", pair: "and more")
        expected.offsets = []
        #expect(
            try tokenizer.encode("some text", pair: "and more", options: EncodingOptions(collectOffsets: false))
                == expected
        )
        #expect(expected.offsets(in: .utf16, text: "some text", pair: "and more") == [])
    }

    @Test(
        "A long text of one kind takes linear time",
        .timeLimit(.minutes(10)),
        arguments: [
            "a", "é", "\u{301}", "\u{301}\u{323}", "\u{1D165}\u{302E}\u{301}", "漢", "가", ".", " ", "[", "[MASK",
            "[MASK]", "İ",
            "\u{F73}", "##", "un", "\u{0}", "\u{F900}",
        ]
    )
    func hugeInputs(unit: String) throws {
        let text = String(repeating: unit, count: 200_000 / unit.utf8.count)
        let encoding = try tokenizer.encode(text)
        #expect(encoding.offsets.allSatisfy { $0.upperBound <= 200_000 })
        #expect(encoding.offsets(in: .utf16, text: text).count == encoding.count)
    }

    @Test("Words of the vocabulary decode to themselves")
    func plainWordsSurviveDecoding() throws {
        var generator = SeededGenerator(seed: 4)
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let words = (0..<Int32(tokenizer.vocabularySize)).compactMap { tokenizer.token(id: $0) }
            .filter { $0.utf8.allSatisfy(letters.contains) }
        #expect(words.count > 20_000)
        for _ in 0..<200 {
            let text = (0..<8).map { _ in words.randomElement(using: &generator) ?? "" }.joined(separator: " ")
            let encoding = try tokenizer.encode(text)
            let decoded = try tokenizer.decode(encoding.ids)
            #expect(try tokenizer.encode(decoded).ids == encoding.ids || text.contains("do not"))
            #expect(try tokenizer.decode(encoding.ids) == decoded)
        }
    }
}
