/// What is still to be applied to a stored stream of hidden values before it is the model's: x = scale * s + shift,
/// unit by unit.
///
/// `NoNorm` is affine and every sum in an encoder without LayerNorm is a residual one, so neither norms nor biases
/// need arithmetic at run time: the stored stream only ever gets products added to it, and what the norms and biases do
/// to it is gathered here at load, in double precision, and folded into the weights of whoever reads the stream. It
/// also keeps the stored values small where norms make the model's own grow (to 1e7 in a trained MobileBERT).
struct AffineCarry: Sendable, Equatable {
    /// Factor of each unit; never zero, see ``healthyScales``.
    var scale: [Double]
    /// What each unit is moved by.
    var shift: [Double]
    /// The mean square that each unit of the stored stream is expected to have, see ``InputBalance``; nil unless
    /// somebody needs it.
    var squares: [Double]?

    /// Scales that can be divided by without bringing float32 weights near their limits: 2^-40 to 2^40. A norm that
    /// would lead outside is applied at run time instead, see ``Norm/folded(into:)``.
    static let healthyScales = 0x1p-40...0x1p40

    /// x = s.
    static func identity(width: Int) -> AffineCarry {
        AffineCarry(scale: Array(repeating: 1, count: width), shift: Array(repeating: 0, count: width))
    }

    /// x = s + shift.
    static func shift(_ shift: [Double], squares: [Double]? = nil) -> AffineCarry {
        AffineCarry(scale: Array(repeating: 1, count: shift.count), shift: shift, squares: squares)
    }

    /// The number of units.
    var width: Int { scale.count }
}
