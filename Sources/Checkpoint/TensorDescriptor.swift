/// What a checkpoint says about one tensor, without its values.
package struct TensorDescriptor: Sendable, Hashable {
    package let name: String
    package let scalarType: ScalarType
    /// Dimensions, outermost first; empty for a scalar.
    package let shape: [Int]
}
