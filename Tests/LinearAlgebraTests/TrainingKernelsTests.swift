import Testing

@testable import LinearAlgebra

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Training's functions")
struct TrainingKernelsTests {
    /// The functions of each instruction set that this CPU has.
    private static let all = ["baseline", "avx2", "avx512"].compactMap { name in
        (try? TrainingKernels(name: name)).flatMap { $0 }
    }

    private static func buffer(_ values: [Float]) -> AlignedBuffer {
        var buffer = AlignedBuffer(minimumCount: values.count)
        buffer.withMutableSpan { span in
            for index in values.indices { span[index] = values[index] }
        }
        return buffer
    }

    private func values(_ region: MatrixRegion, _ buffer: borrowing AlignedBuffer) -> [Float] {
        buffer.withSpan { all in (region.offset..<region.end).map { all[$0] } }
    }

    @Test("the derivative of each activation is the slope of its values", arguments: Activation.allCases)
    func slopes(activation: Activation) throws {
        let step: Float = 0x1p-7
        // Where a slope jumps, there is none to compare with.
        let kinks: [Float] = [-10, -3, 0, 3, 6, 10]
        let places = stride(from: Float(-12), through: 12, by: 0.0371).filter { x in
            kinks.allSatisfy { abs(x - $0) > 2 * step }
        }
        let row = MatrixRegion(rows: 1, columns: places.count)
        let other = MatrixRegion(offset: row.capacity, rows: 1, columns: places.count, stride: row.stride)
        for kernels in try #require(Self.all.isEmpty ? nil : Self.all) {
            func activated(_ shift: Float) -> [Float] {
                let buffer = Self.buffer(places.map { $0 + shift })
                kernels.activate(row, into: row, by: activation, of: buffer)
                return values(row, buffer)
            }
            let (below, above) = (activated(-step), activated(step))
            let padding = [Float](repeating: 0, count: row.stride - places.count)
            let buffer = Self.buffer(places + padding + places.map { _ in 1 })
            kernels.activateBackward(row, other, by: activation, of: buffer)
            for (index, slope) in values(other, buffer).enumerated() {
                let expected = (above[index] - below[index]) / (2 * step)
                let size = max(1, abs(above[index]))
                #expect(abs(slope - expected) < 2e-4 * size, "\(kernels.name), \(activation) at \(places[index])")
            }
        }
    }

    @Test(
        "cross-entropy and its gradient are those of double precision, also with a smoothed target",
        arguments: [0, 0.1]
    )
    func crossEntropy(smoothing: Double) throws {
        let (count, labels) = (37, [Int32(5), 36])
        let logits = MatrixRegion(rows: labels.count, columns: count)
        let losses = MatrixRegion(offset: logits.capacity, rows: labels.count, columns: 1, stride: 1)
        let given = (0..<losses.offset + losses.rows).map { Float(($0 * 29) % 41) / 5 - 2 }
        for kernels in try #require(Self.all.isEmpty ? nil : Self.all) {
            let buffer = Self.buffer(given)
            kernels.crossEntropy(logits, labels: labels, first: 0, smoothing: smoothing, into: losses, of: buffer)
            let (found, rows) = (values(logits, buffer), values(losses, buffer))
            for (row, label) in labels.enumerated() {
                let start = row * logits.stride
                let own = (0..<count).map { Double(given[start + $0]) }
                let total = own.reduce(0) { $0 + exp($1) }
                let target = { (column: Int) in
                    (column == Int(label) ? 1 - smoothing : 0) + smoothing / Double(count)
                }
                let loss = log(total) - (0..<count).reduce(0) { $0 + target($1) * own[$1] }
                #expect(abs(Double(rows[row]) - loss) < 1e-5, "\(kernels.name)")
                for column in 0..<count {
                    let gradient = exp(own[column]) / total - target(column)
                    #expect(abs(Double(found[start + column]) - gradient) < 1e-6, "\(kernels.name), \(column)")
                }
            }
        }
    }

    @Test("softmax of scores of any size is that of double precision, and adds up to 1")
    func largeScores() {
        let rows: [[Float]] = [
            [1e4, 9999, -1e4, 9998.5], [3e38, -3e38, 3e38, 0], [-1e30, -1e30, -1e30, -1e30], [0, 88, 89, -100],
            [1e-30, 0, -1e-30, 1e-38],
        ]
        for kernels in Self.all {
            for scores in rows {
                for scale: Float in [1, 0.125] {
                    let buffer = Self.buffer(scores)
                    let region = MatrixRegion(rows: 1, columns: scores.count)
                    kernels.softmax(region, scale: scale, isCausal: false, of: buffer)
                    let top = Double(scores.max() ?? 0)
                    let powers = scores.map { exp((Double($0) - top) * Double(scale)) }
                    let sum = powers.reduce(0, +)
                    for (found, power) in zip(values(region, buffer), powers) {
                        #expect(abs(Double(found) - power / sum) < 1e-6, "\(kernels.name): \(scores) gave \(found)")
                    }
                }
            }
        }
    }

    @Test("dropout drops the fraction that it should, keeps the mean, and is independent from place, site and step")
    func dropout() throws {
        let (rows, columns) = (512, 1000)
        let count = Double(rows * columns)
        let region = MatrixRegion(rows: rows, columns: columns, stride: columns)
        let ones = [Float](repeating: 1, count: rows * columns)
        func dropped(_ kernels: TrainingKernels, _ probability: Double, key: UInt64) -> [Float] {
            let buffer = Self.buffer(ones)
            let mask = DropoutMask(probability: probability, key: key)
            kernels.drop(region, into: region, width: columns, by: mask, of: buffer)
            return values(region, buffer)
        }
        let kernels = try TrainingKernels()
        for probability in [0.1, 0.5] {
            // Neighbours in site or step differ in one bit of a key in the worst case.
            let masks = [0, 1, 1 << 32, 0x9E37_79B9_7F4A_7C15].map { dropped(kernels, probability, key: $0) }
            let kept = Float(1 / (1 - probability))
            for mask in masks {
                #expect(mask.allSatisfy { $0 == 0 || $0 == kept })
                let fraction = Double(mask.count { $0 == 0 }) / count
                let deviation = (probability * (1 - probability) / count).squareRoot()
                #expect(abs(fraction - probability) < 4 * deviation, "\(fraction)")
                // The mean stays 1, and the variance is p / (1 - p).
                let mean = mask.reduce(0.0) { $0 + Double($1) } / count
                let variance = mask.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
                #expect(abs(mean - 1) < 4 * deviation * Double(kept))
                #expect(abs(variance - probability / (1 - probability)) < 0.01)
            }
            func correlation(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
                let drops = zip(a, b).reduce(0.0) { $0 + ($1.0 == 0 && $1.1 == 0 ? 1 : 0) } / Double(a.count)
                return (drops - probability * probability) / (probability * (1 - probability))
            }
            let limit = 4.5 / count.squareRoot()
            for (first, second) in [(0, 1), (0, 2), (1, 2), (0, 3)] {
                #expect(abs(correlation(masks[first][...], masks[second][...])) < limit, "keys \(first), \(second)")
            }
            for distance in [1, 2, 16, columns] {
                let (a, b) = (masks[1].dropLast(distance), masks[1].dropFirst(distance))
                #expect(abs(correlation(a, b)) < limit, "\(distance) places apart")
            }
        }
        for other in Self.all { #expect(dropped(other, 0.3, key: 7) == dropped(kernels, 0.3, key: 7), "\(other.name)") }
    }
}
