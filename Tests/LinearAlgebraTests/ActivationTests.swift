import Foundation
import LinearAlgebra
import Testing

@Suite("Activations against their formulas in double precision")
struct ActivationTests {
    /// Each formula as transformers has it (`activations.py`, or the class of `torch.nn` that it names).
    private static func formula(_ activation: Activation) -> (Double) -> Double {
        func normal(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
        func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        return switch activation {
        case .gelu: { $0 * normal($0) }
        case .clippedGelu: { min(max($0 * normal($0), -10), 10) }
        case .geluTanh: { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * pow($0, 3)))) }
        case .quickGelu: { $0 * sigmoid(1.702 * $0) }
        case .hardswish: { $0 * min(max($0 + 3, 0), 6) / 6 }
        case .laplace: { 0.5 * (1 + erf(($0 - 0.707107) / (0.282095 * 2.0.squareRoot()))) }
        case .leakyRelu: { $0 < 0 ? 0.01 * $0 : $0 }
        case .linear: { $0 }
        case .mish: { $0 * tanh(log1p(exp($0))) }
        case .relu: { max($0, 0) }
        case .squaredRelu: { pow(max($0, 0), 2) }
        case .relu6: { min(max($0, 0), 6) }
        case .sigmoid: sigmoid
        case .silu: { $0 * sigmoid($0) }
        case .sqrtSoftplus: { log1p(exp($0)).squareRoot() }
        case .tanh: { tanh($0) }
        }
    }

    /// Applies `activation` to `values` as one row.
    private func apply(_ activation: Activation, _ values: [Float], bias: [Float]? = nil) -> [Float] {
        let region = MatrixRegion(rows: 1, columns: values.count)
        var buffer = AlignedBuffer(minimumCount: region.capacity)
        buffer.withMutableSpan { span in
            for (index, value) in values.enumerated() { span[index] = value }
        }
        activation.apply(to: region, of: buffer, addingBias: bias.map { PaddedVector($0) })
        return buffer.withSpan { span in values.indices.map { span[$0] } }
    }

    @Test("values err by at most 3e-7 of themselves or of 1, whichever is larger", arguments: Activation.allCases)
    func values(_ activation: Activation) {
        let points = stride(from: Float(-30), to: 30, by: 0.0173).map { $0 } + [0, -0.5, 0.625, 3, 6, 10, 100, -100]
        let formula = Self.formula(activation)
        for (x, value) in zip(points, apply(activation, points)) {
            let exact = formula(Double(x))
            #expect(abs(Double(value) - exact) <= 3e-7 * max(1, abs(exact)), "\(activation.rawValue)(\(x))")
        }
    }

    @Test("NaN stays NaN", arguments: Activation.allCases)
    func notANumber(_ activation: Activation) {
        #expect(apply(activation, [.nan])[0].isNaN)
    }

    @Test("the bias is added before the activation")
    func bias() {
        #expect(apply(.relu, [1, -1, 2], bias: [-3, 2, 0.5]) == [0, 1, 2.5])
    }

    @Test("every name of transformers' table without parameters of its own is known, others are not")
    func names() {
        let names = [
            "gelu", "gelu_10", "gelu_fast", "gelu_new", "gelu_python", "gelu_pytorch_tanh", "gelu_python_tanh",
            "gelu_accurate", "hardswish", "laplace", "leaky_relu", "linear", "mish", "quick_gelu", "relu", "relu2",
            "relu6", "sigmoid", "silu", "sqrtsoftplus", "swish", "tanh",
        ]
        #expect(Activation.knownNames == names.sorted())
        for name in names { #expect(Activation(name: name) != nil, "\(name)") }
        for name in ["", "ReLU", "prelu", "softmax"] { #expect(Activation(name: name) == nil, "\(name)") }
    }
}
