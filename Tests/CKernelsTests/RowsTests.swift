import CKernels
import Foundation
import TestSupport
import Testing

/// A matrix of random numbers. The floats between its rows must not change.
private struct Rows {
    var memory: AlignedMemory<Float>
    let count: Int
    let columns: Int
    let stride: Int

    init(_ count: Int, _ columns: Int, in range: ClosedRange<Float>, using generator: inout SeededGenerator) {
        self.count = count
        self.columns = columns
        stride = columns + Int.random(in: 0...20, using: &generator)
        memory = AlignedMemory(
            (0..<count * stride).map { _ in Float.random(in: range, using: &generator) },
            repeating: 0
        )
    }

    subscript(row: Int, column: Int) -> Float {
        get { memory[row * stride + column] }
        set { memory[row * stride + column] = newValue }
    }

    func row(_ row: Int) -> [Float] { (0..<columns).map { self[row, $0] } }
}

@Suite("Kernels of rows")
struct RowsTests {
    private static let widths = Array(1...40) + [47, 48, 63, 64, 65, 128, 130]

    /// Runs `change` on random rows of every width, and compares each value with the value of `expected`, which gets
    /// the whole row.
    private func check(
        in range: ClosedRange<Float> = -6...6,
        _ change: (_ rows: Int, _ columns: Int, _ stride: Int, UnsafeMutablePointer<Float>) -> Void,
        expected: (_ row: [Float], _ column: Int) -> (value: Double, tolerance: Double)
    ) {
        var generator = SeededGenerator(seed: 21)
        for columns in Self.widths {
            let rows = Rows(Int.random(in: 1...5, using: &generator), columns, in: range, using: &generator)
            let before = Rows(copying: rows)
            change(rows.count, columns, rows.stride, rows.memory.start)
            for row in 0..<rows.count {
                let input = before.row(row)
                for column in 0..<columns {
                    let (value, tolerance) = expected(input, column)
                    #expect(abs(Double(rows[row, column]) - value) <= tolerance, "\(columns) columns, \(column)")
                }
                for column in columns..<rows.stride {
                    #expect(rows[row, column] == before[row, column], "wrote behind the row's \(columns) columns")
                }
            }
        }
    }

    private func vector(_ range: ClosedRange<Float>, seed: UInt64) -> AlignedMemory<Float> {
        var generator = SeededGenerator(seed: seed)
        return AlignedMemory((0..<130).map { _ in Float.random(in: range, using: &generator) }, repeating: 0)
    }

    @Test("activate", arguments: Table.all, [SWL_LINEAR, SWL_RELU, SWL_GELU, SWL_GELU_TANH])
    func activation(table: Table, activation: swl_activation) throws {
        let kernels = try table.kernels
        let bias = vector(-2...2, seed: 22)
        for hasBias in [false, true] {
            check { rows, columns, stride, x in
                kernels.activate_rows(x, stride, rows, columns, hasBias ? UnsafePointer(bias.start) : nil, activation)
            } expected: { row, column in
                let x = Double(hasBias ? row[column] + bias[column] : row[column])
                switch activation {
                case SWL_RELU: return (max(x, 0), 0)
                case SWL_GELU, SWL_GELU_TANH: return (exactGELU(x, activation), 3e-7 * max(1, abs(x)))
                default: return (x, 0)
                }
            }
        }
    }

    /// The normal distribution's absolute error is below 3e-7 (1e-7 with a table of polynomials). GELU multiplies it by
    /// x and rounds.
    @Test("compute GELU over its whole range", arguments: Table.all, [SWL_GELU, SWL_GELU_TANH])
    func gelu(table: Table, activation: swl_activation) throws {
        let kernels = try table.kernels
        let inputs = AlignedMemory((-150_000..<150_000).map { Float($0) * 1e-4 + 3e-5 }, repeating: 0)
        let outputs = AlignedMemory(inputs.elements, repeating: 0)
        kernels.activate_rows(outputs.start, inputs.count, 1, inputs.count, nil, activation)
        var worst = 0.0
        for (x, y) in zip(inputs.elements.map(Double.init), outputs.elements.map(Double.init)) {
            let error = abs(y - exactGELU(x, activation)) / max(1, abs(x))
            worst = error.isNaN ? .infinity : max(worst, error)
        }
        #expect(worst < 3e-7, "\(worst)")
    }

    @Test("do not hide values that are not finite", arguments: Table.all, [1, 20])
    func notFinite(table: Table, columns: Int) throws {
        let kernels = try table.kernels
        let inputs: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, -0.0]
        func apply(_ activation: swl_activation, to value: Float) -> Float {
            let row = AlignedMemory<Float>(columns, repeating: value)
            kernels.activate_rows(row.start, columns, 1, columns, nil, activation)
            return row[columns - 1]
        }
        let relu = inputs.map { apply(SWL_RELU, to: $0) }
        #expect(relu[0].isNaN && relu[1] == .infinity && relu[2...] == [0, 1e30, 0, 0])
        for activation in [SWL_GELU, SWL_GELU_TANH] {
            let gelu = inputs.map { apply(activation, to: $0) }
            #expect(gelu[0].isNaN && gelu[1] == .infinity && gelu[2].isNaN && gelu[3...] == [1e30, 0, 0])
        }
    }

    @Test("scale and shift", arguments: Table.all)
    func scaleShift(table: Table) throws {
        let kernels = try table.kernels
        let scale = vector(-2...2, seed: 23)
        let shift = vector(-2...2, seed: 24)
        check { rows, columns, stride, x in
            kernels.scale_shift_rows(x, stride, rows, columns, scale.start, shift.start)
        } expected: { row, column in
            let product = Double(row[column]) * Double(scale[column])
            return (product + Double(shift[column]), (abs(product) + 4) * 0x1p-23)
        }
    }

    @Test("normalize", arguments: Table.all, [0, 1000] as [Float])
    func layerNorm(table: Table, mean: Float) throws {
        let kernels = try table.kernels
        let shift = vector(-2...2, seed: 25)
        let weight = vector(-2...2, seed: 26)
        let bias = vector(-2...2, seed: 27)
        let epsilon = 1e-3
        check(in: mean - 6...mean + 6) { rows, columns, stride, x in
            kernels.layer_norm_rows(x, stride, rows, columns, shift.start, weight.start, bias.start, epsilon)
        } expected: { row, column in
            let x = row.indices.map { Double(row[$0] + shift[$0]) }
            let mean = x.reduce(0, +) / Double(x.count)
            let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
            let scale = 1 / (variance + epsilon).squareRoot()
            let value = (x[column] - mean) * scale * Double(weight[column])
            // The mean of a thousand or so values is rounded to a float.
            let tolerance = (abs(value) + 4) * 0x1p-22 + abs(mean) * 0x1p-23 * scale * 2
            return (value + Double(bias[column]), tolerance)
        }
    }

    @Test("normalize a row that holds NaN to NaN, and only it", arguments: Table.all)
    func layerNormFault(table: Table) throws {
        let kernels = try table.kernels
        var generator = SeededGenerator(seed: 28)
        let vector = vector(1...2, seed: 29)
        for fault in [Float.nan, .infinity, -.infinity] {
            var rows = Rows(3, 37, in: -1...1, using: &generator)
            rows[1, 36] = fault
            kernels.layer_norm_rows(
                rows.memory.start,
                rows.stride,
                3,
                37,
                vector.start,
                vector.start,
                vector.start,
                1e-12
            )
            #expect((rows.row(0) + rows.row(2)).allSatisfy { $0.isFinite })
            #expect(rows.row(1).allSatisfy { $0.isNaN })
        }
    }

    @Test("add up, in double precision and in row order", arguments: Table.all)
    func sums(table: Table) throws {
        let kernels = try table.kernels
        var generator = SeededGenerator(seed: 30)
        for columns in Self.widths {
            let rows = Rows(Int.random(in: 0...70, using: &generator), columns, in: -1e6...1e6, using: &generator)
            let sums = AlignedMemory<Double>(columns + 16, repeating: -77)
            kernels.sum_rows(rows.memory.start, rows.stride, rows.count, columns, sums.start)
            let expected = (0..<columns).map { column in
                (0..<rows.count).reduce(0.0) { $0 + Double(rows[$1, column]) }
            }
            #expect(sums.elements == expected + Array(repeating: -77, count: 16))
        }
    }
}

/// The exact GELU or its tanh form, in double precision.
func exactGELU(_ x: Double, _ activation: swl_activation) -> Double {
    guard activation == SWL_GELU_TANH else { return x * erfc(-x / 2.0.squareRoot()) / 2 }
    return x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))) / 2
}

extension Rows {
    fileprivate init(copying other: Rows) {
        memory = AlignedMemory(other.memory.elements, repeating: 0)
        count = other.count
        columns = other.columns
        stride = other.stride
    }
}
