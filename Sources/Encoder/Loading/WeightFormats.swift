internal import LinearAlgebra

/// In which format each of a model's products is packed.
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
    /// Whether int8 products have an ``InputBalance``; tests compare with those that have none.
    var balancesInputs: Bool
    /// Whether int8 products' inputs are rotated (`swl_rotation`): for models with LayerNorm. Trained ones have units,
    /// in some tokens, that are ten or twenty times as large as all others, which no weight tells beforehand.
    let rotatesInputs: Bool

    init(dataType: DataType, arithmetic: Arithmetic, normalization: EncoderConfiguration.NormalizationType) {
        self.dataType = dataType
        self.arithmetic = arithmetic
        balancesInputs = dataType == .int8
        rotatesInputs = dataType == .int8 && normalization == .layerNorm
    }

    /// The format of a product's weights. The pooler is run once for a whole text, and what it gives is the answer; a
    /// head's logits are the answer too.
    func format(of role: Role) -> DataType {
        switch (dataType, role) {
        case (_, .pooler), (_, .headTransform), (.float32, _): .float32
        case (.int8, .embeddingTransformation), (.int8, .decoder): .bfloat16
        default: dataType
        }
    }

    /// Every format that some product has.
    var usedFormats: [DataType] {
        switch dataType {
        case .float32: [.float32]
        case .bfloat16: [.bfloat16, .float32]
        case .int8: [.int8, .bfloat16, .float32]
        }
    }
}
