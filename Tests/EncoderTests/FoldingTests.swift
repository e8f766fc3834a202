import Testing

@testable import Encoder

@Suite("Folding")
struct FoldingTests {
    private let map = AffineMap(outputs: 2, inputs: 3, weight: [1, 2, 3, 4, 5, 6], bias: [10, 20])

    @Test("a layer that reads a stream applies the stream's carry")
    func reading() {
        var folded = map
        folded.readStream(AffineCarry(scale: [2, 1, -1], shift: [0.5, 0, 1]))
        #expect(folded.weight == [2, 2, -3, 8, 5, -6])
        #expect(folded.bias == [13.5, 28])
    }

    @Test("a layer that adds to a stream divides by its scale and leaves its bias to the carry")
    func adding() {
        var folded = map
        var carry = AffineCarry(scale: [2, 0.5], shift: [1, 1])
        folded.addToStream(&carry)
        #expect(folded.weight == [0.5, 1, 1.5, 8, 10, 12])
        #expect(folded.bias == [0, 0])
        #expect(carry == AffineCarry(scale: [2, 0.5], shift: [11, 21]))
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
        #expect(carry.isIdentity)
    }

    @Test("padding leaves room between groups of inputs and behind outputs")
    func padding() {
        var padded = AffineMap(outputs: 1, inputs: 4, weight: [1, 2, 3, 4], bias: [5])
        padded.padInputs(groups: 2, width: 3)
        #expect(padded.weight == [1, 2, 0, 3, 4, 0])
        padded.padOutputs()
        #expect(
            padded.outputs == 16 && padded.weight.count == 96 && padded.bias == [5] + Array(repeating: 0, count: 15)
        )
    }
}
