import Foundation
import Testing

@testable import Tokenization

@Suite("Agreement with Hugging Face's tokenizers 0.23.3")
struct ReferenceTests {
    @Test("Difficult texts, pairs and truncations give the reference's ids, segment ids, offsets and masks")
    func texts() throws {
        let tokenizer = try TestFiles.uncased()
        let cases = try ReferenceCase.read(TestFiles.fixtures.appending(path: "texts.jsonl"))
        #expect(cases.count == 500)
        for reference in cases { try reference.check(tokenizer) }
    }

    @Test("Every normalizer flag and added-token flag of a tokenizer.json is honoured", arguments: 0..<16)
    func configurations(number: Int) throws {
        let name = (number < 10 ? "0" : "") + "\(number)"
        let folder = TestFiles.fixtures.appending(path: "configurations/\(name)")
        let tokenizer = try Tokenizer(directory: folder.path)
        let cases = try ReferenceCase.read(folder.appending(path: "texts.jsonl"))
        #expect(cases.count == 30)
        for reference in cases { try reference.check(tokenizer) }
        let decodedCount = try checkDecoding(tokenizer, in: folder)
        #expect(decodedCount == 20)
    }

    @Test(
        "A cased vocabulary is used as transformers uses it, whichever file says that case counts",
        arguments: ["bert", "distilbert", "mobilebert", "fast", "contradiction", "other-class"]
    )
    func cased(name: String) throws {
        let folder = TestFiles.fixtures.appending(path: "cased/\(name)")
        let tokenizer = try Tokenizer(directory: folder.path)
        let cases = try ReferenceCase.read(folder.appending(path: "texts.jsonl"))
        #expect(cases.count == 40)
        for reference in cases { try reference.check(tokenizer) }
        // As for sentence-transformers' do_lower_case.
        let lowercased = try Tokenizer(directory: folder.path, lowercases: true)
        let texts = cases.map(\.text).prefix(6)
        for text in texts {
            #expect(try lowercased.encode(text).ids == tokenizer.encode(text.lowercased()).ids, "\(text)")
        }
    }

    @Test("Ids decode to the reference's text, with and without special tokens")
    func decoding() throws {
        let count = try checkDecoding(TestFiles.uncased(), in: TestFiles.fixtures)
        #expect(count == 300)
    }

    /// Decodes the ids of a folder's decoded.jsonl, and returns the number of cases.
    private func checkDecoding(_ tokenizer: Tokenizer, in folder: URL) throws -> Int {
        struct Case: Decodable {
            var ids: [Int32]
            var skipSpecialTokens: Bool
            var text: String
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let lines = try Data(contentsOf: folder.appending(path: "decoded.jsonl")).split(separator: 0x0A)
        for line in lines {
            let reference = try decoder.decode(Case.self, from: line)
            let text = try tokenizer.decode(reference.ids, skipSpecialTokens: reference.skipSpecialTokens)
            #expect(Array(text.unicodeScalars) == Array(reference.text.unicodeScalars), "\(reference.ids)")
        }
        return lines.count
    }

    @Test("Every assigned Unicode scalar is treated as in the reference: between letters, between spaces, before marks")
    func scalars() throws {
        let tokenizer = try TestFiles.uncased()
        let lines = try String(contentsOf: TestFiles.fixtures.appending(path: "scalars.txt"), encoding: .utf8)
            .split(separator: "\n")
        #expect(lines.count == 2368)
        for line in lines {
            let fields = line.split(separator: " ")
            let start = try #require(UInt32(fields[0], radix: 16))
            #expect(try Self.digest(tokenizer, from: start) == UInt64(fields[1], radix: 16), "U+\(fields[0])")
        }
    }

    /// FNV-1a 64 of the ids and offsets of three texts made of 64 scalars: `digest` of make_tokenizer_fixtures.py.
    private static func digest(_ tokenizer: Tokenizer, from start: UInt32) throws -> UInt64 {
        let scalars = (start..<start + 64).compactMap { Unicode.Scalar($0).map { String($0) } }
        let marked = scalars.map { "e" + $0 + "\u{301}\u{327}" }.joined()
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for text in [scalars.joined(separator: "x"), scalars.joined(separator: " "), marked] {
            let encoding = try tokenizer.encode(text, options: EncodingOptions(addSpecialTokens: false))
            for (id, range) in zip(encoding.ids, encoding.offsets(in: .scalar, text: text)) {
                for number in [id, range.lowerBound, range.upperBound] {
                    for shift in stride(from: 0, to: 32, by: 8) {
                        value = (value ^ UInt64(UInt8(truncatingIfNeeded: number >> shift))) &* 0x100_0000_01B3
                    }
                }
            }
        }
        return value
    }

    @Test(
        "All 2,272 cases of the reference set match",
        .enabled(
            if: TestFiles.reference != nil,
            "neither $SWIFTLET_REFERENCE nor ../shared/reference is there"
        )
    )
    func wholeReferenceSet() throws {
        let file = try #require(TestFiles.reference)
        let tokenizer = try Tokenizer(directory: TestFiles.model)
        let cases = try ReferenceCase.read(file)
        #expect(cases.count >= 2272)
        for reference in cases { try reference.check(tokenizer) }
    }
}
