/// A small value for each Unicode scalar, looked up in two steps: the block of 128 scalars, then the place in it.
///
/// Equal blocks are stored once: a table takes 17 KB for its first step, and some tens of KB for the second.
struct ScalarTable: Sendable {
    private static let blockBits: UInt32 = 7
    private static let blockSize = 1 << Int(blockBits)
    private static let scalarCount = 0x110000

    private let blocks: [UInt16]
    private let values: [UInt16]

    /// - Parameter fill: writes the values into an array that has one (0) for each of the 0x110000 code points.
    init(_ fill: (inout [UInt16]) -> Void) {
        var flat = [UInt16](repeating: 0, count: Self.scalarCount)
        fill(&flat)
        var blocks: [UInt16] = []
        var values: [UInt16] = []
        var known: [ArraySlice<UInt16>: UInt16] = [:]
        for start in stride(from: 0, to: Self.scalarCount, by: Self.blockSize) {
            let block = flat[start..<start + Self.blockSize]
            if let index = known[block] {
                blocks.append(index)
            } else {
                let index = UInt16(values.count / Self.blockSize)
                known[block] = index
                blocks.append(index)
                values.append(contentsOf: block)
            }
        }
        self.blocks = blocks
        self.values = values
    }

    /// The value of a scalar; below 0x110000 by the caller's promise.
    @inline(__always)
    subscript(scalar: UInt32) -> UInt16 {
        let block = Int(blocks[Int(scalar >> Self.blockBits)])
        return values[block << Int(Self.blockBits) | Int(scalar) & (Self.blockSize - 1)]
    }
}
