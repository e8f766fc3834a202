/// The activations that a configuration may name, each with the formula of transformers' `ACT2FN`.
///
/// `prelu` and `xielu` are left out because they carry parameters of their own.
package enum Activation: String, Sendable, CaseIterable {
    /// x (1 + erf(x / sqrt 2)) / 2.
    case gelu
    /// ``gelu`` limited to -10...10.
    case clippedGelu = "gelu_10"
    /// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2; transformers has it under five names.
    case geluTanh = "gelu_new"
    /// x sigmoid(1.702 x).
    case quickGelu = "quick_gelu"
    /// x relu6(x + 3) / 6.
    case hardswish
    /// (1 + erf((x - 0.707107) / (0.282095 sqrt 2))) / 2.
    case laplace
    /// x; 0.01 x if x is negative.
    case leakyRelu = "leaky_relu"
    /// x.
    case linear
    /// x tanh(ln(1 + e^x)).
    case mish
    /// max(x, 0).
    case relu
    /// max(x, 0)^2.
    case squaredRelu = "relu2"
    /// min(max(x, 0), 6).
    case relu6
    /// 1 / (1 + e^-x).
    case sigmoid
    /// x / (1 + e^-x).
    case silu
    /// sqrt(ln(1 + e^x)).
    case sqrtSoftplus = "sqrtsoftplus"
    /// tanh x.
    case tanh

    /// Other names that transformers has for the same formula.
    private static let aliases: [String: Activation] = [
        "gelu_python": .gelu, "gelu_fast": .geluTanh, "gelu_pytorch_tanh": .geluTanh, "gelu_python_tanh": .geluTanh,
        "gelu_accurate": .geluTanh, "swish": .silu,
    ]

    /// Every name that ``init(name:)`` accepts, sorted.
    package static var knownNames: [String] { (allCases.map(\.rawValue) + aliases.keys).sorted() }

    /// The activation that a configuration calls `name`; nil if there is none.
    package init?(name: String) {
        guard let activation = Self(rawValue: name) ?? Self.aliases[name] else { return nil }
        self = activation
    }

    /// x <- activation(x + bias), in place, row by row.
    ///
    /// - Precondition: the region's rows begin on vector boundaries; the bias has one value for each column.
    package func apply(
        to region: MatrixRegion,
        of buffer: borrowing AlignedBuffer,
        addingBias bias: PaddedVector? = nil
    ) {
        switch self {
        case .linear: if bias != nil { Self.map(buffer, region, bias) { $0 } }
        case .relu: Self.map(buffer, region, bias) { Self.relu($0) }
        case .gelu: Self.map(buffer, region, bias) { $0 * VectorMath.normalDistribution($0) }
        case .clippedGelu:
            Self.map(buffer, region, bias) { Self.limit($0 * VectorMath.normalDistribution($0), -10, 10) }
        case .geluTanh:
            Self.map(buffer, region, bias) { x in
                // (1 + tanh y) / 2 is sigmoid 2y, with 2 sqrt(2 / pi) = 1.5957691.
                x * VectorMath.sigmoid((x * x * x * 0.044_715 + x) * 1.595_769_1)
            }
        case .quickGelu: Self.map(buffer, region, bias) { $0 * VectorMath.sigmoid($0 * 1.702) }
        case .hardswish: Self.map(buffer, region, bias) { $0 * Self.limit($0 + 3, 0, 6) / 6 }
        case .laplace:
            Self.map(buffer, region, bias) { VectorMath.normalDistribution(($0 - 0.707_107) / 0.282_095) }
        case .leakyRelu: Self.map(buffer, region, bias) { $0.replacing(with: $0 * 0.01, where: $0 .< 0) }
        case .mish:
            Self.map(buffer, region, bias) { x in
                // tanh(ln(1 + e)) = e (e + 2) / (e (e + 2) + 2); beyond 20 it is 1 in a float, and e^2 would overflow.
                let e = VectorMath.exp(x.replacing(with: 20, where: x .> 20))
                let product = e * (e + 2)
                return x * (product / (product + 2))
            }
        case .squaredRelu:
            Self.map(buffer, region, bias) { x in
                let positive = Self.relu(x)
                return positive * positive
            }
        case .relu6: Self.map(buffer, region, bias) { Self.limit($0, 0, 6) }
        case .sigmoid: Self.map(buffer, region, bias) { VectorMath.sigmoid($0) }
        case .silu: Self.map(buffer, region, bias) { $0 * VectorMath.sigmoid($0) }
        case .sqrtSoftplus: Self.map(buffer, region, bias) { VectorMath.softplus($0).squareRoot() }
        case .tanh: Self.map(buffer, region, bias) { VectorMath.tanh($0) }
        }
    }

    /// max(x, 0), but NaN stays NaN, so that a non-finite number can't hide.
    @inline(__always)
    private static func relu(_ x: FloatVector) -> FloatVector {
        x.replacing(with: 0, where: x .< 0)
    }

    /// x limited to `low...high`; NaN stays NaN.
    @inline(__always)
    private static func limit(_ x: FloatVector, _ low: Float, _ high: Float) -> FloatVector {
        let raised = x.replacing(with: low, where: x .< low)
        return raised.replacing(with: high, where: raised .> high)
    }

    @inline(__always)
    private static func map(
        _ buffer: borrowing AlignedBuffer,
        _ region: MatrixRegion,
        _ bias: PaddedVector?,
        _ function: (FloatVector) -> FloatVector
    ) {
        precondition(region.isVectorAligned, "\(region) does not begin on vector boundaries")
        precondition(bias.map { $0.count == region.columns } ?? true, "a bias needs \(region.columns) values")
        let rows = 0..<region.rows
        let vectorsPerRow = AlignedBuffer.roundedUp(region.columns) / AlignedBuffer.vectorWidth
        buffer.withMutableVectors { vectors in
            guard let bias else {
                for row in rows {
                    for index in region.vectors(ofRow: row) { vectors[index] = function(vectors[index]) }
                }
                return
            }
            bias.withVectors { biasVectors in
                for row in rows {
                    let first = region.vectors(ofRow: row).lowerBound
                    for column in 0..<vectorsPerRow {
                        vectors[first + column] = function(vectors[first + column] + biasVectors[column])
                    }
                }
            }
        }
    }
}
