import Foundation
import LinearAlgebra
import TestSupport
import Testing

@Suite("Dense layers on every backend of this machine")
struct LinearLayerTests {
    struct Case: CustomStringConvertible {
        let backend: Backend
        let dataType: DataType
        var rotatesInputs = false

        var description: String { "\(backend.rawValue) \(dataType.rawValue)\(rotatesInputs ? " rotated" : "")" }

        /// The allowed error, as a fraction of the sum of the products' magnitudes: one rounding of each factor, and
        /// the roundings of the sum.
        var tolerance: Double {
            switch dataType {
            case .float32: 1e-6
            case .bfloat16: 0.008
            // With rotation, every rounding affects all values of the block.
            case .int8: rotatesInputs ? 0.03 : 0.016
            }
        }

        static let all: [Case] = Arithmetic.available.flatMap { backend in
            DataType.allCases.filter { backend != .openblas || $0 == .float32 }
                .flatMap { type in
                    (type == .int8 ? [false, true] : [false]).map {
                        Case(backend: backend, dataType: type, rotatesInputs: $0)
                    }
                }
        }
    }

    private func read(_ region: MatrixRegion, _ buffer: borrowing AlignedBuffer) -> [Float] {
        buffer.withSpan { span in
            (0..<region.rows * region.columns).map {
                span[region.offset + $0 / region.columns * region.stride + $0 % region.columns]
            }
        }
    }

    @Test("with rotation, an input that is far larger than the others causes a third of the error")
    func outlier() throws {
        var generator = SeededGenerator(seed: 2)
        let (inputs, outputs) = (384, 64)
        let arithmetic = try Arithmetic(.auto, for: .int8)
        let weights = (0..<outputs * inputs).map { _ in Float.random(in: -1...1, using: &generator) }
        var x = (0..<inputs).map { _ in Float.random(in: -1...1, using: &generator) }
        x[99] = 60
        let errors = [false, true].map { rotates in
            let weight = PackedWeight(
                outputs: outputs,
                inputs: inputs,
                format: .int8,
                arithmetic: arithmetic,
                rotatesInputs: rotates,
                rowMajor: weights
            )
            let layer = LinearLayer(weight: weight)
            let source = MatrixRegion(rows: 1, columns: inputs)
            let room = OperandScratch(offset: source.capacity, rows: 1, width: inputs)
            let target = MatrixRegion(offset: room.capacity, rows: 1, columns: outputs, stride: outputs)
            var buffer = AlignedBuffer(minimumCount: target.capacity)
            buffer.withMutableSpan { span in for index in x.indices { span[index] = x[index] } }
            let operand = layer.prepare(source, in: room, of: buffer)
            layer.multiply(source, operand, into: target, columns: 0..<outputs, of: buffer)
            return read(target, buffer).enumerated().reduce(0.0) { sum, entry in
                let exact = (0..<inputs).reduce(0.0) {
                    $0 + Double(x[$1]) * Double(weights[entry.offset * inputs + $1])
                }
                return sum + (Double(entry.element) - exact) * (Double(entry.element) - exact)
            }
        }
        #expect(errors[1] * 9 < errors[0], "\(errors)")
    }

    @Test("W x + b with an activation, within the format's rounding", arguments: Case.all)
    func product(_ test: Case) throws {
        var generator = SeededGenerator(seed: 1)
        let arithmetic = try Arithmetic(test.backend, for: test.dataType)
        let shapes = [(1, 1, 1), (3, 5, 7), (16, 32, 48), (19, 33, 17), (70, 130, 64), (7, 64, 200), (5, 384, 32)]
        for (rows, inputs, outputs) in shapes {
            func random(_ count: Int) -> [Float] { (0..<count).map { _ in .random(in: -1...1, using: &generator) } }
            let (weights, bias, x) = (random(outputs * inputs), random(outputs), random(rows * inputs))
            let weight = PackedWeight(
                outputs: outputs,
                inputs: inputs,
                format: test.dataType,
                arithmetic: arithmetic,
                rotatesInputs: test.rotatesInputs,
                rowMajor: weights
            )
            for activation in [Activation.linear, .relu, .tanh] {
                let layer = LinearLayer(weight: weight, bias: bias, activation: activation)
                let source = MatrixRegion(rows: rows, columns: inputs)
                var room = OperandScratch(offset: source.capacity, rows: rows, width: inputs)
                let widened = arithmetic.widenedFloats(inputs: inputs)
                room.widened = MatrixRegion(offset: room.capacity, rows: 1, columns: widened, stride: widened)
                let target = MatrixRegion(
                    offset: room.capacity + AlignedBuffer.roundedUp(widened),
                    rows: rows,
                    columns: outputs,
                    stride: AlignedBuffer.roundedUp(outputs)
                )
                var buffer = AlignedBuffer(minimumCount: target.capacity)
                buffer.withMutableSpan { span in
                    for index in x.indices { span[index / inputs * source.stride + index % inputs] = x[index] }
                }
                let operand = layer.prepare(source, in: room, of: buffer)
                layer.multiply(source, operand, into: target, columns: 0..<outputs, of: buffer)
                if layer.appliesActivationAfterwards { layer.activate(target, of: buffer) }
                for (index, value) in read(target, buffer).enumerated() {
                    let (row, output) = (index / outputs, index % outputs)
                    var exact = Double(bias[output])
                    var magnitude = abs(exact)
                    for input in 0..<inputs {
                        let term = Double(x[row * inputs + input]) * Double(weights[output * inputs + input])
                        exact += term
                        magnitude += abs(term)
                    }
                    let expected = activation == .relu ? max(exact, 0) : activation == .tanh ? tanh(exact) : exact
                    #expect(abs(Double(value) - expected) <= test.tolerance * magnitude)
                }
            }
        }
    }
}
