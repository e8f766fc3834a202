internal import LinearAlgebra

/// A normalization as the checkpoint has it.
enum Norm {
    /// transformers' `NoNorm`: x * weight + bias.
    case noNorm(weight: [Float], bias: [Float])
    /// PyTorch's `nn.LayerNorm`.
    case layerNorm(weight: [Float], bias: [Float], epsilon: Double)

    /// Folds as much of the norm as possible into the carry of its stream.
    ///
    /// - Returns: the rest, which is applied at run time.
    func folded(into carry: inout AffineCarry) -> NormStep {
        switch self {
        case .noNorm(let weight, let bias):
            let combined = AffineCarry(
                scale: zip(weight, carry.scale).map { Double($0) * $1 },
                shift: zip(zip(weight, carry.shift), bias).map { Double($0.0) * $0.1 + Double($1) },
                squares: carry.squares
            )
            // Written so that NaN is not healthy.
            if combined.scale.allSatisfy({ AffineCarry.healthyScales.contains(abs($0)) }) {
                carry = combined
                return .folded
            }
            carry = .identity(width: combined.width)
            carry.squares = combined.squares.map { squares in
                let scaled = zip(squares, combined.scale).map { $0 * $1 * $1 }
                return zip(scaled, combined.shift).map { $0 + $1 * $1 }
            }
            return .affine(ScaleShift(scale: combined.scale.map(Float.init), shift: combined.shift.map(Float.init)))
        case .layerNorm(let weight, let bias, let epsilon):
            // With LayerNorm everywhere, no stream is ever scaled.
            precondition(carry.scale.allSatisfy { $0 == 1 }, "LayerNorm after a folded NoNorm")
            let shift = carry.shift.map(Float.init)
            let squares = carry.squares.map { _ in zip(weight, bias).map { Double($0 * $0 + $1 * $1) } }
            carry = .identity(width: carry.width)
            carry.squares = squares
            return .layerNorm(LayerNorm(shift: shift, weight: weight, bias: bias, epsilon: epsilon))
        }
    }
}

/// The rest of a normalization that is applied at run time.
enum NormStep: Sendable {
    /// Nothing: the stream's carry contains the normalization.
    case folded
    /// x <- x * scale + shift.
    case affine(ScaleShift)
    /// x <- LayerNorm(x + shift).
    case layerNorm(LayerNorm)

    /// The step if a product's epilogue can do it.
    var scaleShift: ScaleShift? {
        if case .affine(let scaleShift) = self { scaleShift } else { nil }
    }

    /// Whether it needs whole rows.
    var isRowWise: Bool {
        if case .layerNorm = self { true } else { false }
    }

    /// Applies the step in place; a scale and shift only if `scaleShiftToo`, because no epilogue has applied it.
    func apply(
        to region: MatrixRegion,
        of arena: borrowing AlignedBuffer,
        on arithmetic: Arithmetic,
        scaleShiftToo: Bool
    ) {
        switch self {
        case .folded: break
        case .affine(let scaleShift): if scaleShiftToo { arithmetic.apply(scaleShift, to: region, of: arena) }
        case .layerNorm(let norm): arithmetic.apply(norm, to: region, of: arena)
        }
    }
}
