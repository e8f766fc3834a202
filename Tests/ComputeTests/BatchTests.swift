import Compute
import Testing

@Suite("A batch")
struct BatchTests {
    private func sequence(_ ids: [Int32], types: [Int32], task: String = "") -> InputSequence<String> {
        InputSequence(inputIDs: ids, tokenTypeIDs: types, task: task)
    }

    @Test("is right-padded to its longest sequence, with masks and type ids")
    func padding() {
        let batch = Batch(
            [sequence([5, 6, 7], types: [0, 0, 1], task: "a"), sequence([8], types: [0], task: "b")],
            padTokenID: 9
        )
        #expect(batch.batchSize == 2)
        #expect(batch.sequenceLength == 3)
        #expect(batch.inputIDs == [5, 6, 7, 8, 9, 9])
        #expect(batch.tokenTypeIDs == [0, 0, 1, 0, 0, 0])
        #expect(batch.attentionMask == [1, 1, 1, 1, 0, 0])
        #expect(batch.tasks == ["a", "b"])
        #expect(batch.tokenCount == 4)
        #expect(batch.paddingCount == 2)
        #expect((0..<2).map { batch.positions(ofSequence: $0) } == [0..<3, 3..<6])
        #expect((0..<2).map { batch.tokens(ofSequence: $0) } == [0..<3, 3..<4])
    }

    @Test("keeps a sequence's own mask, whose last 1 ends its tokens")
    func masks() {
        let hidden = InputSequence(inputIDs: [5, 6, 7], tokenTypeIDs: [0, 0, 0], attentionMask: [0, 1, 1], task: "")
        let hole = InputSequence(inputIDs: [5, 6, 7], tokenTypeIDs: [0, 0, 0], attentionMask: [1, 0, 1], task: "")
        let whole = sequence([5, 6, 7], types: [0, 0, 0])
        let batch = Batch([hidden, hole, sequence([1, 2, 3, 4], types: [0, 0, 0, 0])], padTokenID: 9)
        #expect(batch.attentionMask == [0, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1])
        #expect((0..<3).map { batch.tokens(ofSequence: $0) } == [0..<3, 4..<7, 8..<12])
        #expect(batch.tokenCount == 10 && batch.paddingCount == 2)
        // Sequences that differ in their masks have results of their own.
        #expect(Set([hidden, hole, whole]).count == 3)
        let same = InputSequence(inputIDs: [5, 6, 7], tokenTypeIDs: [0, 0, 0], attentionMask: [1, 0, 1], task: "")
        #expect(hole == same && hole.hashValue == same.hashValue)
    }

    @Test("may be padded beyond its longest sequence, and its sequences may be empty")
    func minimumLength() {
        let batch = Batch([sequence([], types: []), sequence([4], types: [1])], padTokenID: 7, minimumLength: 3)
        #expect(batch.inputIDs == [7, 7, 7, 4, 7, 7])
        #expect(batch.tokenTypeIDs == [0, 0, 0, 1, 0, 0])
        #expect(batch.attentionMask == [0, 0, 0, 1, 0, 0])
        #expect((0..<2).map { batch.tokens(ofSequence: $0) } == [0..<0, 3..<4])
        #expect(Batch([sequence([4, 5], types: [0, 0])], padTokenID: 7, minimumLength: 1).inputIDs == [4, 5])
        let empty = Batch<String>([], padTokenID: 0)
        #expect(empty.batchSize == 0 && empty.sequenceLength == 0 && empty.inputIDs == [])
    }
}

@Suite("Even parts")
struct EvenPartsTests {
    @Test("hold whole sequences, all of them, in balance and always in the same way")
    func balance() {
        let lengths = (0..<33).map { 5 + $0 * 7 % 40 }
        let parts = evenParts(of: lengths, count: 2)
        #expect(parts == evenParts(of: lengths, count: 2))
        #expect(parts.flatMap { $0 }.sorted() == Array(0..<33))
        let sums = parts.map { part in part.reduce(0) { $0 + lengths[$1] } }
        #expect(abs(sums[0] - sums[1]) <= 5)
        for part in parts { #expect(part.map { lengths[$0] } == part.map { lengths[$0] }.sorted(by: >)) }
        #expect(evenParts(of: [4], count: 3) == [[0], [], []])
    }

    @Test("hold no more sequences than allowed")
    func mostSequences() {
        #expect(evenParts(of: [9, 1, 1, 1], count: 2) == [[0], [1, 2, 3]])
        #expect(evenParts(of: [9, 1, 1, 1], count: 2, mostSequences: 2) == [[0, 3], [1, 2]])
    }
}
