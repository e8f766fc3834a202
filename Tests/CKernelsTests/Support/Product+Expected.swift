import CKernels
import Foundation

extension Product {
    /// A value in double precision, and how far a kernel's may be from it.
    ///
    /// Sums in single precision err by some roundings of the sum of magnitudes, each step of the epilogue by one of its
    /// own operands' (2^-24 each); GELU by 2e-7 of its input.
    func expected(row: Int, output: Int) -> (value: Double, tolerance: Double) {
        var sum = 0.0
        var magnitude = 0.0
        for k in 0..<inner {
            let term = activations[row * inner + k] * weights[output * inner + k]
            sum += term
            magnitude += abs(term)
        }
        if format == .int8 {
            // The integers are exact.
            let factor = Double(activationScales[row]) * Double(weightScales[output])
            sum *= factor
            magnitude = abs(sum)
        }
        var value = sum
        if epilogue.hasBias {
            value += Double(bias[output])
            magnitude += abs(Double(bias[output]))
        }
        if epilogue.activation == SWL_RELU { value = max(value, 0) }
        if [SWL_GELU, SWL_GELU_TANH].contains(epilogue.activation) { value = exactGELU(value, epilogue.activation) }
        if epilogue.accumulates {
            value += Double(residual[row * stride + output])
            magnitude += abs(Double(residual[row * stride + output]))
        }
        if epilogue.scales {
            value = value * Double(scale[output]) + Double(shift[output])
            magnitude = magnitude * Double(scale[output]) + abs(Double(shift[output]))
        }
        return (value, magnitude * 0x1p-22)
    }
}
