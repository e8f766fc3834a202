import Testing

@testable import Encoder

@Suite("Folding")
struct FoldingTests {
    private let map = map([[1, 2, 3], [4, 5, 6]], bias: [10, 20])

    private static func map(_ weight: [[Float]], bias: [Float]) -> AffineMap {
        let (outputs, inputs) = (weight.count, weight[0].count)
        let tensors = MemoryTensors(tensors: ["w": (Array(weight.joined()), [outputs, inputs])])
        return AffineMap(StoredMatrix("w", of: tensors, outputs: outputs, inputs: inputs), bias: bias)
    }

    /// W and b as they are packed.
    private func folded(_ map: AffineMap) throws -> (weight: [Float], bias: [Double]) {
        var rows = FoldedRows(map)
        var values: [Float] = []
        var weight = [Float](repeating: .nan, count: map.outputs * map.inputs)
        var span = weight.mutableSpan
        for output in 0..<map.outputs { try rows.fold(output, &span, from: output * map.inputs, &values) }
        return (weight, rows.bias)
    }

    @Test("a layer that reads a stream applies the stream's carry")
    func reading() throws {
        var map = map
        map.readStream(AffineCarry(scale: [2, 1, -1], shift: [0.5, 0, 1]))
        #expect(try folded(map) == ([2, 2, -3, 8, 5, -6], [13.5, 28]))
        var values: [Float] = []
        try map.resolveBias(&values)
        #expect(map.bias == [13.5, 28])
        #expect(try folded(map) == ([2, 2, -3, 8, 5, -6], [13.5, 28]))
    }

    @Test("carries are read one after the other, outputs scaled at any time")
    func readingTwice() throws {
        var map = map
        map.readStream(AffineCarry(scale: [2, 1, -1], shift: [0.5, 0, 1]))
        map.scaleOutputs(by: 2)
        map.readStream(AffineCarry(scale: [1, 3, 1], shift: [0, 1, 2]))
        #expect(try folded(map) == ([4, 12, -6, 16, 30, -12], [27 + 4 - 12, 56 + 10 - 24]))
    }

    @Test("a layer that adds to a stream divides by its scale and leaves its bias to the carry")
    func adding() throws {
        var map = map
        var carry = AffineCarry(scale: [2, 0.5], shift: [1, 1])
        var values: [Float] = []
        map.readStream(.shift([1, 0, 0]))
        try map.addToStream(&carry, &values)
        #expect(try folded(map) == ([0.5, 1, 1.5, 8, 10, 12], [0, 0]))
        #expect(carry == AffineCarry(scale: [2, 0.5], shift: [12, 25]))
    }

    @Test("layers one below the other keep their own folding, and may leave their biases")
    func appending() throws {
        var upper = map
        upper.readStream(AffineCarry(scale: [1, 1, 2], shift: [1, 0, 0]))
        var lower = Self.map([[1, 1, 1]], bias: [7])
        lower.readStream(.shift([1, 2, 3]))
        upper.append(lower.withoutBias)
        #expect(try folded(upper) == ([1, 2, 6, 4, 5, 12, 1, 1, 1], [11, 24, 0]))
    }

    @Test("long rows are summed whole, however many values they have", arguments: [7, 8, 9, 64, 100])
    func longRows(_ inputs: Int) throws {
        var map = Self.map([(1...inputs).map(Float.init)], bias: [0])
        map.readStream(.shift(Array(repeating: 2, count: inputs)))
        #expect(try folded(map).bias == [Double(inputs * (inputs + 1))])
    }

    @Test("a NoNorm goes into the carry as long as its scales stay healthy")
    func healthyNorm() {
        var carry = AffineCarry(scale: [2, 1], shift: [1, 3])
        let step = Norm.noNorm(weight: [0.5, -4], bias: [1, 2]).folded(into: &carry)
        guard case .folded = step else { return #expect(Bool(false), "\(step)") }
        #expect(carry == AffineCarry(scale: [1, -4], shift: [1.5, -10]))
    }

    @Test(
        "a NoNorm that would leave a scale that can't be divided by is applied at run time",
        arguments: [
            Float(0), 1e-30, 1e30, .nan,
        ]
    )
    func unhealthyNorm(_ weight: Float) {
        var carry = AffineCarry(scale: [2, 1], shift: [1, 3])
        let step = Norm.noNorm(weight: [1, weight], bias: [0, 0]).folded(into: &carry)
        guard case .affine = step else { return #expect(Bool(false), "\(step)") }
        #expect(carry == .identity(width: 2))
    }

    @Test("padding leaves zeros between groups of inputs and behind outputs")
    func padding() throws {
        var padded = Self.map([[1, 2, 3, 4]], bias: [5])
        padded.padInputs(groups: 2, width: 3)
        #expect(try folded(padded).weight == [1, 2, 0, 3, 4, 0])
        padded.padOutputs()
        let (weight, bias) = try folded(padded)
        #expect(weight == [1, 2, 0, 3, 4, 0] + Array(repeating: 0, count: 90))
        #expect(padded.outputs == 16 && bias == [5] + Array(repeating: 0, count: 15))
    }
}
