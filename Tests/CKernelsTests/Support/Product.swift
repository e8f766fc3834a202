import CKernels
import Foundation
import TestSupport

/// A product of a random shape over random numbers, with the operands of its epilogue, packed for one table.
final class Product {
    enum Format: CaseIterable, Sendable {
        case float32, bfloat16, int8

        /// Inputs are rounded up to a multiple of this many.
        var smallestGroup: Int {
            switch self {
            case .float32: 1
            case .bfloat16: 2
            case .int8: 4
            }
        }

        /// Inputs are packed in groups of this many.
        func group(_ kernels: swl_kernels) -> Int {
            switch self {
            case .float32: 1
            case .bfloat16: kernels.bf16_group
            case .int8: kernels.int8_group
            }
        }
    }

    struct Epilogue {
        var hasBias = false
        var activation = SWL_LINEAR
        var accumulates = false
        var scales = false
        var writesFloats = true
        var writesNarrow = false

        private static let activations = [SWL_LINEAR, SWL_RELU, SWL_GELU, SWL_GELU_TANH]

        static func random(using generator: inout SeededGenerator) -> Epilogue {
            let writesFloats = Int.random(in: 0..<4, using: &generator) > 0
            return Epilogue(
                hasBias: Bool.random(using: &generator),
                activation: activations.randomElement(using: &generator) ?? SWL_LINEAR,
                accumulates: writesFloats && Bool.random(using: &generator),
                scales: Bool.random(using: &generator),
                writesFloats: writesFloats,
                writesNarrow: !writesFloats || Bool.random(using: &generator)
            )
        }
    }

    let format: Format
    let rows: Int
    let outputs: Int
    let inner: Int
    let columns: Int
    let epilogue: Epilogue
    let stride: Int
    /// The factors of the product, after rounding to the format: the rows of A and the outputs of W, `inner` numbers
    /// each.
    private(set) var activations: [Double] = []
    private(set) var weights: [Double] = []
    private(set) var activationScales: AlignedMemory<Float>
    private(set) var weightScales: AlignedMemory<Float>
    let bias: AlignedMemory<Float>
    let scale: AlignedMemory<Float>
    let shift: AlignedMemory<Float>
    let residual: AlignedMemory<Float>
    let zeroPoint: Int
    private let weightSums: AlignedMemory<Int32>
    private var floats: AlignedMemory<Float>
    private var words: AlignedMemory<UInt16>
    private var bytes: AlignedMemory<UInt8>
    /// The words as floats, for kernels that widen weights, and the memory that these may use.
    private let widenedInputs: AlignedMemory<Float>
    private let widened: AlignedMemory<Float>
    private let inputs: Int
    private let packed: UnsafeMutableRawPointer

    /// The value that stays in C, and in its bfloat16 copy, where nothing is written.
    static let untouched: Float = -77
    static let untouchedNarrow: UInt16 = 0xABCD

    init(
        _ format: Format,
        rows: Int,
        inputs: Int,
        outputs: Int,
        epilogue: Epilogue,
        kernels: swl_kernels,
        using generator: inout SeededGenerator
    ) {
        self.format = format
        self.rows = rows
        self.outputs = outputs
        self.epilogue = epilogue
        self.inputs = inputs
        inner = inputs.roundedUp(to: format.smallestGroup)
        columns = outputs.roundedUp(to: Int(SWL_VECTOR))
        stride = columns + [0, 16, 5].randomElement(using: &generator).unsafelyUnwrapped
        zeroPoint = format == .int8 && Bool.random(using: &generator) ? 128 : 0
        func random(_ count: Int, _ range: ClosedRange<Float>) -> AlignedMemory<Float> {
            AlignedMemory((0..<count).map { _ in Float.random(in: range, using: &generator) }, repeating: 0)
        }
        let rowStride = inner + 4 * Int.random(in: 0...3, using: &generator)
        aStride = rowStride
        bias = random(columns, -2...2)
        scale = random(columns, 0.5...2)
        shift = random(columns, -2...2)
        residual = random(rows * stride, -3...3)
        floats = random(rows * rowStride, -1...1)
        words = AlignedMemory(floats.elements.map(nearestBFloat16), repeating: 0)
        bytes = AlignedMemory(
            (0..<rows * rowStride).map { _ in UInt8.random(in: 0...255, using: &generator) },
            repeating: 0
        )
        widenedInputs = AlignedMemory(rows * rowStride, repeating: 0)
        widened = AlignedMemory(swl_widened_floats(kernels.panel, inputs), repeating: .nan)
        activationScales = random(rows, 0.001...0.01)
        let matrix = random(outputs * inputs, -1...1)
        weightScales = AlignedMemory(columns, repeating: 0)
        weightSums = AlignedMemory(columns, repeating: 0)
        packed = .allocate(byteCount: columns * inner * 4, alignment: 64)
        for row in 0..<rows {
            for k in inputs..<inner {
                words[row * rowStride + k] = 0
                bytes[row * rowStride + k] = UInt8(zeroPoint)
            }
        }
        pack(matrix, inputs: inputs, kernels)
        setValues(kernels)
        // Nothing behind the inputs may be read.
        for place in 0..<rows * rowStride {
            let isInput = place % rowStride < inputs
            widenedInputs[place] = isInput ? float(bfloat16: words[place]) : .nan
        }
    }

    deinit { packed.deallocate() }

    private let aStride: Int

    private func pack(_ matrix: AlignedMemory<Float>, inputs: Int, _ kernels: swl_kernels) {
        let panel = kernels.panel
        let rows = UnsafePointer(matrix.start)
        switch format {
        case .float32:
            swl_pack_f32(rows, inputs, 0, outputs, outputs, inputs, panel, packed.assumingMemoryBound(to: Float.self))
        case .bfloat16:
            swl_pack_bf16(
                rows,
                inputs,
                0,
                outputs,
                outputs,
                inputs,
                panel,
                format.group(kernels),
                packed.assumingMemoryBound(to: UInt16.self)
            )
        case .int8:
            swl_pack_int8(
                rows,
                inputs,
                0,
                outputs,
                outputs,
                inputs,
                panel,
                format.group(kernels),
                packed.assumingMemoryBound(to: Int8.self),
                weightScales.start,
                weightSums.start
            )
        }
    }

    private func setValues(_ kernels: swl_kernels) {
        activations = (0..<rows * inner).map { index in
            let place = index / inner * aStride + index % inner
            switch format {
            case .float32: return Double(floats[place])
            case .bfloat16: return Double(float(bfloat16: words[place]))
            case .int8: return Double(Int(bytes[place]) - zeroPoint)
            }
        }
        weights = (0..<outputs * inner).map { index in
            // A weight's place, from the header's description of the layout.
            let output = index / inner
            let k = index % inner
            let first = output / kernels.panel * kernels.panel
            let width = min(kernels.panel, columns - first)
            let start = k / format.group(kernels) * format.group(kernels)
            let count = min(format.group(kernels), inner - start)
            let place = first * inner + start * width + (output - first) * count + k - start
            switch format {
            case .float32: return Double(packed.assumingMemoryBound(to: Float.self)[place])
            case .bfloat16: return Double(float(bfloat16: packed.assumingMemoryBound(to: UInt16.self)[place]))
            case .int8: return Double(packed.assumingMemoryBound(to: Int8.self)[place])
            }
        }
    }

    /// Sets all scales to 1, so that the result is the integer sum itself.
    func removeScales() {
        activationScales = AlignedMemory(rows, repeating: 1)
        weightScales = AlignedMemory(columns, repeating: 1)
    }

    /// Puts a float into A.
    func replaceActivation(row: Int, input: Int, by value: Float) {
        floats[row * aStride + input] = value
        words[row * aStride + input] = UInt16(value.bitPattern >> 16)
        widenedInputs[row * aStride + input] = value
        if format == .int8 { activationScales[row] = .nan }
    }

    /// Computes some rows and columns, all by default; `usesMemory` says whether weights may be widened into memory.
    func run(
        _ kernels: swl_kernels,
        rows range: Range<Int>? = nil,
        columns share: Range<Int>? = nil,
        usesMemory: Bool = true
    ) -> (floats: [Float], narrow: [UInt16]) {
        let range = range ?? 0..<rows
        let share = share ?? 0..<columns
        let c = AlignedMemory(
            epilogue.accumulates ? residual.elements : Array(repeating: Self.untouched, count: rows * stride),
            repeating: 0
        )
        let narrow = AlignedMemory(rows * stride, repeating: Self.untouchedNarrow)
        var product = swl_gemm()
        product.rows = range.count
        product.inner = inner
        product.columns = columns
        product.first_column = share.lowerBound
        product.end_column = share.upperBound
        product.a_stride = aStride
        product.a_scale = UnsafePointer(activationScales.start + range.lowerBound)
        product.a_zero_point = Int32(zeroPoint)
        product.weight = UnsafeRawPointer(packed)
        product.weight_scale = UnsafePointer(weightScales.start)
        product.weight_sum = UnsafePointer(weightSums.start)
        product.c = epilogue.writesFloats ? c.start + range.lowerBound * stride : nil
        product.c_stride = stride
        product.narrow = epilogue.writesNarrow ? narrow.start + range.lowerBound * stride : nil
        product.narrow_stride = stride
        product.bias = epilogue.hasBias ? UnsafePointer(bias.start) : nil
        product.scale = epilogue.scales ? UnsafePointer(scale.start) : nil
        product.shift = epilogue.scales ? UnsafePointer(shift.start) : nil
        product.activation = epilogue.activation
        product.accumulate = epilogue.accumulates
        switch format {
        case .float32:
            product.a = UnsafeRawPointer(floats.start + range.lowerBound * aStride)
            kernels.gemm_f32(&product)
        case .bfloat16:
            product.a = UnsafeRawPointer(words.start + range.lowerBound * aStride)
            if kernels.widens_bf16 {
                product.a = UnsafeRawPointer(widenedInputs.start + range.lowerBound * aStride)
                product.inner = inputs
                product.widened = usesMemory ? widened.start : nil
            }
            kernels.gemm_bf16(&product)
        case .int8:
            product.a = UnsafeRawPointer(bytes.start + range.lowerBound * aStride)
            kernels.gemm_int8(&product)
        }
        return (c.elements, narrow.elements)
    }
}

extension Product {
    /// A value in double precision, with the allowed error of a kernel.
    ///
    /// The error of a sum in single precision is a few roundings of the sum of magnitudes. Each step of the epilogue
    /// adds one rounding of its operands (2^-24 each), and GELU adds 2e-7 of its input.
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
