import Testing

@testable import LinearAlgebra

@Suite("Memory for weights")
struct WeightArenaTests {
    @Test("buffers of an arena are zero, do not overlap, and live on without the arena's owner")
    func buffers() {
        let sizes = [1, 16, 1000, 3 << 20, 12 << 20, 5]
        var buffers = Buffers()
        do {
            let arena = WeightArena()
            for size in sizes { buffers.append(AlignedBuffer(minimumCount: size, arena: arena)) }
        }
        for (index, size) in sizes.enumerated() {
            buffers.with(index) { buffer in
                #expect(buffer.count >= size)
                buffer.withMutableSpan { values in
                    for place in [0, size / 2, size - 1] {
                        #expect(values[place] == 0)
                    }
                    for place in 0..<values.count { values[place] = Float(index) }
                }
            }
        }
        for (index, size) in sizes.enumerated() {
            buffers.with(index) { buffer in
                buffer.withSpan { #expect($0[0] == Float(index) && $0[size - 1] == Float(index)) }
            }
        }
    }

    @Test("a table is spread to whole vectors, whatever its width", arguments: [1, 5, 16, 17, 32])
    func table(width: Int) {
        let rows = 7
        let arena = WeightArena()
        let table = EmbeddingTable(rows: rows, width: width, arena: arena) { values in
            for index in 0..<rows * width { values[index] = Float(index + 1) }
        }
        let target = AlignedBuffer(minimumCount: table.paddedWidth)
        for row in 0..<rows {
            table.copy(row: row, to: 0, of: target)
            target.withSpan { values in
                for column in 0..<table.paddedWidth {
                    #expect(values[column] == (column < width ? Float(row * width + column + 1) : 0))
                }
            }
        }
    }

    /// Buffers can't be copied, and so can't be in an array.
    private struct Buffers {
        private final class Box {
            var buffer: AlignedBuffer
            init(_ buffer: consuming AlignedBuffer) { self.buffer = buffer }
        }

        private var boxes: [Box] = []

        mutating func append(_ buffer: consuming AlignedBuffer) { boxes.append(Box(buffer)) }

        func with(_ index: Int, _ body: (inout AlignedBuffer) -> Void) { body(&boxes[index].buffer) }
    }
}
