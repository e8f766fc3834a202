import Testing

@testable import Batching

@Suite("A batch")
struct BatchTests {
    @Test("is right-padded to its longest row, with masks and type ids")
    func padding() {
        let batch = Batch(
            [
                BatchRow(inputIDs: [5, 6, 7], tokenTypeIDs: [0, 0, 1], task: "a"),
                BatchRow(inputIDs: [8], tokenTypeIDs: [0], task: "b"),
            ],
            padTokenID: 9
        )
        #expect(batch.rows == 2)
        #expect(batch.length == 3)
        #expect(batch.inputIDs == [5, 6, 7, 8, 9, 9])
        #expect(batch.tokenTypeIDs == [0, 0, 1, 0, 0, 0])
        #expect(batch.attentionMask == [1, 1, 1, 1, 0, 0])
        #expect(batch.tasks == ["a", "b"])
        #expect(batch.tokenCount == 4)
        #expect(batch.paddingCount == 2)
    }
}
