import CKernels
import Foundation
import TestSupport
import Testing

@Suite("Attention")
struct AttentionTests {
    @Test("agrees with double precision, at any length and head size", arguments: AttentionVariant.all)
    func accuracy(variant: AttentionVariant) throws {
        var generator = SeededGenerator(seed: 11)
        let headSizes = [1, 3, 7, 15, 16, 17, 24, 31, 32, 33, 48, 64, 65, 80, 130]
        for length in Array(1...70) + [96, 127, 128, 129, 200] {
            let headSize = headSizes.randomElement(using: &generator) ?? 32
            let sharpness: Float = [0.01, 1, 10, 1000].randomElement(using: &generator) ?? 1
            let attention = AttentionCase(
                length: length,
                headSize: headSize,
                heads: Int.random(in: 1...3, using: &generator),
                sharpness: sharpness,
                using: &generator
            )
            try expectAccurate(attention, variant, "\(length) tokens, heads of \(headSize), \(sharpness)")
        }
    }

    private func expectAccurate(_ attention: AttentionCase, _ variant: AttentionVariant, _ comment: Comment) throws {
        let operands = try variant.operands
        if operands == .bfloat16 { attention.narrow() }
        let context = try attention.run(variant)
        var worst = 0.0
        for query in stride(from: 0, to: attention.length, by: attention.length / 64 + 1) {
            for head in 0..<attention.heads {
                let (expected, tolerance) = attention.expected(query: query, head: head, operands: operands)
                let first = query * attention.contextStride + head * attention.headSize
                for (value, right) in zip(context[first...], expected) {
                    let error = abs(Double(value) - right) / tolerance
                    worst = error.isNaN ? .infinity : max(worst, error)
                }
            }
        }
        #expect(worst <= 1, comment)
    }

    @Test("of a text's 512 tokens agrees with double precision", arguments: AttentionVariant.all)
    func longest(variant: AttentionVariant) throws {
        var generator = SeededGenerator(seed: 12)
        let attention = AttentionCase(length: 512, headSize: 32, heads: 1, using: &generator)
        try expectAccurate(attention, variant, "512 tokens")
    }

    @Test(
        "gives a query the same bits whatever is computed beside it, and writes nothing else",
        arguments: AttentionVariant.all
    )
    func shares(variant: AttentionVariant) throws {
        var generator = SeededGenerator(seed: 13)
        for length in [1, 2, 11, 12, 13, 16, 25, 40, 64, 65, 100, 150] {
            let headSize = [5, 16, 32, 40, 64].randomElement(using: &generator) ?? 32
            let attention = AttentionCase(length: length, headSize: headSize, heads: 3, using: &generator)
            let whole = try attention.run(variant)
            for _ in 0..<12 {
                let start = Int.random(in: 0...length, using: &generator)
                let queries = start..<Int.random(in: start...min(length, start + 20), using: &generator)
                let heads = [0..<1, 1..<3, 2..<3, 0..<3, 1..<1].randomElement(using: &generator) ?? 0..<3
                let part = try attention.run(variant, heads: heads, queries: queries)
                var expected = [Float](repeating: AttentionCase.untouched, count: part.count)
                for query in queries where !heads.isEmpty {
                    let first = query * attention.contextStride
                    let columns = first + heads.lowerBound * headSize..<first + heads.upperBound * headSize
                    expected.replaceSubrange(columns, with: whole[columns])
                }
                #expect(part.bits == expected.bits, "\(length) tokens, heads of \(headSize): \(heads), \(queries)")
            }
        }
    }

    @Test("shows a NaN, wherever it stands", arguments: AttentionVariant.all, [8, 40, 100])
    func notANumber(variant: AttentionVariant, length: Int) throws {
        var generator = SeededGenerator(seed: 14)
        for place in [0, 1, length / 2, length - 2, length - 1] {
            let query = AttentionCase(length: length, headSize: 20, heads: 2, using: &generator)
            query.queries[place * query.queryStride + 25] = .nan
            try expectFaults(in: query.run(variant), of: query) { row, column in row == place && column >= 20 }
            let key = AttentionCase(length: length, headSize: 20, heads: 2, using: &generator)
            key.keys[place * key.keyStride + 3] = .nan
            try expectFaults(in: key.run(variant), of: key) { _, column in column < 20 }
            let value = AttentionCase(length: length, headSize: 20, heads: 2, using: &generator)
            value.values[place * value.valueStride + 39] = .nan
            try expectFaults(in: value.run(variant), of: value) { _, column in column == 39 }
        }
    }

    @Test(
        "makes NaN of an infinite score and passes an infinite value on",
        arguments: AttentionVariant.all,
        [8, 40, 100]
    )
    func infinity(variant: AttentionVariant, length: Int) throws {
        var generator = SeededGenerator(seed: 15)
        for place in [0, length / 2, length - 1] {
            let key = AttentionCase(length: length, headSize: 20, heads: 2, using: &generator)
            key.keys[place * key.keyStride + 3] = .infinity
            let rows = Set((0..<length).filter { key.queries[$0 * key.queryStride + 3] > 0 })
            // A key of integers has one factor, so its infinity may reach every query.
            let reachesAll = try variant.operands == .int16
            try expectFaults(in: key.run(variant), of: key) { row, column in
                column < 20 && !rows.contains(row) && reachesAll ? nil : column < 20 && rows.contains(row)
            }
            let value = AttentionCase(length: length, headSize: 20, heads: 2, using: &generator)
            value.values[place * value.valueStride + 39] = -.infinity
            try expectFaults(in: value.run(variant), of: value) { _, column in column == 39 }
        }
    }

    /// Expects values that are not finite exactly where `isFault` is true; nil stands for either.
    private func expectFaults(in context: [Float], of attention: AttentionCase, _ isFault: (Int, Int) -> Bool?) {
        for row in 0..<attention.length {
            for column in 0..<attention.heads * attention.headSize {
                guard let isFault = isFault(row, column) else { continue }
                let value = context[row * attention.contextStride + column]
                #expect(value.isFinite != isFault, "row \(row), column \(column) is \(value)")
            }
        }
    }

    @Test("rounds its operands to bfloat16, if to anything", arguments: AttentionVariant.all, [3, 20, 70])
    func rounding(variant: AttentionVariant, length: Int) throws {
        var generator = SeededGenerator(seed: 17)
        for headSize in [1, 2, 15, 32, 33, 64, 70] {
            let attention = AttentionCase(length: length, headSize: headSize, heads: 2, using: &generator)
            let context = try attention.run(variant)
            attention.narrow()
            let isSame = try attention.run(variant).bits == context.bits
            #expect(try isSame == (variant.operands == .bfloat16), "heads of \(headSize)")
        }
    }

    /// Two tokens with scores 0 and x have weights in the proportion 1 to e^x. The exponential's relative error is
    /// below 4e-7 + 2^-23 |x|, because x log2 e is rounded. This holds down to the values where floats become
    /// subnormal; below -104 the result is 0.
    @Test("weighs by the exponential over its whole range", arguments: Table.all, [0, 1])
    func exponential(table: Table, place: Int) throws {
        let variant = AttentionVariant(table: table, format: .float32)
        var generator = SeededGenerator(seed: 16)
        let attention = AttentionCase(length: 2, headSize: 1, heads: 1, using: &generator)
        attention.queries[0] = 1
        attention.queries[attention.queryStride] = 1
        attention.keys[(1 - place) * attention.keyStride] = 0
        attention.values[place * attention.valueStride] = 1
        attention.values[(1 - place) * attention.valueStride] = 0
        for step in 0..<10_000 {
            let x = -Float(step) / 80 - Float.random(in: 0..<0.0125, using: &generator)
            attention.keys[place * attention.keyStride] = x
            let weight = Double(try attention.run(variant)[0])
            if x < -104 {
                #expect(weight == 0)
            } else if x < -87 {
                #expect(weight >= 0 && weight < 2e-38)
            } else {
                let right = exp(Double(x)) / (1 + exp(Double(x)))
                #expect(abs(weight / right - 1) < 4e-7 - Double(x) * 0x1p-23, "e^\(x)")
            }
        }
    }
}

extension [Float] {
    /// Bit patterns, in which even NaN equals itself.
    var bits: [UInt32] { map(\.bitPattern) }
}
