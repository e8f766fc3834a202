import Foundation
import Testing

@testable import Tokenization

@Suite("Windows of a text")
struct TokenWindowsTests {
    /// The result of `tokenizers` for a text that is too long for one window.
    private struct Case: Decodable {
        var text: String
        var leading: String?
        var maxLength: Int
        var overlap: Int
        var ids: [[Int32]]
        var typeIds: [[Int32]]
        var offsets: [[[Int32]]]
        /// The range of each token's word, as far as it is in the window; nil for tokens outside of the divided text.
        var words: [[[Int32]?]]
    }

    private func cases() throws -> [Case] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try Data(contentsOf: TestFiles.fixtures.appending(path: "windows.jsonl")).split(separator: 0x0A).map {
            try decoder.decode(Case.self, from: $0)
        }
    }

    @Test(
        "are those of Hugging Face's tokenizers with stride, alone and behind a question: ids, segments, offsets, words"
    )
    func reference() throws {
        let tokenizer = try TestFiles.uncased()
        let cases = try cases()
        #expect(cases.count == 60)
        for reference in cases {
            let text = reference.text
            let tokens = try tokenizer.windows(
                dividing: text,
                behind: reference.leading,
                maxLength: reference.maxLength
            )
            let windows = tokens.windows(overlap: reference.overlap)
            let encodings = windows.map { tokens.encoding(of: $0, collectOffsets: true) }
            let name = Comment(rawValue: "\(reference)")
            #expect(encodings.map(\.ids) == reference.ids, name)
            #expect(encodings.map(\.typeIDs) == reference.typeIds, name)
            for (index, (window, encoding)) in zip(windows, encodings).enumerated() {
                let offsets = encoding.offsets(
                    in: .scalar,
                    text: reference.leading ?? text,
                    pair: reference.leading == nil ? nil : text
                )
                #expect(offsets.map { [$0.lowerBound, $0.upperBound] } == reference.offsets[index], name)
                let words = window.map { token in
                    let bytes = tokens.bytes(of: token...token, wholeWordsIn: window)
                    return [scalars(before: bytes.lowerBound, in: text), scalars(before: bytes.upperBound, in: text)]
                }
                #expect(words == reference.words[index].compactMap(\.self), name)
            }
        }
    }

    private func scalars(before byte: Int32, in text: String) -> Int32 {
        let end = text.utf8.index(text.startIndex, offsetBy: Int(byte))
        return Int32(text.unicodeScalars.distance(from: text.startIndex, to: end))
    }

    @Test("a question that is too long is cut, and the windows say how many tokens are left for the text")
    func leading() throws {
        let tokenizer = try TestFiles.uncased()
        let tokens = try tokenizer.windows(dividing: "the film", behind: "a b c d", maxLength: 8, maxLeadingLength: 3)
        #expect(tokens.leadingCount == 3 && tokens.truncatedTokenCount == 1)
        #expect(tokens.capacity == 2)
        let full = try tokenizer.windows(dividing: "the film", behind: "a b c d", maxLength: 6)
        #expect(full.capacity < 1)
    }

    @Test("a cursor gives the same position whatever moves led there", arguments: [OffsetUnit.scalar, .utf16])
    func cursor(unit: OffsetUnit) {
        let text = "aé😀漢\u{301}z"
        let bytes = text.utf8Span
        var cursor = OffsetCursor()
        let places = (0...bytes.count).map { cursor.move(to: Int32($0), in: bytes.span, unit: unit) }
        for target in (0...bytes.count).reversed() {
            let place = cursor.move(to: Int32(target), in: bytes.span, unit: unit)
            #expect(place == places[target])
        }
        #expect(Int(places[bytes.count]) == (unit == .scalar ? text.unicodeScalars.count : text.utf16.count))
    }
}
