import LinearAlgebra
import Testing

@Suite("Embedding tables")
struct EmbeddingTableTests {
    @Test("an embedding table copies and adds whole rows")
    func embeddingTable() {
        let table = EmbeddingTable(rows: 3, width: 5, values: (0..<15).map(Float.init))
        let buffer = AlignedBuffer(minimumCount: 48)
        table.copy(row: 2, to: 16, of: buffer)
        table.add(row: 1, to: 16, of: buffer)
        let values = buffer.withSpan { span in (14..<23).map { span[$0] } }
        #expect(values == [0, 0, 15, 17, 19, 21, 23, 0, 0])
    }
}
