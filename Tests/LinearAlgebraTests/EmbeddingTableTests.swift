import LinearAlgebra
import Testing

@Suite("Embedding tables")
struct EmbeddingTableTests {
    @Test("an embedding table copies and adds whole rows")
    func embeddingTable() {
        let table = EmbeddingTable(rows: 3, width: 5) { values in
            for index in 0..<15 { values[index] = Float(index) }
        }
        let buffer = AlignedBuffer(minimumCount: 48)
        table.copy(row: 2, to: 16, of: buffer)
        table.add(row: 1, to: 16, of: buffer)
        let values = buffer.withSpan { span in (14..<23).map { span[$0] } }
        #expect(values == [0, 0, 15, 17, 19, 21, 23, 0, 0])
    }

    @Test("a narrow table holds the nearest bfloat16 numbers, NaN and infinities too", arguments: [3, 16, 17])
    func narrow(width: Int) throws {
        let samples: [(Float, Float)] = [
            (1, 1), (-2.5, -2.5), (3.140625, 3.140625), (1.00390625, 1), (1.01171875, 1.015625),
            (0x1.ffp127, .infinity),
            (.infinity, .infinity), (-.infinity, -.infinity), (0x1p-130, 0x1p-130),
        ]
        let rows = samples.count
        let table = EmbeddingTable(rows: rows + 1, width: width, isNarrow: true, arena: WeightArena()) { values in
            for (row, sample) in samples.enumerated() {
                for column in 0..<width { values[row * width + column] = sample.0 }
            }
            for column in 0..<width { values[rows * width + column] = .nan }
        }
        let buffer = AlignedBuffer(minimumCount: table.paddedWidth)
        for (row, sample) in samples.enumerated() {
            table.copy(row: row, to: 0, of: buffer)
            buffer.withSpan { values in
                for column in 0..<table.paddedWidth {
                    let expected = column < width ? sample.1 : 0
                    #expect(values[column].bitPattern == expected.bitPattern, "\(sample)")
                }
            }
        }
        table.copy(row: rows, to: 0, of: buffer)
        buffer.withSpan { #expect($0[width - 1].isNaN) }
    }
}
