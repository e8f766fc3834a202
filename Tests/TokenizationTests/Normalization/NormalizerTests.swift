import Testing

@testable import Tokenization

@Suite("Normalization and where it comes from")
struct NormalizerTests {
    private static let uncased = BertNormalizer(
        cleanText: true,
        handleChineseChars: true,
        stripAccents: true,
        lowercase: true
    )

    private func normalize(_ text: String, _ normalizer: BertNormalizer = uncased) -> (
        text: String, origins: [Range<Int32>]
    ) {
        let bytes = Array(text.utf8)
        var output = NormalizedText()
        normalizer.normalize(bytes.span, 0..<bytes.count, into: &output)
        let starts = output.bytes.indices.filter { !UTF8Bytes.isContinuation(output.bytes[$0]) }
        return (String(decoding: output.bytes, as: UTF8.self), starts.map { output.origins[$0] })
    }

    @Test("Accents and case are removed, and each scalar keeps its origin")
    func uncased() {
        let (text, origins) = normalize("Éa\u{301}")
        #expect(text == "ea" && origins == [0..<2, 2..<3])
    }

    @Test("Control characters are removed, white space becomes spaces, ideographs get spaces")
    func cleaning() {
        let (text, origins) = normalize("a\u{0}\t漢")
        #expect(text == "a  漢 " && origins == [0..<1, 2..<3, 3..<6, 3..<6, 3..<6])
    }

    @Test("A lower case of two scalars has one origin")
    func longLowercase() {
        var cased = Self.uncased
        cased.stripAccents = false
        let (text, origins) = normalize("İx", cased)
        #expect(Array(text.unicodeScalars) == ["i", "\u{307}", "x"] && origins == [0..<2, 0..<2, 2..<3])
    }

    @Test("A syllable decomposes into its jamo")
    func hangul() {
        let (text, origins) = normalize("각")
        #expect(
            Array(text.unicodeScalars) == ["\u{1100}", "\u{1161}", "\u{11A8}"] && origins == [0..<3, 0..<3, 0..<3]
        )
    }

    @Test("A mark that stays takes the origin that its place after reordering gives it")
    func reordering() {
        // U+1D165 (class 216, a spacing mark, which stays) is put before U+0301 (class 230) and gets its origin.
        let (text, origins) = normalize("a\u{301}\u{1D165}")
        #expect(Array(text.unicodeScalars) == ["a", "\u{1D165}"] && origins == [0..<1, 1..<3])
    }

    @Test("Without any step the text is left as it is")
    func identity() {
        let text = "É\u{0} 漢\u{301}\u{323}İ"
        #expect(Array(normalize(text, .identity).text.unicodeScalars) == Array(text.unicodeScalars))
    }

    @Test("Decompositions are complete: none has a part that decomposes")
    func fullDecompositions() {
        for scalar in CanonicalDecomposition.decomposingScalars {
            CanonicalDecomposition.decompose(scalar) { part in
                #expect(!ScalarProperties(of: part).contains(.decomposes))
            }
        }
    }

    @Test("Properties cover the ends of the code space")
    func properties() {
        #expect(ScalarProperties(of: 0x10FFFF) == [] && ScalarProperties(of: 0x10FFFD) == .removedByCleaning)
        #expect(ScalarProperties(of: 0) == .removedByCleaning && ScalarProperties(of: 0x20) == .whiteSpace)
        #expect(CanonicalDecomposition.combiningClass(of: 0x301) == 230)
        #expect(CanonicalDecomposition.combiningClass(of: 0x61) == 0)
    }
}
