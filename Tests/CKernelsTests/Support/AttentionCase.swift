import CKernels
import Foundation
import TestSupport
import Testing

/// Attention in one of a table's formats.
struct AttentionVariant: CustomTestStringConvertible, Sendable {
    enum Format: String, CaseIterable {
        case float32, bfloat16, int16
    }

    let table: Table
    let format: Format

    var testDescription: String { "\(table.name), \(format)" }

    static let all = Table.all.flatMap { table in
        Format.allCases.map { AttentionVariant(table: table, format: $0) }
    }

    var kernels: swl_kernels { get throws { try table.kernels } }

    /// The format to which the variant rounds its operands. In some tables a format is another one.
    var operands: Format {
        get throws {
            let kernels = try kernels
            let functions = [kernels.attention, kernels.attention_bf16, kernels.attention_int16]
            let places = functions.map { unsafeBitCast($0, to: Int.self) }
            let index = Format.allCases.firstIndex(of: format) ?? 0
            return Format.allCases[places.firstIndex(of: places[index]) ?? 0]
        }
    }
}

/// Attention over one text of random numbers. Some floats of its rows must not change.
final class AttentionCase {
    let length: Int
    let headSize: Int
    let heads: Int
    let queries: AlignedMemory<Float>
    let keys: AlignedMemory<Float>
    let values: AlignedMemory<Float>
    let queryStride: Int
    let keyStride: Int
    let valueStride: Int
    let contextStride: Int

    /// The value that stays in the context, and in the floats after the scratch memory, where nothing is written.
    static let untouched: Float = -77

    init(
        length: Int,
        headSize: Int,
        heads: Int,
        sharpness: Float = 1,
        using generator: inout SeededGenerator
    ) {
        self.length = length
        self.headSize = headSize
        self.heads = heads
        let width = heads * headSize
        let strides = (0..<4).map { _ in width + Int.random(in: 0...20, using: &generator) }
        (queryStride, keyStride, valueStride, contextStride) = (strides[0], strides[1], strides[2], strides[3])
        func random(_ count: Int, _ range: ClosedRange<Float>) -> AlignedMemory<Float> {
            AlignedMemory((0..<count).map { _ in Float.random(in: range, using: &generator) }, repeating: 0)
        }
        let limit = 4 * sharpness / Float(headSize).squareRoot()
        queries = random(length * queryStride, -limit...limit)
        keys = random(length * keyStride, -2...2)
        values = random(length * valueStride, -3...3)
    }

    /// Rounds all operands to bfloat16.
    func narrow() {
        for memory in [queries, keys, values] {
            for index in 0..<memory.count { memory[index] = float(bfloat16: nearestBFloat16(memory[index])) }
        }
    }

    /// The context of some heads and queries, rows `contextStride` apart.
    func run(
        _ variant: AttentionVariant,
        heads share: Range<Int>? = nil,
        queries range: Range<Int>? = nil
    ) throws -> [Float] {
        let kernels = try variant.kernels
        let context = AlignedMemory<Float>(length * contextStride, repeating: Self.untouched)
        let room = kernels.attention_scratch(length, headSize)
        let scratch = AlignedMemory<Float>(room + 64, repeating: Self.untouched)
        var attention = swl_attention()
        attention.queries = UnsafePointer(queries.start)
        attention.keys = UnsafePointer(keys.start)
        attention.values = UnsafePointer(values.start)
        attention.query_stride = queryStride
        attention.key_stride = keyStride
        attention.value_stride = valueStride
        attention.context = context.start
        attention.context_stride = contextStride
        attention.length = length
        attention.head_size = headSize
        attention.first_head = (share ?? 0..<heads).lowerBound
        attention.end_head = (share ?? 0..<heads).upperBound
        attention.first_query = (range ?? 0..<length).lowerBound
        attention.end_query = (range ?? 0..<length).upperBound
        attention.scratch = scratch.start
        switch variant.format {
        case .float32: kernels.attention(&attention)
        case .bfloat16: kernels.attention_bf16(&attention)
        case .int16: kernels.attention_int16(&attention)
        }
        precondition(scratch.elements[room...].allSatisfy { $0 == Self.untouched }, "scratch overrun")
        return context.elements
    }

    /// One query's context for one head in double precision, with the allowed error of a kernel.
    ///
    /// The error of a score is a few roundings of the magnitudes in its sum; that is also the relative error of its
    /// exponential. The sums over tokens add a few roundings. In bfloat16 (for operands that are bfloat16 already),
    /// each exponential is also rounded, by up to 2^-9 of its value. With 16-bit integers, each operand is rounded by
    /// up to half a unit, of which the largest has `limit`, and a weight by up to 2^-18.
    func expected(
        query: Int,
        head: Int,
        operands: AttentionVariant.Format
    ) -> (values: [Double], tolerance: Double) {
        var scores: [Double] = []
        var magnitude = 0.0
        for token in 0..<length {
            var score = 0.0
            var size = 0.0
            for column in head * headSize..<(head + 1) * headSize {
                let term = Double(queries[query * queryStride + column]) * Double(keys[token * keyStride + column])
                score += term
                size += abs(term)
            }
            scores.append(score)
            magnitude = max(magnitude, size)
        }
        let largest = scores.max() ?? 0
        let weights = scores.map { exp($0 - largest) }
        let sum = weights.reduce(0, +)
        let context = (0..<headSize).map { column in
            (0..<length).reduce(0.0) {
                $0 + weights[$1] / sum * Double(values[$1 * valueStride + head * headSize + column])
            }
        }
        return (context, 3 * ((magnitude + 4) * 0x1p-22 + rounding(of: operands, query: query, head: head)))
    }

    /// The effect that rounding the operands has on values up to 1.
    private func rounding(of operands: AttentionVariant.Format, query: Int, head: Int) -> Double {
        switch operands {
        case .float32: return 0
        case .bfloat16: return 0x1p-9
        case .int16:
            let columns = head * headSize..<(head + 1) * headSize
            func largest(_ memory: AlignedMemory<Float>, _ start: Int) -> Double {
                columns.reduce(0.0) { max($0, abs(Double(memory[start + $1]))) }
            }
            let query = largest(queries, query * queryStride)
            let key = (0..<length).reduce(0.0) { max($0, largest(keys, $1 * keyStride)) }
            // Each product is wrong by up to a unit of the query times a key's value, or the other way round; the
            // scores' error is the weights' relative error, of both sides of softmax.
            let limit = min((0x1p31 / Double(headSize)).squareRoot() - 2, 32_767)
            let score = Double(headSize) * query * key / limit
            return min(2, 2 * score) + 1 / 8_191.0 + Double(length) * 0x1p-18
        }
    }
}
