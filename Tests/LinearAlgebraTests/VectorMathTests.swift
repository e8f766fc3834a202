import Foundation
import Testing

@testable import LinearAlgebra

@Suite("Vector functions against Foundation's doubles")
struct VectorMathTests {
    /// Runs `function` over `count` points from `low` to `high` and gives each point with its value.
    private func sample(
        _ low: Float,
        _ high: Float,
        count: Int = 20_000,
        _ function: (FloatVector) -> FloatVector
    ) -> [(x: Double, value: Double)] {
        stride(from: 0, to: count, by: 16).flatMap { start in
            var x = FloatVector.zero
            for lane in 0..<16 { x[lane] = low + (high - low) * Float(start + lane) / Float(count) }
            let values = function(x)
            return (0..<16).map { (Double(x[$0]), Double(values[$0])) }
        }
    }

    @Test("exp errs by less than 2e-7 of its value")
    func exponential() {
        for (x, value) in sample(-86.9, 87.9, VectorMath.exp) {
            #expect(abs(value / exp(x) - 1) < 2e-7, "exp(\(x))")
        }
    }

    @Test("exp is 0 far below and finite far above, and keeps NaN")
    func exponentialLimits() {
        #expect(VectorMath.exp(FloatVector(repeating: -1000))[3] == 0)
        #expect(VectorMath.exp(FloatVector(repeating: -.infinity))[0] == 0)
        #expect(VectorMath.exp(FloatVector(repeating: .infinity))[0].isFinite)
        #expect(VectorMath.exp(FloatVector(repeating: .nan))[0].isNaN)
        #expect(VectorMath.exp(FloatVector(repeating: 0))[0] == 1)
    }

    @Test("tanh errs by less than 4e-7 of its value")
    func hyperbolicTangent() {
        for (x, value) in sample(-12, 12, VectorMath.tanh) where x != 0 {
            #expect(abs(value / tanh(x) - 1) < 4e-7, "tanh(\(x))")
        }
        #expect(VectorMath.tanh(FloatVector(repeating: 1e30))[0] == 1)
        #expect(VectorMath.tanh(FloatVector(repeating: -1e30))[0] == -1)
        #expect(VectorMath.tanh(FloatVector(repeating: .nan))[0].isNaN)
    }

    @Test("sigmoid errs by less than 1.2e-7")
    func sigmoid() {
        for (x, value) in sample(-100, 100, VectorMath.sigmoid) {
            #expect(abs(value - 1 / (1 + exp(-x))) < 1.2e-7, "sigmoid(\(x))")
        }
    }

    @Test("the normal tail errs by less than 2e-7, and relatively by the exponent's rounding")
    func normalTail() {
        for (x, value) in sample(-12, 12, VectorMath.normalTail) {
            let exact = 0.5 * erfc(abs(x) / 2.0.squareRoot())
            #expect(abs(value - exact) < 2e-7, "tail(\(x))")
            #expect(abs(value / exact - 1) < 4e-7 + x * x * 1.2e-7, "tail(\(x))")
        }
    }
}
