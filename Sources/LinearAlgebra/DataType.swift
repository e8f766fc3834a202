/// The arithmetic of a model's matrix products; sums and residual streams are float32 in each.
package enum DataType: String, Sendable, CaseIterable {
    /// Products and weights in float32.
    case float32
    /// Weights and products' inputs in bfloat16: half the memory, twice the arithmetic where the CPU has it.
    case bfloat16
    /// Weights in int8 with a scale for each output, inputs in 8 bits with a scale for each token, chosen as it comes.
    case int8
}
