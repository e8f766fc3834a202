/// x * scale + shift, unit by unit: transformers' `NoNorm` where it could not be folded away.
package struct ScaleShift: Sendable {
    let scale: PaddedVector
    let shift: PaddedVector

    /// - Precondition: there are as many scales as shifts.
    package init(scale: [Float], shift: [Float]) {
        precondition(scale.count == shift.count)
        self.scale = PaddedVector(scale)
        self.shift = PaddedVector(shift)
    }
}
