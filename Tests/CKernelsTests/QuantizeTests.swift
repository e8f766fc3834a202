import CKernels
import TestSupport
import Testing

@Suite("Narrower formats")
struct QuantizeTests {
    private struct Quantized: Equatable {
        var bytes: [UInt8]
        var scales: [UInt32]
    }

    private static func quantize(
        _ kernels: swl_kernels,
        _ source: [Float],
        stride: Int,
        columns: Int,
        zeroPoint: Int32,
        balance: [Float]? = nil,
        rotation: Int = 0,
        targetStride: Int
    ) -> Quantized {
        let rows = source.count / stride
        var bytes = [UInt8](repeating: 99, count: rows * targetStride)
        var scales = [Float](repeating: 99, count: rows)
        let quantize = kernels.quantize_rows
        if let balance {
            quantize?(source, stride, rows, columns, zeroPoint, balance, rotation, &bytes, targetStride, &scales)
        } else {
            quantize?(source, stride, rows, columns, zeroPoint, nil, rotation, &bytes, targetStride, &scales)
        }
        return Quantized(bytes: bytes, scales: scales.map(\.bitPattern))
    }

    /// Numbers of any finite magnitude, some of them halves of a step.
    private static func random(
        _ count: Int,
        from lowest: Float,
        using generator: inout SeededGenerator
    ) -> [Float] {
        let top = Float(sign: .plus, exponent: Int.random(in: -98...126, using: &generator), significand: 1)
        return (0..<count).map { _ in
            let value = Float.random(in: lowest...1, using: &generator)
            return (Bool.random(using: &generator) ? value : (value * 254).rounded() / 254) * top
        }
    }

    @Test("equal the scalar kernels' results for every row, byte for byte", arguments: Table.all)
    func likeScalar(table: Table) throws {
        let kernels = try table.kernels
        let scalar = try Table(name: "scalar").kernels
        var generator = SeededGenerator(seed: 51)
        for columns in Array(1...70) + [100, 128, 191, 384, 512] {
            for zeroPoint in [0, 128] as [Int32] {
                let rows = Int.random(in: 2...9, using: &generator)
                let stride = columns + Int.random(in: 0...9, using: &generator)
                let targetStride = columns.roundedUp(to: 4) + 4 * Int.random(in: 0...20, using: &generator)
                var source = Self.random(rows * stride, from: zeroPoint == 0 ? 0 : -1, using: &generator)
                // The second row is much smaller, to show that rows of one matrix are quantized separately.
                for column in 0..<columns { source[stride + column] *= 0.01 }
                for column in columns..<stride { source[stride + column] = .nan }
                let balance = Bool.random(using: &generator) ? (0..<columns).map { Float($0 % 7 + 1) / 4 } : nil
                // Rotated values have both signs.
                let rotation = zeroPoint == 128 && Bool.random(using: &generator) ? swl_rotation(columns) : 0
                func quantized(_ kernels: swl_kernels) -> Quantized {
                    Self.quantize(
                        kernels,
                        source,
                        stride: stride,
                        columns: columns,
                        zeroPoint: zeroPoint,
                        balance: balance,
                        rotation: rotation,
                        targetStride: targetStride
                    )
                }
                #expect(quantized(kernels) == quantized(scalar), "\(columns) columns")
            }
        }
    }

    @Test("err by half a step at most, and fill up with zeros", arguments: Table.all)
    func error(table: Table) throws {
        let kernels = try table.kernels
        var generator = SeededGenerator(seed: 52)
        for zeroPoint in [0, 128] as [Int32] {
            for _ in 0..<50 {
                let columns = Int.random(in: 1...300, using: &generator)
                let source = Self.random(columns, from: zeroPoint == 0 ? 0 : -1, using: &generator)
                let stride = columns + 13
                let result = Self.quantize(
                    kernels,
                    source,
                    stride: columns,
                    columns: columns,
                    zeroPoint: zeroPoint,
                    targetStride: stride
                )
                let scale = Float(bitPattern: result.scales[0])
                let largest = source.map(abs).max() ?? 0
                #expect(scale == largest / (zeroPoint == 0 ? 255 : 127))
                for (value, byte) in zip(source, result.bytes) {
                    let error = abs(Double(Int32(byte) - zeroPoint) * Double(scale) - Double(value))
                    #expect(error <= Double(scale) * 0.50002)
                }
                #expect(result.bytes[columns...].allSatisfy { $0 == zeroPoint })
            }
        }
    }

    @Test("weigh the columns first", arguments: Table.all)
    func balance(table: Table) throws {
        let kernels = try table.kernels
        let source: [Float] = [1000, 1, -0.5, 0.25]
        let result = Self.quantize(
            kernels,
            source,
            stride: 4,
            columns: 4,
            zeroPoint: 128,
            balance: [0.001, 1, 2, 4],
            targetStride: 4
        )
        #expect(result.bytes == [255, 255, 1, 255])
    }

    @Test("rotate blocks by Hadamard matrices, weights by their inverse", arguments: Table.all)
    func rotation(table: Table) throws {
        let kernels = try table.kernels
        var generator = SeededGenerator(seed: 54)
        for (columns, block) in [(16, 16), (96, 32), (192, 64), (384, 128), (256, 128)] {
            #expect(swl_rotation(columns) == block)
            let source = (0..<columns).map { _ in Float.random(in: -1...1, using: &generator) }
            let balance = (0..<columns).map { Float($0 % 5 + 1) / 2 }
            let result = Self.quantize(
                kernels,
                source,
                stride: columns,
                columns: columns,
                zeroPoint: 128,
                balance: balance,
                rotation: block,
                targetStride: columns
            )
            let scale = Double(Float(bitPattern: result.scales[0]))
            var inverse = zip(source, balance).map(*)
            swl_rotate_weights(&inverse, columns, 1, columns, block)
            for column in 0..<columns {
                let first = column / block * block
                // Sylvester's matrix: minus one where the indices have an odd number of ones in common.
                let sum = (first..<first + block).reduce(0.0) { sum, other in
                    let isNegative = !((column - first) & (other - first)).nonzeroBitCount.isMultiple(of: 2)
                    return sum + Double(source[other] * balance[other]) * (isNegative ? -1 : 1)
                }
                #expect(abs(Double(Int(result.bytes[column]) - 128) * scale - sum) <= scale * 0.501)
                #expect(abs(Double(inverse[column]) * Double(block) - sum) <= 1e-4)
            }
        }
    }

    @Test("rotate rows of whole blocks that fit on the stack")
    func rotatable() {
        for columns in [0, 1, 8, 24, 312, Int(SWL_MOST_ROTATED) + 16] {
            #expect(swl_rotation(columns) == 0, "\(columns) columns")
        }
        #expect(swl_rotation(Int(SWL_MOST_ROTATED)) == 128)
    }

    @Test("mark rows that have no scale", arguments: Table.all)
    func special(table: Table) throws {
        let kernels = try table.kernels
        for zeroPoint in [0, 128] as [Int32] {
            for columns in [1, 16, 67, 128] {
                for place in [0, columns - 1] {
                    for value in [Float.nan, -.nan, .infinity, -.infinity, 0, -0.0, 0x1p-126, 0x1p-149] {
                        var source = [Float](repeating: 0, count: columns)
                        source[place] = value
                        let result = Self.quantize(
                            kernels,
                            source,
                            stride: columns,
                            columns: columns,
                            zeroPoint: zeroPoint,
                            rotation: zeroPoint == 128 ? swl_rotation(columns) : 0,
                            targetStride: columns
                        )
                        let scale = Float(bitPattern: result.scales[0])
                        #expect(value.isFinite ? scale == 0 : scale.isNaN)
                        #expect(result.bytes.allSatisfy { $0 == zeroPoint })
                    }
                }
            }
        }
    }

    @Test("round to the nearest bfloat16", arguments: Table.all)
    func narrow(table: Table) throws {
        let kernels = try table.kernels
        var generator = SeededGenerator(seed: 53)
        for columns in Array(1...40) + [128, 512] {
            let source = (0..<columns).map { _ -> Float in
                let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))
                // Every other number is halfway between two steps.
                return Bool.random(using: &generator)
                    ? value : Float(bitPattern: value.bitPattern & 0xFFFF_0000 | 0x8000)
            }
            var target = [UInt16](repeating: 99, count: columns + 7)
            kernels.narrow_rows(source, columns, 1, columns, &target, columns + 7)
            for (value, narrow) in zip(source, target) {
                if value.isNaN {
                    #expect(float(bfloat16: narrow).isNaN)
                } else if value.isSubnormal {
                    // Subnormal numbers may count as 0.
                    #expect(abs(float(bfloat16: narrow)) <= Float.leastNormalMagnitude)
                } else {
                    #expect(narrow == nearestBFloat16(value))
                }
            }
            #expect(target[columns...].allSatisfy { $0 == 0 })
        }
    }
}
