import CKernels
import TestSupport
import Testing

@Suite("A product")
struct GemmTests {
    private static func random(
        _ format: Product.Format,
        _ kernels: swl_kernels,
        using generator: inout SeededGenerator
    ) -> Product {
        let epilogue = Product.Epilogue.random(using: &generator)
        return Product(
            format,
            rows: Int.random(in: 1...(format == .bfloat16 ? 90 : 20), using: &generator),
            inputs: Int.random(in: 1...140, using: &generator),
            outputs: Int.random(in: 1...170, using: &generator),
            epilogue: epilogue,
            kernels: kernels,
            using: &generator
        )
    }

    @Test("agrees with double precision", arguments: Table.all, Product.Format.allCases)
    func reference(table: Table, format: Product.Format) throws {
        let kernels = try table.kernels
        var generator = SeededGenerator(seed: 41)
        for _ in 0..<60 {
            let product = Self.random(format, kernels, using: &generator)
            let result = product.run(kernels)
            var worst = 0.0
            for row in 0..<product.rows {
                for output in 0..<product.outputs {
                    let (value, tolerance) = product.expected(row: row, output: output)
                    let place = row * product.stride + output
                    if product.epilogue.writesFloats {
                        worst = max(worst, abs(Double(result.floats[place]) - value) / tolerance)
                    }
                    if product.epilogue.writesNarrow {
                        let narrow = Double(float(bfloat16: result.narrow[place]))
                        worst = max(worst, abs(narrow - value) / (tolerance + abs(value) * 0x1p-8))
                    }
                }
            }
            #expect(worst <= 1, "\(product.shape)")
        }
    }

    @Test("of bytes is exact in its integer part", arguments: Table.all)
    func integers(table: Table) throws {
        let kernels = try table.kernels
        var generator = SeededGenerator(seed: 42)
        for inputs in [1, 4, 63, 128, 512] {
            let product = Product(
                .int8,
                rows: 13,
                inputs: inputs,
                outputs: 70,
                epilogue: .init(),
                kernels: kernels,
                using: &generator
            )
            product.removeScales()
            let result = product.run(kernels).floats
            for row in 0..<product.rows {
                for output in 0..<product.outputs {
                    #expect(
                        Double(result[row * product.stride + output])
                            == product.expected(row: row, output: output).value
                    )
                }
            }
        }
    }

    @Test(
        "gives a row the same bits whatever the other rows and the slice are",
        arguments: Table.all,
        Product.Format.allCases
    )
    func invariance(table: Table, format: Product.Format) throws {
        let kernels = try table.kernels
        var generator = SeededGenerator(seed: 43)
        for _ in 0..<40 {
            let product = Self.random(format, kernels, using: &generator)
            let whole = product.run(kernels)
            let panels = (product.columns + kernels.panel - 1) / kernels.panel
            for _ in 0..<6 {
                let firstRow = Int.random(in: 0..<product.rows, using: &generator)
                let endRow = Int.random(in: firstRow + 1...product.rows, using: &generator)
                let firstPanel = Int.random(in: 0..<panels, using: &generator)
                let endPanel = Int.random(in: firstPanel + 1...panels, using: &generator)
                let share = firstPanel * kernels.panel..<min(endPanel * kernels.panel, product.columns)
                let usesMemory = Bool.random(using: &generator)
                let part = product.run(
                    kernels,
                    rows: firstRow..<endRow,
                    columns: share,
                    usesMemory: usesMemory
                )
                for row in firstRow..<endRow {
                    let places = row * product.stride + share.lowerBound..<row * product.stride + share.upperBound
                    #expect(part.floats[places].map(\.bitPattern) == whole.floats[places].map(\.bitPattern))
                    #expect(part.narrow[places] == whole.narrow[places])
                }
            }
        }
    }

    @Test("writes nothing beside its rows and columns", arguments: Table.all, Product.Format.allCases)
    func bounds(table: Table, format: Product.Format) throws {
        let kernels = try table.kernels
        var generator = SeededGenerator(seed: 44)
        for _ in 0..<20 {
            let product = Product(
                format,
                rows: 9,
                inputs: 20,
                outputs: 150,
                epilogue: .init(writesNarrow: true),
                kernels: kernels,
                using: &generator
            )
            let first = kernels.panel
            let part = product.run(kernels, rows: 2..<7, columns: first..<product.columns)
            for row in 0..<product.rows {
                for column in 0..<product.stride {
                    let isWritten = (2..<7).contains(row) && (first..<product.columns).contains(column)
                    let place = row * product.stride + column
                    #expect((part.floats[place] != Product.untouched) == isWritten)
                    #expect((part.narrow[place] != Product.untouchedNarrow) == isWritten)
                }
            }
        }
    }

    @Test(
        "passes on what is not finite, in its row alone",
        arguments: Table.all,
        Product.Format.allCases
    )
    func notFinite(table: Table, format: Product.Format) throws {
        let kernels = try table.kernels
        var generator = SeededGenerator(seed: 45)
        for activation in [SWL_LINEAR, SWL_RELU, SWL_GELU, SWL_GELU_TANH] {
            for value in [Float.nan, -.nan, .infinity] {
                let epilogue = Product.Epilogue(
                    hasBias: true,
                    activation: activation,
                    accumulates: true,
                    scales: true,
                    writesNarrow: true
                )
                let product = Product(
                    format,
                    rows: 8,
                    inputs: 36,
                    outputs: 96,
                    epilogue: epilogue,
                    kernels: kernels,
                    using: &generator
                )
                product.replaceActivation(row: 3, input: 17, by: value)
                let result = product.run(kernels)
                for row in 0..<product.rows {
                    for output in 0..<product.outputs {
                        let place = row * product.stride + output
                        let narrow = float(bfloat16: result.narrow[place])
                        if value.isNaN, row == 3 {
                            #expect(result.floats[place].isNaN && narrow.isNaN)
                        } else if row != 3 {
                            #expect(result.floats[place].isFinite && narrow.isFinite)
                        }
                    }
                }
                #expect(value.isNaN || result.floats[3 * product.stride..<4 * product.stride].contains { !$0.isFinite })
            }
        }
    }
}

extension Product {
    fileprivate var shape: String { "\(rows) rows, \(inner) inputs, \(outputs) outputs, \(epilogue)" }
}
