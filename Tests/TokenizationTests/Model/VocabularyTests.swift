import TestSupport
import Testing

@testable import Tokenization

@Suite("The vocabulary")
struct VocabularyTests {
    @Test("Tokens and ids are found as in a list of them, also when tokens change their ids and share them")
    func lookups() throws {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<20 {
            var vocabulary = Vocabulary()
            var ids: [[UInt8]: Int32] = [:]
            var tokens: [Int32: [UInt8]] = [:]
            var highest = 0
            for _ in 0..<1000 {
                let count = Int.random(in: 0...6, using: &generator)
                let token = (0..<count).map { _ in UInt8.random(in: 0...3, using: &generator) }
                let id = Int.random(in: 0...900, using: &generator)
                try vocabulary.insert(token[...], id: id, path: "vocab.txt")
                if let former = ids[token], tokens[former] == token { tokens[former] = nil }
                ids[token] = Int32(id)
                tokens[Int32(id)] = token
                highest = max(highest, id)
            }
            #expect(vocabulary.tokenCount == ids.count && vocabulary.size == highest + 1)
            #expect((-1...901).allSatisfy { vocabulary.token($0).map(Array.init) == tokens[$0] })
            #expect(Dictionary(uniqueKeysWithValues: vocabulary.entries.map { (Array($0.token), $0.id) }) == ids)
            for (token, id) in ids { #expect(vocabulary.id(String(decoding: token, as: UTF8.self)) == id) }
            #expect(vocabulary.id("\u{4}") == nil && vocabulary.id("e\u{301}") == nil)
        }
    }

    @Test("Bytes are folded before they are compared")
    func folding() throws {
        var vocabulary = Vocabulary()
        try vocabulary.insert(ArraySlice("ab".utf8), id: 3, path: "vocab.txt")
        let folding = UTF8Bytes.identity.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        let (upper, other) = (Array("AB".utf8), Array("AC".utf8))
        #expect(vocabulary.id(upper.span, folding: folding.span) == 3)
        #expect(vocabulary.id(other.span, folding: folding.span) == nil && vocabulary.id("AB") == nil)
    }
}
