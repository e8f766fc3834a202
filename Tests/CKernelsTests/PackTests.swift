import CKernels
import TestSupport
import Testing

@Suite("Packed weights")
struct PackTests {
    private static func random(_ count: Int, using generator: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in Float.random(in: -3...3, using: &generator) }
    }

    /// The packed element for an output and an input, found by the header's description of the layout. The inputs are
    /// rounded up to a multiple of `smallest`.
    private static func unpacked<Element>(
        _ packed: [Element],
        outputs: Int,
        inputs: Int,
        panel: Int,
        group: Int,
        smallest: Int
    ) -> [[Element]] {
        let columns = outputs.roundedUp(to: Int(SWL_VECTOR))
        let depth = inputs.roundedUp(to: smallest)
        return (0..<columns).map { output in
            let first = output / panel * panel
            let width = min(panel, columns - first)
            return (0..<depth).map { k in
                let start = k / group * group
                let count = min(group, depth - start)
                return packed[first * depth + start * width + (output - first) * count + k - start]
            }
        }
    }

    private static let shapes = [(1, 1), (16, 4), (17, 3), (70, 33), (128, 512), (150, 65)]

    @Test("hold each weight once, and zeros", arguments: [16, 32, 64], [2, 4])
    func layout(panel: Int, group: Int) {
        var generator = SeededGenerator(seed: 61)
        for (outputs, inputs) in Self.shapes {
            let matrix = Self.random(outputs * inputs, using: &generator)
            func value(_ output: Int, _ k: Int) -> Float {
                output < outputs && k < inputs ? matrix[output * inputs + k] : 0
            }
            var floats = [Float](repeating: 9, count: swl_packed_bytes_f32(outputs, inputs) / 4)
            swl_pack_f32(matrix, inputs, 0, outputs, outputs, inputs, panel, &floats)
            let rows = Self.unpacked(floats, outputs: outputs, inputs: inputs, panel: panel, group: 1, smallest: 1)
            for (output, row) in rows.enumerated() {
                #expect(row == row.indices.map { value(output, $0) })
            }
            var words = [UInt16](repeating: 9, count: swl_packed_bytes_bf16(outputs, inputs) / 2)
            swl_pack_bf16(matrix, inputs, 0, outputs, outputs, inputs, panel, group, &words)
            let narrowRows = Self.unpacked(
                words,
                outputs: outputs,
                inputs: inputs,
                panel: panel,
                group: group,
                smallest: 2
            )
            for (output, row) in narrowRows.enumerated() {
                #expect(row == row.indices.map { nearestBFloat16(value(output, $0)) })
            }
        }
    }

    @Test("of int8 use each output's range, and know their sums", arguments: [4, 8])
    func int8(group: Int) {
        var generator = SeededGenerator(seed: 62)
        for (outputs, inputs) in Self.shapes {
            let matrix = Self.random(outputs * inputs, using: &generator)
            let columns = outputs.roundedUp(to: Int(SWL_VECTOR))
            var bytes = [Int8](repeating: 9, count: swl_packed_bytes_int8(outputs, inputs))
            var scales = [Float](repeating: 9, count: columns)
            var sums = [Int32](repeating: 9, count: columns)
            swl_pack_int8(matrix, inputs, 0, outputs, outputs, inputs, 64, group, &bytes, &scales, &sums)
            let rows = Self.unpacked(
                bytes,
                outputs: outputs,
                inputs: inputs,
                panel: 64,
                group: group,
                smallest: 4
            )
            for (output, row) in rows.enumerated() {
                #expect(sums[output] == row.reduce(0) { $0 + Int32($1) })
                guard output < outputs else {
                    #expect(row.allSatisfy { $0 == 0 } && scales[output] == 0)
                    continue
                }
                let weights = matrix[output * inputs..<(output + 1) * inputs]
                #expect(scales[output] == (weights.map(abs).max() ?? 0) / 127)
                for (weight, byte) in zip(weights, row) {
                    #expect(
                        abs(Double(byte) * Double(scales[output]) - Double(weight)) <= Double(scales[output]) * 0.50002
                    )
                }
            }
        }
    }

    @Test("of int8 have no scale where a weight is not finite")
    func notFinite() {
        for value in [Float.nan, .infinity, 0] {
            var matrix = [Float](repeating: value == 0 ? 0 : 1, count: 3 * 5)
            matrix[7] = value
            var bytes = [Int8](repeating: 9, count: swl_packed_bytes_int8(3, 5))
            var scales = [Float](repeating: 9, count: 16)
            var sums = [Int32](repeating: 9, count: 16)
            swl_pack_int8(matrix, 5, 0, 3, 3, 5, 64, 4, &bytes, &scales, &sums)
            #expect(value == 0 ? scales[1] == 0 : scales[1].isNaN && scales[0] == 1 / 127)
            #expect(sums[1] == 0)
        }
    }

    @Test("are the same packed in slices")
    func shares() {
        var generator = SeededGenerator(seed: 63)
        let (outputs, inputs) = (150, 37)
        let matrix = Self.random(outputs * inputs, using: &generator)
        func packed(_ shares: [Range<Int>]) -> ([Float], [UInt16], [Int8], [Float], [Int32]) {
            var floats = [Float](repeating: 9, count: swl_packed_bytes_f32(outputs, inputs) / 4)
            var words = [UInt16](repeating: 9, count: swl_packed_bytes_bf16(outputs, inputs) / 2)
            var bytes = [Int8](repeating: 9, count: swl_packed_bytes_int8(outputs, inputs))
            var scales = [Float](repeating: 9, count: 160)
            var sums = [Int32](repeating: 9, count: 160)
            for share in shares {
                let (first, end) = (share.lowerBound, share.upperBound)
                matrix.withUnsafeBufferPointer { matrix in
                    let rows = matrix.baseAddress.map { $0 + first * inputs }
                    swl_pack_f32(rows, inputs, first, end, outputs, inputs, 64, &floats)
                    swl_pack_bf16(rows, inputs, first, end, outputs, inputs, 64, 2, &words)
                    swl_pack_int8(rows, inputs, first, end, outputs, inputs, 64, 4, &bytes, &scales, &sums)
                }
            }
            return (floats, words, bytes, scales, sums)
        }
        #expect(packed([0..<150]) == packed([128..<150, 0..<64, 64..<128]))
    }
}
