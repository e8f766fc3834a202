internal import LinearAlgebra

/// The format in which each of a model's products is packed.
struct WeightFormats: Sendable {
    /// A product's place in the model.
    enum Role: Sendable {
        case embeddingTransformation
        case bottleneck
        case projection
        case attentionOutput
        case intermediate
        case feedForwardOutput
        case outputBottleneck
        case pooler
        case headTransform
        case decoder
    }

    let dataType: DataType
    let arithmetic: Arithmetic
    /// Whether int8 products have an ``InputBalance``. Tests switch it off to compare.
    var balancesInputs: Bool
    /// Whether int8 products' inputs are rotated (`swl_rotation`): in models with LayerNorm. In some tokens, trained
    /// ones have units that are ten or twenty times as large as all others, and the weights do not show which.
    let rotatesInputs: Bool

    init(dataType: DataType, arithmetic: Arithmetic, normalization: EncoderConfiguration.NormalizationType) {
        self.dataType = dataType
        self.arithmetic = arithmetic
        balancesInputs = dataType == .int8
        rotatesInputs = dataType == .int8 && normalization == .layerNorm
    }

    /// The format of a product's weights. The pooler and the heads are in float32: they run once for a text or a few of
    /// its positions, and their results are the answer.
    func format(of role: Role) -> DataType {
        switch (dataType, role) {
        case (_, .pooler), (_, .headTransform), (.float32, _): .float32
        case (.int8, .embeddingTransformation), (.int8, .decoder): .bfloat16
        default: dataType
        }
    }

    /// All formats that products of this model have.
    var usedFormats: [DataType] {
        switch dataType {
        case .float32: [.float32]
        case .bfloat16: [.bfloat16, .float32]
        case .int8: [.int8, .bfloat16, .float32]
        }
    }
}
