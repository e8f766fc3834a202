import TestSupport
import Testing

@testable import Tokenization

@Suite("The trie of pieces")
struct ByteTrieTests {
    private static let identity = (0...255).map { UInt8($0) }

    private func longest(_ trie: ByteTrie, _ text: [UInt8], from start: Int = 0) -> [Int] {
        guard let match = trie.longestPrefix(of: text.span, from: start, to: text.count, folding: Self.identity.span)
        else {
            return []
        }
        return [match.end, Int(match.id)]
    }

    @Test("The longest entry is found, as comparing with each of them finds it")
    func longestPrefix() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<40 {
            var trie = ByteTrie()
            var entries: [[UInt8]: Int32] = [:]
            for id in 0..<Int32.random(in: 0...400, using: &generator) {
                let count = Int.random(in: 0...5, using: &generator)
                let entry = (0..<count).map { _ in UInt8.random(in: 0...3, using: &generator) }
                let fits = trie.insert(entry, id: id)
                #expect(fits)
                if !entry.isEmpty, entries[entry] == nil { entries[entry] = id }
            }
            #expect(trie.isEmpty == entries.isEmpty)
            for _ in 0..<100 {
                let text = (0..<8).map { _ in UInt8.random(in: 0...3, using: &generator) }
                let best = (1...8).last { entries[Array(text.prefix($0))] != nil }
                let expected = best.map { [$0, Int(entries[Array(text.prefix($0))] ?? -1)] } ?? []
                #expect(longest(trie, text) == expected)
                #expect(longest(trie, [9] + text, from: 1) == expected.enumerated().map { $0 == 0 ? $1 + 1 : $1 })
                #expect(trie.id(of: text) == entries[text])
            }
        }
    }

    @Test("Bytes are folded before they are compared")
    func folding() {
        var trie = ByteTrie()
        let fits = trie.insert(Array("ab".utf8), id: 3)
        #expect(fits)
        let folding = Self.identity.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        let text = Array("ABc".utf8)
        let match = trie.longestPrefix(of: text.span, from: 0, to: 3, folding: folding.span)
        #expect(match?.end == 2 && match?.id == 3)
    }
}
