import Foundation
import TestSupport
import Testing

@testable import LinearAlgebra

@Suite("Matrices")
struct MatrixTests {
    /// Random values in a region's elements; other floats of the buffer stay as they are.
    private func fill(_ region: MatrixRegion, of buffer: inout AlignedBuffer, _ generator: inout SeededGenerator)
        -> [Float]
    {
        let values = (0..<region.rows * region.columns).map { _ in Float.random(in: -1...1, using: &generator) }
        buffer.withMutableSpan { span in
            for (index, value) in values.enumerated() {
                span[region.offset + index / region.columns * region.stride + index % region.columns] = value
            }
        }
        return values
    }

    private func read(_ region: MatrixRegion, of buffer: borrowing AlignedBuffer) -> [Float] {
        buffer.withSpan { span in
            (0..<region.rows * region.columns).map {
                span[region.offset + $0 / region.columns * region.stride + $0 % region.columns]
            }
        }
    }

    @Test("a packed weight multiplies as W x does, adds when told to, and leaves its surroundings alone")
    func packedWeight() {
        var generator = SeededGenerator(seed: 1)
        for (rows, inputs, outputs) in [(1, 1, 1), (3, 5, 7), (16, 32, 48), (19, 33, 17), (70, 129, 64)] {
            let weights = (0..<outputs * inputs).map { _ in Float.random(in: -1...1, using: &generator) }
            let weight = PackedWeight(outputs: outputs, inputs: inputs, rowMajor: weights)
            let source = MatrixRegion(offset: 16, rows: rows, columns: inputs, stride: inputs + 3)
            let target = MatrixRegion(offset: source.end + 5, rows: rows, columns: outputs, stride: outputs + 2)
            var buffer = AlignedBuffer(minimumCount: target.end + 16)
            buffer.withMutableSpan { span in
                for index in 0..<span.count { span[index] = 7 }
            }
            let x = fill(source, of: &buffer, &generator)
            for accumulating in [false, true] {
                weight.multiply(source, into: target, of: &buffer, accumulating: accumulating)
            }
            let result = read(target, of: buffer)
            for row in 0..<rows {
                for output in 0..<outputs {
                    let exact = (0..<inputs).reduce(0.0) {
                        $0 + Double(x[row * inputs + $1]) * Double(weights[output * inputs + $1])
                    }
                    #expect(abs(Double(result[row * outputs + output]) - 2 * exact) < 1e-5)
                }
            }
            buffer.withSpan { span in
                #expect(span[0] == 7 && span[target.offset - 1] == 7 && span[target.end] == 7)
                if rows > 1 { #expect(span[target.offset + outputs] == 7) }
            }
        }
    }

    @Test("a product inside one buffer takes its right operand as stored or transposed")
    func innerProduct() {
        var generator = SeededGenerator(seed: 2)
        let left = MatrixRegion(rows: 5, columns: 6)
        let right = MatrixRegion(offset: left.capacity, rows: 6, columns: 4, stride: 9)
        let transposed = MatrixRegion(offset: right.capacity, rows: 4, columns: 6, stride: 6)
        let result = MatrixRegion(offset: transposed.capacity, rows: 5, columns: 4, stride: 4)
        var buffer = AlignedBuffer(minimumCount: result.capacity)
        let a = fill(left, of: &buffer, &generator)
        for (region, orientation) in [(right, AlignedBuffer.Orientation.asStored), (transposed, .transposed)] {
            let b = fill(region, of: &buffer, &generator)
            buffer.multiply(left, by: region, orientation, into: result)
            for (index, value) in read(result, of: buffer).enumerated() {
                let (row, column) = (index / 4, index % 4)
                let exact = (0..<6).reduce(Float(0)) {
                    $0 + a[row * 6 + $1] * (orientation == .asStored ? b[$1 * 4 + column] : b[column * 6 + $1])
                }
                #expect(abs(value - exact) < 1e-5)
            }
        }
    }

    @Test("softmax rows are positive, add up to 1, and keep the ratios of exponentials")
    func softmax() {
        var generator = SeededGenerator(seed: 3)
        for columns in [1, 2, 15, 16, 17, 40] {
            let region = MatrixRegion(rows: 3, columns: columns)
            var buffer = AlignedBuffer(minimumCount: region.capacity)
            let x = fill(region, of: &buffer, &generator)
            Softmax.apply(to: region, of: &buffer)
            let result = read(region, of: buffer)
            for row in 0..<3 {
                let exponentials = (0..<columns).map { exp(Double(x[row * columns + $0])) }
                let sum = exponentials.reduce(0, +)
                for column in 0..<columns {
                    #expect(abs(Double(result[row * columns + column]) - exponentials[column] / sum) < 2e-7)
                }
            }
        }
    }

    @Test("a score that isn't finite shows in its own softmax row and in no other")
    func softmaxFaults() {
        for fault in [Float.nan, .infinity] {
            let region = MatrixRegion(rows: 2, columns: 3)
            var buffer = AlignedBuffer(minimumCount: region.capacity)
            buffer.withMutableSpan { $0[1] = fault }
            Softmax.apply(to: region, of: &buffer)
            let result = read(region, of: buffer)
            #expect(result[0..<3].contains { $0.isNaN })
            #expect(result[3...].allSatisfy { abs($0 - 1 / 3) < 1e-7 })
        }
    }

    @Test("LayerNorm centres and scales each row over its own columns, not over its padding")
    func layerNorm() {
        var generator = SeededGenerator(seed: 4)
        for columns in [1, 5, 16, 24, 64] {
            let region = MatrixRegion(rows: 4, columns: columns)
            var buffer = AlignedBuffer(minimumCount: region.capacity)
            buffer.withMutableSpan { span in
                for index in 0..<span.count { span[index] = 1000 }
            }
            let x = fill(region, of: &buffer, &generator)
            let vectors = (0..<3).map { _ in (0..<columns).map { _ in Float.random(in: -1...1, using: &generator) } }
            let (shift, weight, bias) = (vectors[0], vectors[1], vectors[2])
            Normalization.layerNorm(
                region,
                of: &buffer,
                shift: PaddedVector(shift),
                weight: PaddedVector(weight),
                bias: PaddedVector(bias),
                epsilon: 1e-5
            )
            let result = read(region, of: buffer)
            for row in 0..<4 {
                let values = (0..<columns).map { Double(x[row * columns + $0]) + Double(shift[$0]) }
                let mean = values.reduce(0, +) / Double(columns)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
                for column in 0..<columns {
                    let exact =
                        (values[column] - mean) / (variance + 1e-5).squareRoot() * Double(weight[column])
                        + Double(bias[column])
                    #expect(abs(Double(result[row * columns + column]) - exact) < 1e-5, "\(columns)")
                }
            }
        }
    }

    @Test("an embedding table copies and adds whole rows")
    func embeddingTable() {
        let table = EmbeddingTable(rows: 3, width: 5, values: (0..<15).map(Float.init))
        var buffer = AlignedBuffer(minimumCount: 48)
        table.copy(row: 2, to: 16, of: &buffer)
        table.add(row: 1, to: 16, of: &buffer)
        let values = buffer.withSpan { span in (14..<23).map { span[$0] } }
        #expect(values == [0, 0, 15, 17, 19, 21, 23, 0, 0])
    }
}
