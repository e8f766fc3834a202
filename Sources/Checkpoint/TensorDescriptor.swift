/// What a checkpoint says about one tensor, without its values.
package struct TensorDescriptor: Sendable, Hashable {
    /// The key, with whatever prefix the model's class gave it.
    package let name: String
    /// The type as stored; reading converts.
    package let scalarType: ScalarType
    /// Dimensions, outermost first; empty for a scalar.
    package let shape: [Int]
}
