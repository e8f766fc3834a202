import Testing

@testable import Tokenization

@Suite("The bundled model's tokenizer")
struct TokenizerTests {
    let tokenizer: Tokenizer

    init() throws {
        tokenizer = try Tokenizer(directory: TestFiles.model)
    }

    @Test("Its limits and ids are those of its files")
    func facts() {
        #expect(tokenizer.modelMaxLength == 512)
        #expect(tokenizer.vocabularySize == 30_522)
        #expect(tokenizer.padTokenID == 0)
        #expect(tokenizer.truncationDirection == .right)
        #expect(tokenizer.token(id: 7592) == "hello")
        #expect(
            tokenizer.token(id: -1) == nil && tokenizer.token(id: 30_522) == nil && tokenizer.token(id: .max) == nil
        )
        #expect(tokenizer.isSpecial(id: 103) && !tokenizer.isSpecial(id: 7592))
    }

    @Test("Segment ids, sequence ids and the mask distinguish a pair")
    func pair() throws {
        let encoding = try tokenizer.encode("Hello [SEP]", pair: "world")
        #expect(encoding.ids == [101, 7592, 102, 102, 2088, 102])
        #expect(encoding.typeIDs == [0, 0, 0, 0, 1, 1])
        #expect(encoding.sequenceIDs == [-1, 0, 0, -1, 1, -1])
        #expect(encoding.specialTokensMask == [true, false, false, true, false, true])
        #expect(encoding.offsets == [0..<0, 0..<5, 6..<11, 0..<0, 0..<5, 0..<0])
        #expect(encoding.truncatedTokenCount == 0)
    }

    @Test("A text gives the same with several pairs in turn as with each pair alone, whatever is cut")
    func sharedText() throws {
        let long = "Hello [SEP] Café world, once more and a last time"
        var shared = TokenizedText(long)
        for (pair, length) in [("world", 12), ("a much longer pair than the others are", 30), ("", 5), ("x", 512)] {
            for strategy in [TruncationStrategy.longestFirst, .onlyFirst] {
                let options = EncodingOptions(truncation: Truncation(maxLength: length, strategy: strategy))
                let alone = try tokenizer.encode(long, pair: pair, options: options)
                #expect(try tokenizer.encode(&shared, pair: pair, options: options) == alone)
            }
        }
        #expect(try tokenizer.encode(&shared) == tokenizer.encode(long))
    }

    @Test("Offsets count bytes, scalars or UTF-16 units of the original text")
    func offsetUnits() throws {
        let text = "né 😀 漢x"
        let encoding = try tokenizer.encode(text, pair: "😀.")
        #expect(encoding.offsets == [0..<0, 0..<3, 4..<8, 9..<12, 12..<13, 0..<0, 0..<4, 4..<5, 0..<0])
        #expect(encoding.offsets(in: .byte, text: text, pair: "😀.") == encoding.offsets)
        let scalars = encoding.offsets(in: .scalar, text: text, pair: "😀.")
        #expect(scalars == [0..<0, 0..<2, 3..<4, 5..<6, 6..<7, 0..<0, 0..<1, 1..<2, 0..<0])
        let units = encoding.offsets(in: .utf16, text: text, pair: "😀.")
        #expect(units == [0..<0, 0..<2, 3..<5, 6..<7, 7..<8, 0..<0, 0..<2, 2..<3, 0..<0])
        #expect(encoding.offsets(in: .scalar, text: "").count == encoding.count)
    }

    @Test("A word of more than 100 scalars is unknown, counted after normalization")
    func longWords() throws {
        func ids(_ text: String) throws -> [Int32] {
            try tokenizer.encode(text, options: EncodingOptions(addSpecialTokens: false)).ids
        }
        #expect(try ids(String(repeating: "a", count: 101)) == [100])
        #expect(try ids(String(repeating: "a", count: 100)) != [100])
        #expect(try ids(String(repeating: "a\u{301}", count: 100)) == ids(String(repeating: "a", count: 100)))
        #expect(try ids("hello" + String(repeating: "\u{1F600}", count: 2)) == [100])
    }

    @Test("Decoding joins pieces, takes out special tokens and spaces, and names an id that no token has")
    func decoding() throws {
        let ids = try tokenizer.encode("Tokenization isn't hard, is it?").ids
        #expect(try tokenizer.decode(ids) == "tokenization isn ' t hard, is it?")
        #expect(try tokenizer.decode(ids, skipSpecialTokens: false).hasPrefix("[CLS] tokenization"))
        #expect(try tokenizer.decode([]) == "")
        for id in [-1, 30_522, Int32.max] {
            #expect(throws: TokenizerError.unknownTokenID(id, vocabularySize: 30_522)) {
                try tokenizer.decode([101, id])
            }
        }
    }
}
